"""The scripts: two travel in the debug container's environment, the others are given to an exec."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_CONSTANTS = re.compile(r"^readonly((?: [A-Z_]+=[\w./-]+)+)\n", re.MULTILINE)
_NAME = r"[a-z]+(?:_[a-z]+)+"


@cache
def holder() -> str:
    """The value of DSHELL_HOLDER, still to be escaped for a pod spec."""
    return _shipped("processes.sh", "holder.sh")


@cache
def enter() -> str:
    """The value of DSHELL_ENTER, still to be escaped for a pod spec."""
    return _shipped("target.sh", "enter.sh")


@cache
def task() -> str:
    """Runs a command and says bye for its session."""
    return _shipped("task.sh")


@cache
def end() -> str:
    """The stdin of `sh` in any debug container, to end its processes."""
    return _shipped("processes.sh", "end.sh")


@cache
def copy_out() -> str:
    """Reads files in the app's root."""
    return _shipped("resolve.sh", "copy_out.sh")


@cache
def copy_in() -> str:
    """Writes files in the app's root."""
    return _shipped("resolve.sh", "copy_in.sh")


def shipped(source: str) -> str:
    """`source` in fewer bytes: it stays in the pod's spec forever.

    Comment lines, blank lines and indentation are dropped. Constants (`readonly NAME=value`) are replaced by their
    values, names of functions and variables that have an underscore by shorter ones.

    Safe only because the scripts have no text over several lines where whitespace or a `#` would matter, and no text
    with a word that is such a name.
    """
    lines = (line.strip() for line in source.splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"
    constants = dict(word.split("=") for words in _CONSTANTS.findall(text) for word in words.split())
    text = _CONSTANTS.sub("", text)
    for name, value in constants.items():
        text = re.sub(rf"\$?\b{name}\b", value, text)
    defined = dict.fromkeys(name for line in text.splitlines() for name in _defined(line))
    short = {name: f"_{number}" for number, name in enumerate(defined)}
    return re.sub(rf"\b{_NAME}\b", lambda match: short.get(match[0], match[0]), text)


def _defined(line: str) -> list[str]:
    """The functions and variables with an underscore in their names that `line` defines or declares."""
    if line.startswith("local "):
        return re.findall(rf"\b({_NAME})=", line)
    return re.findall(rf"^({_NAME})(?:=|\(\))", line)


def _shipped(*names: str) -> str:
    return shipped("".join(files(__package__).joinpath(name).read_text(encoding="utf-8") for name in names))
