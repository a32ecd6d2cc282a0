"""The user's requests, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.privilege import Privilege


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What to run in a debug container, whether new or existing. Durations are in seconds."""

    command: tuple[str, ...]
    """Empty: a shell, or a script on stdin."""
    stdin: bool
    tty: bool
    keep: int
    timeout: int
    """How long the debug container may take to start."""
    retry_command: str
    """The command line to type for another debug container like this one: "kubectl dshell web -n shop"."""
    half_close: bool | None = None
    """Whether the end of stdin has to reach the command; None: only with stdin and without a terminal."""
    target_env: bool = False
    """With the app's variables; always so in a debug container of the app's image, and with `chroot`."""
    chroot: bool = False
    """With the app's root directory as that of what is run."""
    task: bool = False
    """A command that is expected to be short and has no stdin: its goodbye is not awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest(Interaction):
    """One `kubectl dshell POD`."""

    namespace: str
    pod: str
    container: str | None
    privilege: Privilege
    run_as: tuple[int, int | None] | None
    image: str
    pull_policy: str | None
    env: tuple[tuple[str, str], ...]
    ttl: int
    new: bool
    version: str
    reason: str
    """The user's --reason; stamped on a new debug container."""
    name: str | None
    """The debug container to join or create, with its prefix; None for any."""
    app_image: bool = False
    """A debug container of the app's image, with the tools of `image`."""
    volumes: bool = False
    """A debug container with the container's volumes, which does not join it: it need not run."""
    wait_for_start: int = 0
    """How long to wait for the next start of the container, if it does not run; 0: not at all."""
    once: bool = False
    """Only create the debug container of that name: one that exists has run the command, or is about to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachRequest(Interaction):
    """One `kubectl dshell attach`. Fields that are None are to be found out."""

    namespace: str
    word: str | None
    """A debug container's name, or a pod's."""
    pod: str | None
    name: str | None
    """A debug container of `pod`."""
    container: str | None
    """The target."""
