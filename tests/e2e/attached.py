"""Who is attached, as `kubectl dshell ls` reports it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pods import Pod
    from .program import Dshell


def attached(dshell: Dshell, *pods: Pod) -> bool:
    """Whether each of the pods has a debug container whose holder has heard from a client."""
    items = json.loads(dshell("ls", *(pod.name for pod in pods), "-o", "json").stdout)["items"]
    return {item["pod"] for item in items if item["clients"]} == {pod.name for pod in pods}
