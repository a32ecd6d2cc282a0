"""Flags of a session, shared by `kubectl dshell POD`, attach and cp."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.flags.param_types import Duration, OneOf, Reason, RunAs
from kubectl_dshell.cli.flags.parsing import Flag, Options, option, optional, parsed, switch
from kubectl_dshell.cli.flags.selection import CONTAINER, NAMESPACE
from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.debug_container.spec import PullPolicy

if TYPE_CHECKING:
    from kubectl_dshell.commands.request import OpenRequest

SESSION, DEBUG_CONTAINER, IDENTITY = "Session", "Debug container", "Identity"
DEFAULT_IMAGE = "busybox:1.37"

KEEP = option(
    Duration(),
    "--keep",
    default=0,
    metavar="TIME",
    group=SESSION,
    help="Keep the debug container this long after the last session, for reuse.",
)
TIMEOUT = option(
    Duration(),
    "--timeout",
    default="60s",
    show_default=True,
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
    help="Record the output of the session to FILE (asciinema v2).",
)
QUIET = switch("-q", "--quiet", group=SESSION, help="Print only errors to stderr.")
_RUN_AS = optional(
    RunAs(), "--run-as", metavar="UID[:GID]", group=IDENTITY, help="Run as this user instead of the app's user."
)
_PROFILE = option(
    OneOf(Profile),
    "--profile",
    default=Profile.AUTO,
    show_default=True,
    group=IDENTITY,
    help="auto: the fewest privileges that suffice. general: root with SYS_PTRACE.",
)
_IMAGE = option(
    click.STRING,
    "--image",
    default=DEFAULT_IMAGE,
    show_default=True,
    envvar="DSHELL_IMAGE",
    show_envvar=True,
    group=DEBUG_CONTAINER,
    help="The image with the tools; any with busybox ash or bash.",
)
_PULL_POLICY = optional(
    OneOf(PullPolicy),
    "--image-pull-policy",
    group=DEBUG_CONTAINER,
    help="When the node pulls the image; default: that of Kubernetes.",
)
_REASON = option(
    Reason(),
    "--reason",
    default="",
    metavar="TEXT",
    group=DEBUG_CONTAINER,
    help="Why you are opening the session; recorded for good in a new debug container, and shown by ls.",
)
_NEW = switch("--new", group=SESSION, help="Add a new debug container even if one of yours could be reused.")
_TTL = option(
    Duration(),
    "--ttl",
    default="8h",
    show_default=True,
    metavar="TIME",
    group=SESSION,
    help="End the debug container after this time, whatever happens.",
)


class SessionFlags(Options):
    """The container to enter, the user, the tools and the lifetime of a session."""

    container: str | None = parsed(CONTAINER)
    namespace: str | None = parsed(NAMESPACE)
    run_as: tuple[int, int | None] | None = parsed(_RUN_AS)
    profile: Profile = parsed(_PROFILE)
    image: str = parsed(_IMAGE)
    pull_policy: PullPolicy | None = parsed(_PULL_POLICY)
    reason: str = parsed(_REASON)
    new: bool = parsed(_NEW)
    keep: int = parsed(KEEP)
    ttl: int = parsed(_TTL)
    timeout: int = parsed(TIMEOUT)
    quiet: bool = parsed(QUIET)

    def check(self) -> None:
        """Raises click.UsageError for values that contradict each other."""
        check_text((self.image,), "DSHELL_IMAGE")  # typed arguments have been checked before
        if self.ttl < 1 or self.timeout < 1:
            raise click.UsageError("--ttl and --timeout must be at least 1s")
        if self.keep > self.ttl:
            raise click.UsageError("--keep cannot be longer than --ttl")

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
            profile=self.profile,
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
    belong to the program that reads our output (`| less`); a shell gets them all the same, for it has no other input.
    """
    typed, seen = sys.stdin.isatty(), sys.stdout.isatty()
    terminal = typed and (seen if tty is None else tty)
    given = (terminal or seen or not typed or not command) if stdin is None else stdin
    return SessionStreams(given, terminal, "unable to use a TTY: stdin is not a terminal" if tty and not typed else "")
