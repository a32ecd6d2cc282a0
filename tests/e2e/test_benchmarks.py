"""Every benchmark works; how fast anything is, is not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hack.benchmarks.__main__ import BENCHMARKS

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [benchmark.name for benchmark in BENCHMARKS])
@pytest.mark.usefixtures("cluster")
def test_a_quick_run_ends_well_and_leaves_its_results(name: str, tmp_path: Path) -> None:
    results = tmp_path / "results"
    command = [sys.executable, "-m", "hack.benchmarks", "--quick", "--json", str(results), name]

    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    first, *others = (json.loads(line) for line in results.read_text().splitlines())
    assert first["environment"]["quick"] is True
    assert all(result["ours"] for result in others)
