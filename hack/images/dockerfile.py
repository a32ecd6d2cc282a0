"""What the last stage of a Dockerfile says of its image."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Stage:
    """`copied`: where in the image, and the stage and path that it comes from."""

    base: str = ""
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    copied: dict[str, tuple[str, str]] = field(default_factory=dict)


def last_stage(dockerfile: Path) -> Stage:
    """Raises ValueError for an instruction that it does not know: what is not understood here is not in the image."""
    stage = Stage()
    building = False
    for word, rest in _instructions(dockerfile.read_text()):
        match word:
            case "FROM":
                base, _, name = rest.partition(" AS ")
                stage, building = Stage(base), bool(name)
            case _ if building:
                continue
            case "USER":
                stage.user = rest
            case "ENV":
                stage.environment += shlex.split(rest)
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            case "COPY":
                origin, path, target = shlex.split(rest)
                stage.copied[target] = (origin.removeprefix("--from="), path)
            case _:
                raise ValueError(f"{dockerfile}: {word} {rest}")
    return stage


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in whole.splitlines())]
