"""`kubectl dshell attach`."""

from __future__ import annotations

import re
from typing import Any

import click

from kubectl_dshell.cli.flags.kubectl import (
    GroupedCommand,
    cluster_flags,
    connection_options,
    namespace_option,
    option,
    to_connection_options,
)
from kubectl_dshell.cli.flags.session import KEEP, QUIET, RECORD, STDIN, TIMEOUT, TTY, check_command, settle_streams
from kubectl_dshell.cli.recording import recording
from kubectl_dshell.domain.debug_container.spec import PREFIX

_WHERE = "[NAME|POD|POD/NAME]"
_LABEL = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"


class AttachTarget(click.ParamType[tuple[str | None, str | None, str | None]]):
    """(a word that may be either, a pod, a debug container of it), as far as they were given."""

    name = "name"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str | None, str | None, str | None]:
        if isinstance(value, tuple):
            return value
        pod, slash, name = str(value).partition("/")
        if not all(re.fullmatch(_LABEL, part, re.ASCII) for part in ([pod, name] if slash else [pod])):
            self.fail(f"{value!r} is no debug container and no pod; write NAME, POD or POD/NAME", param, ctx)
        if not slash:
            return pod, None, None
        # A pod may be called pod: what looks like a debug container is one.
        return (None, name, None) if pod in ("pod", "pods", "po") and not name.startswith(PREFIX) else (None, pod, name)


class AttachCommand(GroupedCommand):
    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [_WHERE, "[flags]", "[-- COMMAND ARG...]"]


@click.command(cls=AttachCommand)
@click.argument("where", type=AttachTarget(), required=False, metavar=_WHERE)
@option("-c", "--container", group="Target", metavar="NAME", help="Only debug containers for this one of the pod.")
@namespace_option
@KEEP
@TIMEOUT
@TTY
@STDIN
@RECORD
@QUIET
@connection_options
@click.pass_context
def attach_command(ctx: click.Context, /, **flags: Any) -> int:
    """Come back to a debug container of dshell that still runs, or share somebody else's.

    By its NAME or POD/NAME, whoever made it; by its POD (your newest one there), or without either the only one of
    yours that runs in the namespace. Yours is what you made on this machine. A shell, or COMMAND, beside what others
    do there; nothing is added to the pod.
    """
    check_command(ctx)
    unusual = settle_streams(flags, ctx.obj)
    quiet, verbosity, record = flags.pop("quiet"), flags.pop("verbosity"), flags.pop("record")
    flags["cluster_flags"] = cluster_flags(flags)
    connection = to_connection_options(flags)
    from kubectl_dshell.cli.wiring import ports

    with (
        recording(record, quiet=quiet) as recorded,
        ports(connection, quiet=quiet, verbosity=verbosity) as (bound, namespace),
    ):
        from kubectl_dshell.commands.request import AttachRequest
        from kubectl_dshell.commands.session.attach import attach

        word, pod, name = flags.pop("where") or (None, None, None)
        if unusual:
            bound.notices.notice(unusual)
        flags |= {"namespace": namespace, "word": word, "pod": pod, "name": name, "command": ctx.obj or ()}
        return attach(AttachRequest(retry_command="", **flags), recorded(bound))
