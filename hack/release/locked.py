"""What requirements.lock pins, and the part of it that a program without old auth-provider entries needs."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from .layout import TOP

LOCK = TOP / "requirements.lock"
LEFT_OUT = {"kubernetes", "markdown-it-py", "mdurl", "pygments"}
"""kubernetes is for auth-provider entries; the others colour source code and Markdown in rich, and we print neither."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of the lock file."""

    name: str
    version: str
    hashes: tuple[str, ...]
    text: str
    """Its lines, for `pip install --require-hashes -r`."""
    kind: str = "pypi"
    """The type in its package URL."""

    @property
    def purl(self) -> str:
        return f"pkg:{self.kind}/{self.name}@{self.version}"


def pins(text: str) -> list[Pin]:
    """Of the text of a lock file, in its order."""
    blocks = re.findall(r"^([\w.-]+)==([\w.]+)(.*(?:\n .*)*)", text, re.MULTILINE)
    return [
        Pin(name, version, tuple(re.findall(r"sha256:([0-9a-f]{64})", rest)), f"{name}=={version}{rest}\n")
        for name, version, rest in blocks
    ]


def all_pins() -> list[Pin]:
    return pins(LOCK.read_text(encoding="utf-8"))


def light_pins() -> list[Pin]:
    """Of the direct dependencies, without LEFT_OUT."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.split(r"[<>=]", line)[0] for line in project["dependencies"]} - LEFT_OUT
    return [pin for pin in all_pins() if pin.name in direct]
