"""The scripts: two as they travel in the debug container's environment, one that an exec is given."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def holder() -> str:
    """The value of DSHELL_HOLDER, still to be escaped for a pod spec."""
    return shipped(_source("processes.sh") + _source("holder.sh"))


@cache
def enter() -> str:
    """The value of DSHELL_ENTER, still to be escaped for a pod spec."""
    return shipped(_source("enter.sh"))


@cache
def task() -> str:
    """What runs a command and says goodbye."""
    return shipped(_source("task.sh"))


@cache
def end() -> str:
    """The stdin of `sh` in any debug container, to end what runs in that container."""
    return shipped(_source("processes.sh") + _source("end.sh"))


@cache
def copy_out() -> str:
    """What reads files in the app's root."""
    return shipped(_source("resolve.sh")) + shipped(_source("copy_out.sh"))


@cache
def copy_in() -> str:
    """What writes files in the app's root."""
    return shipped(_source("resolve.sh")) + shipped(_source("copy_in.sh"))


def shipped(source: str) -> str:
    """`source` without comment lines, blank lines and indentation: it stays in the pod's spec for ever.

    Safe only because the scripts have no text over several lines where these would matter.
    """
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
