"""Where a node's state is: as a cluster's, in a folder of its own."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hack.cluster.layout import Layout, checked_name


@dataclass(frozen=True, slots=True)
class Node:
    """What one node is: `versions` of its runtime and kernel are shown, `ssh` is its port of this machine."""

    runtime: str
    runtime_version: str
    kubernetes: str
    kernel: str
    accelerator: str
    module: str
    ssh: int


def layout() -> Layout:
    """Of the node of DSHELL_NODES_NAME, else of "node"."""
    variable = "DSHELL_NODES_NAME"
    root = Path(os.environ.get("DSHELL_NODES_STATE") or "/var/lib/dshell-nodes")
    return Layout(checked_name(os.environ.get(variable) or "node", variable), root)


def key(layout: Layout) -> Path:
    return layout.folder / "ssh"


def console(layout: Layout) -> Path:
    return layout.log / "console.log"


def write(layout: Layout, node: Node) -> None:
    (layout.folder / "node.json").write_text(json.dumps(asdict(node), indent=1))


def read(layout: Layout) -> Node | None:
    """None when there is none, or none of this version of the ring."""
    try:
        return Node(**json.loads((layout.folder / "node.json").read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None
