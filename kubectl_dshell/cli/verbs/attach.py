"""`kubectl dshell attach`."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.parsing import Operand, Options, nested, parsed, remote_command, verb
from kubectl_dshell.cli.flags.selection import CONTAINER, NAMESPACE
from kubectl_dshell.cli.flags.session import KEEP, QUIET, RECORD, STDIN, TIMEOUT, TTY, check_command, settle_streams
from kubectl_dshell.domain.debug_container.spec import PREFIX
from kubectl_dshell.domain.pod.reference import is_name

_METAVAR = "[NAME|POD|POD/NAME]"


class AttachTarget(NamedTuple):
    """The possible meanings of the argument; None where it was not given."""

    word: str | None = None
    """A debug container's name, or a pod's."""
    pod: str | None = None
    name: str | None = None
    """A debug container of `pod`."""


class AttachWord(click.ParamType[AttachTarget]):
    """NAME, POD or POD/NAME."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AttachTarget:
        if isinstance(value, AttachTarget):
            return value
        pod, slash, name = str(value).partition("/")
        if not all(is_name(part) for part in ([pod, name] if slash else [pod])):
            why = "is not a valid name of a debug container or pod; use NAME, POD or POD/NAME"
            self.fail(f"{value!r} {why}", param, ctx)
        if not slash:
            return AttachTarget(word=pod)
        # A pod may be named pod: a name with our prefix is a debug container.
        if pod in ("pod", "pods", "po") and not name.startswith(PREFIX):
            return AttachTarget(pod=name)
        return AttachTarget(pod=pod, name=name)


class AttachOptions(Options):
    target: AttachTarget = parsed(
        Operand[AttachTarget](["target"], type=AttachWord(), default=AttachTarget(), metavar=_METAVAR)
    )
    command: tuple[str, ...] | None = remote_command()
    container: str | None = parsed(CONTAINER.but(help="Only debug containers that target this container."))
    namespace: str | None = parsed(NAMESPACE)
    keep: int = parsed(KEEP)
    timeout: int = parsed(TIMEOUT)
    tty: bool | None = parsed(TTY)
    stdin: bool | None = parsed(STDIN)
    record: str | None = parsed(RECORD)
    quiet: bool = parsed(QUIET)
    connection: ConnectionFlags = nested(ConnectionFlags)


@verb("attach", AttachOptions, flags="[flags] [-- COMMAND ARG...]")
def attach_command(options: AttachOptions) -> int:
    """Return to a running debug container of dshell, or share one that somebody else created.

    NAME or POD/NAME selects any debug container, whoever created it. POD selects your newest one in that pod. Without
    an argument, your only running one in the namespace is selected. Yours are those that you created on this machine.
    Opens a shell, or runs COMMAND, next to the sessions of others; nothing is added to the pod.
    """
    check_command(options.command)
    streams = settle_streams(stdin=options.stdin, tty=options.tty, command=options.command)
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import ports, recording

    configuration = Configuration()
    with (
        recording(options.record, quiet=options.quiet) as recorded,
        ports(options.connection, options.namespace, quiet=options.quiet) as (bound, namespace),
    ):
        from kubectl_dshell.commands.request import AttachRequest
        from kubectl_dshell.commands.session.attach import attach

        options = configuration.apply(options, bound.context, namespace)
        if streams.notice:
            bound.notices.notice(streams.notice)
        request = AttachRequest(
            namespace=namespace,
            word=options.target.word,
            pod=options.target.pod,
            name=options.target.name,
            container=options.container,
            command=options.command or (),
            stdin=streams.stdin,
            tty=streams.tty,
            keep=options.keep,
            timeout=options.timeout,
            retry_command="",
        )
        return attach(request, recorded(bound))
