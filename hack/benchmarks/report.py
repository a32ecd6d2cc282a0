"""The results of a benchmark: a line of a table for each, and JSON for those who compare runs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

JSON_LINES = "DSHELL_BENCH_JSON"
"""Environment variable: the file to which each result is added as a line of JSON."""


def head(title: str) -> None:
    """The first line of a table."""
    print(f"{title:58} {'ratio':>6} {'goal':>5} {'ours':>11} {'kubectl':>11}", flush=True)


def add(name: str, ours: Sequence[float], theirs: Sequence[float], unit: str = "s", goal: float | None = None) -> float:
    """Report runs that were made in turn, ours[i] beside theirs[i]; returns the median of their ratios.

    `goal`: the ratio to stay within ("MB/s": to reach), of docs/performance.md.
    """
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    mine, other = median(ours), median(theirs)
    print(
        f"{name:58} {ratio:6.2f} {'' if goal is None else f'{goal:.2f}':>5} {mine:8.3f} {unit:2} {other:8.3f} {unit:2}",
        flush=True,
    )
    _write({"name": name, "unit": unit, "ratio": ratio, "goal": goal, "ours": list(ours), "kubectl": list(theirs)})
    return ratio


def add_alone(name: str, value: float, unit: str, goal: float | None = None) -> None:
    """Report a number that kubectl has no counterpart of."""
    print(f"{name:58} {'':6} {'' if goal is None else f'{goal:g}':>5} {value:8.3f} {unit:2}", flush=True)
    _write({"name": name, "unit": unit, "goal": goal, "ours": [value]})


def environment(**more: object) -> None:
    """Write what the results may depend on, and `more`."""
    kubectl = [os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"), "--kubeconfig", os.environ["DSHELL_E2E_KUBECONFIG"]]
    versions = json.loads(_output(*kubectl, "version", "-o", "json"))
    found = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "python": platform.python_version(),
        "kubectl": versions["clientVersion"]["gitVersion"],
        "server": versions["serverVersion"]["gitVersion"],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
    }
    _write({"environment": found | more})


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _write(result: dict[str, object]) -> None:
    if path := os.environ.get(JSON_LINES):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
