"""What a cluster remembers of itself while it lives."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .ports import Ports
from .process import Process

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Record:
    """`node` is the first process of the cluster's PID namespace; `binaries` is the folder it runs from."""

    node: Process
    ports: Ports
    binaries: str


def write(path: Path, record: Record) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(record), indent=1))
    fresh.rename(path)


def read(path: Path) -> Record | None:
    """None when there is no cluster, or none that a version of ours can make sense of."""
    try:
        found = json.loads(path.read_text())
        return Record(Process(**found["node"]), Ports(**found["ports"]), found["binaries"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
