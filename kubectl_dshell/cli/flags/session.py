"""Flags of a session, shared by `kubectl dshell POD`, attach and cp."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.config_file import config_path
from kubectl_dshell.cli.flags.param_types import Capabilities, CustomProfile, Duration, OneOf, Reason, RunAs
from kubectl_dshell.cli.flags.parsing import Flag, Options, option, optional, parsed, repeatable, switch
from kubectl_dshell.cli.flags.selection import CONTAINER, NAMESPACE
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.debug_container.spec import PullPolicy

if TYPE_CHECKING:
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.access.custom import Custom

SESSION, DEBUG_CONTAINER, IDENTITY = "Session", "Debug container", "Identity"
DEFAULT_IMAGE = "busybox:1.37"

KEEP = option(
    Duration(),
    "--keep",
    default=0,
    envvar="DSHELL_KEEP",
    show_envvar=True,
    metavar="TIME",
    group=SESSION,
    help="Keep the debug container this long after the last session, for reuse.",
)
TIMEOUT = option(
    Duration(),
    "--timeout",
    default="60s",
    show_default=True,
    envvar="DSHELL_TIMEOUT",
    show_envvar=True,
    metavar="TIME",
    group=SESSION,
    help="How long to wait for the debug container to start.",
)
TTY: Flag[bool | None] = Flag(
    "-t/-T",
    "--tty/--no-tty",
    "tty",
    default=None,
    group=SESSION,
    help="Whether to allocate a terminal; default: only if stdin and stdout are both terminals.",
)
STDIN: Flag[bool | None] = Flag(
    "-i/-I",
    "--stdin/--no-stdin",
    "stdin",
    default=None,
    group=SESSION,
    help="Whether to pass stdin to COMMAND; default: yes, unless only stdin is a terminal (its keys are for a pager).",
)
RECORD = optional(
    click.Path(dir_okay=False, path_type=str),
    "--record",
    metavar="FILE",
    group=SESSION,
    help="Record the output of the session to FILE (asciicast v2).",
)
QUIET = switch("-q", "--quiet", group=SESSION, help="Print only errors to stderr.")
RUN_AS = optional(
    RunAs(), "--run-as", metavar="UID[:GID]", group=IDENTITY, help="Run as this user instead of the app's user."
)
PROFILE = option(
    OneOf(Profile),
    "--profile",
    default=Profile.AUTO,
    show_default=True,
    envvar="DSHELL_PROFILE",
    show_envvar=True,
    group=IDENTITY,
    help=" ".join(f"{profile}: {profile.summary}." for profile in Profile),
)
_CAP_ADD = repeatable(
    Capabilities(),
    "--cap-add",
    metavar="NAME,...",
    group=IDENTITY,
    help="Add Linux capabilities (SYS_PTRACE, NET_ADMIN, ...); only root has them.",
)
_CAP_DROP = repeatable(
    Capabilities(), "--cap-drop", metavar="NAME,...", group=IDENTITY, help="Drop Linux capabilities, or ALL."
)
_PRIVILEGED = switch(
    "--privileged", group=IDENTITY, help="Run privileged: with all capabilities and the node's devices; only as root."
)
_CUSTOM = optional(
    CustomProfile(),
    "--custom",
    metavar="FILE",
    group=DEBUG_CONTAINER,
    help="Customize the debug container: a partial container as JSON or YAML, as in kubectl debug.",
)
IMAGE = option(
    click.STRING,
    "--image",
    default=DEFAULT_IMAGE,
    show_default=True,
    envvar="DSHELL_IMAGE",
    show_envvar=True,
    metavar="IMAGE",
    group=DEBUG_CONTAINER,
    help="The image with the tools; any with busybox ash or bash.",
)
PULL_POLICY = optional(
    OneOf(PullPolicy),
    "--image-pull-policy",
    group=DEBUG_CONTAINER,
    help="When the node pulls the image; default: as in Kubernetes.",
)
REASON = option(
    Reason(),
    "--reason",
    default="",
    metavar="TEXT",
    group=DEBUG_CONTAINER,
    help="Reason for the session; recorded permanently in a new debug container, and shown by ls.",
)
_NEW = switch("--new", group=SESSION, help="Add a new debug container even if one of yours could be reused.")
TTL = option(
    Duration(),
    "--ttl",
    default="8h",
    show_default=True,
    envvar="DSHELL_TTL",
    show_envvar=True,
    metavar="TIME",
    group=SESSION,
    help="End the debug container after this time, whatever happens.",
)


class SessionFlags(Options):
    """The container to enter, the user, the tools and the lifetime of a session."""

    container: str | None = parsed(CONTAINER)
    namespace: str | None = parsed(NAMESPACE)
    run_as: tuple[int, int | None] | None = parsed(RUN_AS)
    profile: Profile = parsed(PROFILE)
    cap_add: tuple[tuple[str, ...], ...] = parsed(_CAP_ADD)
    cap_drop: tuple[tuple[str, ...], ...] = parsed(_CAP_DROP)
    privileged: bool = parsed(_PRIVILEGED)
    custom: Custom | None = parsed(_CUSTOM)
    image: str = parsed(IMAGE)
    pull_policy: PullPolicy | None = parsed(PULL_POLICY)
    reason: str = parsed(REASON)
    new: bool = parsed(_NEW)
    keep: int = parsed(KEEP)
    ttl: int = parsed(TTL)
    timeout: int = parsed(TIMEOUT)
    quiet: bool = parsed(QUIET)

    def check(self, *, settled: bool = False) -> None:
        """Raises click.UsageError for values that contradict each other; `settled`: no file changes them any more."""
        check_text((self.image,), "DSHELL_IMAGE")  # typed arguments have been checked before
        if self.ttl < 1 or self.timeout < 1:
            raise click.UsageError("--ttl and --timeout must be at least 1s")
        if self.keep > self.ttl and "keep" in self.given.typed and (settled or not self._may_get_another_ttl):
            from kubectl_dshell.domain.text.duration import duration

            keep, ttl = duration(self.keep), duration(self.ttl)
            raise click.UsageError(
                f"--keep {keep} is longer than --ttl, which is {ttl}; add --ttl {keep}, or use a shorter --keep"
            )
        if self.run_as and self.custom and self.custom.user != (None, None):
            raise click.UsageError(f"--run-as and {self.custom.path} both set the user")
        _check_privilege(self.privilege)

    @property
    def _may_get_another_ttl(self) -> bool:
        path = None if "ttl" in self.given.typed | self.given.variables else config_path(os.environ)
        return path is not None and os.path.exists(path)  # noqa: PTH110  # pathlib is not imported for this

    @property
    def privilege(self) -> Privilege:
        return Privilege(self.profile, _names(self.cap_add), _names(self.cap_drop), self.privileged, self.custom)

    def to_request(self, namespace: str, pod: str, retry_command: str) -> OpenRequest:
        """A request without command, stdin and terminal, to be completed by the verb."""
        from kubectl_dshell.commands.request import OpenRequest

        return OpenRequest(
            namespace=namespace,
            pod=pod,
            container=self.container,
            command=(),
            stdin=False,
            tty=False,
            privilege=self.privilege,
            run_as=self.run_as,
            image=self.image,
            pull_policy=self.pull_policy.value if self.pull_policy else None,
            env=(),
            ttl=self.ttl,
            keep=self.keep,
            new=self.new,
            timeout=self.timeout,
            version=__version__,
            reason=self.reason,
            name=None,
            retry_command=retry_command,
        )


def _names(said: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in said for name in names))


def _check_privilege(privilege: Privilege) -> None:
    """Raises click.UsageError for flags of which one undoes the other, whatever the pod."""
    if both := [name for name in privilege.cap_add if name in privilege.cap_drop]:
        raise click.UsageError(f"--cap-add and --cap-drop both name {', '.join(both)}")
    profile, flags = privilege.profile, "--cap-add" if privilege.cap_add else "--privileged"
    if profile is Profile.RESTRICTED and (privilege.cap_add or privilege.privileged):
        raise click.UsageError(f"--profile restricted drops all privileges; omit it, or {flags}")
    every = "--privileged" if privilege.privileged else f"--profile {profile}"
    if (privilege.privileged or profile is Profile.SYSADMIN) and (privilege.cap_add or privilege.cap_drop):
        raise click.UsageError(f"{every} gives all capabilities; omit it, or --cap-add and --cap-drop")


class SessionStreams(NamedTuple):
    """The streams a session gets, and a notice for the user (may be empty)."""

    stdin: bool
    tty: bool
    notice: str = ""


def check_command(command: tuple[str, ...] | None) -> None:
    """Raises click.UsageError for an empty command after --."""
    if command == ():
        raise click.UsageError("no command after --; omit -- to open a shell")


def settle_streams(*, stdin: bool | None, tty: bool | None, command: tuple[str, ...] | None) -> SessionStreams:
    """Which streams a session gets if the flags do not say.

    Without a terminal on stdin, -t is ignored with a notice, as in kubectl. If only stdin is a terminal, its keys
    belong to the program that reads our output (`| less`); a shell gets them all the same, since it has no other input.
    """
    typed, seen = sys.stdin.isatty(), sys.stdout.isatty()
    terminal = typed and (seen if tty is None else tty)
    given = (terminal or seen or not typed or not command) if stdin is None else stdin
    return SessionStreams(given, terminal, "unable to use a TTY: stdin is not a terminal" if tty and not typed else "")
