"""Every row of tests/e2e/test_matrix.py, and the table of docs/images.md made of it: python -m hack.matrix [PYTEST-FLAG...]

Makes and loads the large images first, which no other test needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.archives import heavy_archives
from hack.cluster.choose import choose
from hack.cluster.errors import ClusterError
from hack.images.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from hack.images.variants import Variant

_TOP = Path(__file__).parents[1]
_HEAD = (
    "image like",
    "runs as",
    "identity, its own 0600 file, directory, process",
    "entry point in shell form",
    "with `--app-image`",
)


def main(flags: list[str]) -> int:
    chosen = choose()
    chosen.load(heavy_archives())
    with tempfile.TemporaryDirectory() as folder:
        passed = Path(folder, "passed")
        passed.touch()
        tests = [sys.executable, "-m", "pytest", *flags, "tests/e2e/test_matrix.py"]
        environment = {**os.environ, **chosen.environment(), "DSHELL_MATRIX": str(passed)}
        done = subprocess.run(tests, cwd=_TOP, env=environment, check=False)
        print(table({json.loads(line) for line in passed.read_text().splitlines()}))
    return done.returncode


def table(passed: Collection[str]) -> str:
    """In Markdown; what is not among the names of `passed` has failed."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(row, passed=row.name in passed) for row in VARIANTS)]
    return "".join(f"| {' | '.join(row)} |\n".replace("| --- ", "|---").replace("--- |", "---|") for row in rows)


def _row(row: Variant, *, passed: bool) -> tuple[str, ...]:
    verdict = "yes" if passed else "**no**"
    shell = f"`{row.shell}`: {verdict}" if row.shell else "no shell"
    program = row.runtime.version[0]
    named = "its loader" if program.startswith("/lib") else f"`{program}`"  # which each architecture calls differently
    return f"`{row.like}`", row.identity, verdict, shell, f"{named}: {verdict}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(69)
