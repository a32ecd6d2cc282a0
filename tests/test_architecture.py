"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
MODULES = sorted((TOP / "kubectl_dshell").rglob("*.py"))


def test_imports_go_down_only_and_libraries_stay_in_their_rooms() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(TOP)))
def test_no_module_and_no_function_is_too_long(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions}

    assert len(source.splitlines()) <= 250
    assert {name: length for name, length in lengths.items() if length > 40} == {}


def test_most_modules_are_short() -> None:
    assert statistics.median(len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES) <= 90
