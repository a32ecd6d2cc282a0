"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "kubectl_dshell"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_MODULES = 300, 40, 12

TESTS = TOP / "tests"
NO_MIRROR = {"e2e", "fuzz", "hack", "promises"}
"""Folders of tests that are no package's: of the whole program, or of the developers' tools."""


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

    assert len(source.splitlines()) <= MOST_LINES
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_package_has_too_many_modules() -> None:
    sizes = Counter(str(module.parent.relative_to(TOP)) for module in MODULES if module.name != "__init__.py")

    assert {name: size for name, size in sizes.items() if size > MOST_MODULES} == {}


def test_unit_tests_are_found_by_the_name_of_their_module() -> None:
    """tests/PACKAGE/test_MODULE.py, or test_MODULE_ASPECT.py; of a script too."""
    lost = []
    for test in TESTS.rglob("test_*.py"):
        package = test.parent.relative_to(TESTS)
        if test.parent == TESTS or package.parts[0] in NO_MIRROR:
            continue
        names = {path.stem for suffix in ("py", "sh") for path in (PACKAGE / package).glob(f"*.{suffix}")}
        words = test.stem.removeprefix("test_").split("_")
        if not names & {"_".join(words[:end]) for end in range(1, len(words) + 1)}:
            lost.append(str(test.relative_to(TOP)))

    assert lost == []
