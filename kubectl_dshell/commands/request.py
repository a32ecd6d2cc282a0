"""What the user asked for, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.privilege import Profile


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One `kubectl dshell POD`. An empty `command` is a shell; durations are seconds."""

    namespace: str
    pod: str
    container: str | None
    command: tuple[str, ...]
    profile: Profile
    run_as: tuple[int, int | None] | None
    image: str
    pull_policy: str | None
    env: tuple[tuple[str, str], ...]
    ttl: int
    keep: int
    new: bool
    timeout: int
    stdin: bool
    tty: bool
    version: str
    reason: str
    """Why, in the user's words; stamped on a new debug container."""
    name: str | None
    """The debug container to join or to make: dshell-NAME; None for any."""
    record: str | None
    """The file that gets a recording of what the session prints."""
    again: str
    """The command line to type to come here again: "kubectl dshell web -n shop"."""
