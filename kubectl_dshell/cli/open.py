"""`kubectl dshell TARGET...`: a session in one pod, or a command in many (`cli.fanout`)."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.flags.open import OpenOptions
from kubectl_dshell.cli.flags.parsing import Verb
from kubectl_dshell.cli.help import help_page
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.domain.pod.reference import WorkloadKind
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.cli.flags.session import SessionStreams
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


class OpenVerb(Verb[OpenOptions]):
    """Its --help is one screen; all flags are in `kubectl dshell options`."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002  # click's signature
        return help_page().rstrip("\n")

    def full_help(self, ctx: click.Context) -> str:
        return super().get_help(ctx)


def _run(options: OpenOptions) -> int:
    """Open a shell in the files of a container, or run one command there."""
    shell = options.command is None and sys.stdin.isatty() and sys.stdout.isatty()
    options.check(shell=shell)
    if options.is_many:
        from kubectl_dshell.cli import fanout

        return fanout.run(options, shell=shell)
    streams, session = options.streams, options.session
    from kubectl_dshell.cli.wiring import ports, recording

    with (
        recording(options.record, quiet=session.quiet) as record,
        ports(options.connection, session.namespace, quiet=session.quiet) as (bound, namespace),
    ):
        request = _request(options, streams, namespace, bound)
        if options.dry_run is not DryRun.NONE:
            from kubectl_dshell.commands.session.dry_run import dry_run
            from kubectl_dshell.output.document import format_document

            form = options.output if options.output is Format.JSON else Format.YAML
            write_data(format_document(dry_run(request, options.dry_run, bound), form))
            return 0
        if streams.notice:
            bound.notices.notice(streams.notice)
        from kubectl_dshell.commands.session.open import open_session

        return open_session(request, record(bound))


def _request(options: OpenOptions, streams: SessionStreams, namespace: str, bound: Ports) -> OpenRequest:
    pod = _one_pod(options, namespace, bound)
    again = bound.invocation.open(namespace, pod, options.session.container)
    return replace(
        options.session.to_request(namespace, pod, again),
        command=options.command or (),
        stdin=streams.stdin,
        tty=streams.tty,
        env=options.env,
        name=options.name,
    )


def _one_pod(options: OpenOptions, namespace: str, bound: Ports) -> str:
    target = options.targets[0]
    if target.kind is WorkloadKind.POD:
        return target.name
    from kubectl_dshell.commands.fanout.targets import one_pod

    return one_pod(target, namespace, options.session.container, bound)


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        write_data(f"kubectl-dshell {__version__}\n")
        ctx.exit()


_VERSION = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
open_command = OpenVerb("open", OpenOptions, _run, flags="[flags] [-- COMMAND ARG...]", more=(_VERSION,))
