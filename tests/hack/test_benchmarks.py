"""All benchmarks are run by one command, which fails if one of them does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hack.benchmarks import __main__ as benchmarks
from hack.benchmarks import report

FOLDER = Path(benchmarks.__file__).parent
NO_BENCHMARK = {"__main__", "delaying_proxy"}


def test_every_benchmark_is_in_the_list() -> None:
    programs = {path.stem for path in FOLDER.glob("*.py") if '__name__ == "__main__"' in path.read_text()}

    assert {benchmark.name for benchmark in benchmarks.BENCHMARKS} == programs - NO_BENCHMARK


@pytest.mark.parametrize(
    ("failing", "quick", "failed"), [((), True, 0), (("startup", "cp"), True, 2), (("startup",), False, 1)]
)
def test_all_are_run_and_those_that_fail_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: tuple[str, ...], quick: bool, failed: int
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command[2:])
        return subprocess.CompletedProcess(command, int(command[2].rpartition(".")[2] in failing))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(report, "environment", lambda **_: None)
    monkeypatch.setenv(report.JSON_LINES, "")

    assert benchmarks.main([], quick=quick, json_lines=tmp_path / "results") == failed

    arguments = [list(benchmark.quick) if quick else [] for benchmark in benchmarks.BENCHMARKS]
    names = [f"hack.benchmarks.{benchmark.name}" for benchmark in benchmarks.BENCHMARKS]
    assert ran == [[name, *words] for name, words in zip(names, arguments, strict=True)]


def test_a_result_is_a_row_with_the_median_of_ratios_and_a_line_of_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    monkeypatch.setenv(report.JSON_LINES, str(results))

    report.head("what")
    report.add("prompt", [1.0, 9.0, 3.0], [2.0, 3.0, 4.0], goal=0.9)

    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "ratio", "goal", "ours", "kubectl"]
    assert row.split() == ["prompt", "0.75", "0.90", "3.000", "s", "3.000", "s"]
    (line,) = results.read_text().splitlines()
    assert json.loads(line) == {
        "name": "prompt", "unit": "s", "ratio": 0.75, "goal": 0.9, "ours": [1.0, 9.0, 3.0], "kubectl": [2.0, 3.0, 4.0],
    }  # fmt: skip
