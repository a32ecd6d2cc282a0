"""Fuzz what parses other people's bytes: python -m tests.fuzz [--seconds N] [TARGET...]

Each target (tests/fuzz/test_TARGET.py) is run again and again with new seeds, for N seconds each (60), on all
processors. Exit code 1 if one of them found something; what it found is printed with the example to keep as a test.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_HERE = Path(__file__).parent


def main() -> int:
    """Run the targets that were named, or all; the exit code."""
    there = sorted(path.stem.removeprefix("test_") for path in _HERE.glob("test_*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz what parses other people's bytes.")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target (60)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(there)}; else all")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(there):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda target: _fuzz(target, asked.seconds), asked.targets or there))
    return int(any(found))


def _fuzz(target: str, seconds: float) -> bool:
    """Whether something was found within `seconds`."""
    deadline, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        seed = secrets.randbelow(2**32)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--timeout=0",
        ]
        command += ["--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", str(_HERE / f"test_{target}.py")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rounds += 1
        if done.returncode:
            print(f"{target}: found something in round {rounds}, seed {seed}\n{done.stdout}{done.stderr}", flush=True)
            return True
    print(f"{target}: clean, {rounds} rounds in {seconds:.0f} s", flush=True)
    return False


if __name__ == "__main__":
    sys.exit(main())
