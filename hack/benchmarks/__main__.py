"""`python -m hack.benchmarks [--quick] [--json FILE] [NAME...]`: all benchmarks, or those named, one after the other.

--quick: the least runs of everything small, to see whether they work; the numbers mean nothing then. Fails when one of
them fails, whatever was measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from hack.benchmarks import report

_TOP = Path(__file__).resolve().parents[2]


class Benchmark(NamedTuple):
    """A module of this package, and the arguments for a quick run; a whole one has defaults."""

    name: str
    quick: tuple[str, ...]


BENCHMARKS = (
    Benchmark("sessions", ("1", "40")),
    Benchmark("round_trips", ("1",)),
    Benchmark("startup", ("1",)),
    Benchmark("throughput", ("8", "1", "20")),
    Benchmark("cp", ("8", "1", "16")),
    Benchmark("listing", ("100", "1")),
    Benchmark("many", ("4", "1")),
    Benchmark("shards", ("200", "1")),
)


def main(names: list[str], *, quick: bool, json_lines: Path) -> int:
    """The number of benchmarks that failed."""
    os.environ[report.JSON_LINES] = str(json_lines.resolve())
    json_lines.unlink(missing_ok=True)
    report.environment(quick=quick)
    failed = []
    for benchmark in BENCHMARKS:
        if names and benchmark.name not in names:
            continue
        began = monotonic()
        command = [sys.executable, "-m", f"{__package__}.{benchmark.name}", *(benchmark.quick if quick else ())]
        code = subprocess.run(command, cwd=_TOP, check=False).returncode
        print(f"-- {benchmark.name}: {monotonic() - began:.0f} s, exit code {code}\n", flush=True)
        failed += [benchmark.name] if code else []
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m hack.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in BENCHMARKS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.jsonl"), metavar="FILE")
    given = parser.parse_args()
    if unknown := set(given.names) - {one.name for one in BENCHMARKS}:
        parser.error(f"no benchmark: {', '.join(sorted(unknown))}")
    sys.exit(main(given.names, quick=given.quick, json_lines=given.json))
