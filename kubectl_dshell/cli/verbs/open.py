"""`kubectl dshell TARGET...`: a session in one pod, or a command in many (`cli.verbs.fanout`)."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.flags.open import OUTPUT_FORM, OpenOptions
from kubectl_dshell.cli.flags.parsing import Verb
from kubectl_dshell.cli.help import help_page, version_line
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.domain.pod.reference import WorkloadKind
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.cli.flags.session import SessionStreams
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


class OpenVerb(Verb[OpenOptions]):
    """Its --help is one screen; all flags are in `kubectl dshell options`."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002  # click's signature
        return help_page().rstrip("\n")

    def full_help(self, ctx: click.Context) -> str:
        return super().get_help(ctx)


def _run(options: OpenOptions) -> int:
    """Open a shell in the filesystem of a container, or run one command there."""
    shell = options.command is None and sys.stdin.isatty() and sys.stdout.isatty()
    options.check(shell=shell)
    if options.is_many:
        from kubectl_dshell.cli.verbs import fanout

        return fanout.run(options, shell=shell)
    streams, session = options.streams, options.session
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import ports, recording

    configuration = Configuration()
    with (
        recording(options.record, quiet=session.quiet) as record,
        ports(options.connection, session.namespace, quiet=session.quiet) as (bound, namespace),
    ):
        given, options = session, _configured(options, configuration, bound.context, namespace)
        request = _request(options, streams, namespace, bound)
        if options.dry_run is DryRun.NONE:
            configuration.require_reason(request.reason, bound.context, namespace)
        configuration.tell(given, options.session, bound, namespace, options.connection.verbosity)
        if options.dry_run is not DryRun.NONE:
            return _print(options, options.dry_run, request, bound)
        if streams.notice:
            bound.notices.notice(streams.notice)
        return _open(options, request, record(bound))


def _open(options: OpenOptions, request: OpenRequest, bound: Ports) -> int:
    """The way to the app. The first requests are on their way before the modules are imported that need the answers."""
    way = options.way
    if way.copy:
        from kubectl_dshell.commands.pod_copy.open import open_copy

        return open_copy(request, bound, service_account=way.copy_service_account)
    from kubectl_dshell.commands.first_requests import FirstRequests

    first = FirstRequests(request, bound)
    if way.wait_for_start:
        from kubectl_dshell.commands.next_start.open import open_at_next_start as run
    elif way.app_image:
        from kubectl_dshell.commands.app_image.open import open_app_image as run
    elif way.volumes:
        from kubectl_dshell.commands.volumes.open import open_volumes as run
    else:
        from kubectl_dshell.commands.session.open import open_session as run
    return run(request, bound, first)


def _configured(options: OpenOptions, configuration: Configuration, context: str, namespace: str) -> OpenOptions:
    session = configuration.session(options.session, context, namespace)
    return options.but(session=session.but(keep=0) if options.way.copy else session)


def _print(
    options: OpenOptions, mode: Literal[DryRun.CLIENT, DryRun.SERVER], request: OpenRequest, bound: Ports
) -> int:
    """--dry-run: what would be sent."""
    from kubectl_dshell.output.document import format_document

    if options.way.copy:
        from kubectl_dshell.commands.pod_copy.open import dry_run_copy

        document = dry_run_copy(request, mode, bound, service_account=options.way.copy_service_account)
    else:
        from kubectl_dshell.commands.session.dry_run import dry_run

        document = dry_run(request, mode, bound)
    write_data(format_document(document, options.output if options.output is Format.JSON else Format.YAML))
    return 0


def _request(options: OpenOptions, streams: SessionStreams, namespace: str, bound: Ports) -> OpenRequest:
    pod = _one_pod(options, namespace, bound)
    again = options.retry_command(namespace, pod, bound)
    return replace(
        options.session.to_request(namespace, pod, again),
        command=options.command or (),
        stdin=streams.stdin,
        tty=streams.tty,
        env=options.env,
        name=options.name,
        app_image=options.way.app_image,
        chroot=options.way.chroot,
        target_env=options.way.target_env,
        volumes=options.way.volumes,
        privilege=options.privilege,
        wait_for_start=options.way.wait_seconds(options.session.timeout),
    )


def _one_pod(options: OpenOptions, namespace: str, bound: Ports) -> str:
    target = options.targets[0]
    if target.kind is WorkloadKind.POD:
        return target.name
    if flag := options.way.of_a_pod_that_is_down:
        raise click.UsageError(
            f"{flag} needs the name of a pod: {target} may have several, of which only some are down; "
            f"list them with: kubectl get pods -n {namespace}"
        )
    from kubectl_dshell.commands.fanout.targets import one_pod

    return one_pod(target, namespace, options.session.container, bound)


class _Version(click.Option):
    """--version, also for `kubectl dshell version`; with -o, wherever that is, as in kubectl version."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        wanted, left = super().handle_parse_result(ctx, opts, args)
        if wanted:
            OUTPUT_FORM.handle_parse_result(ctx, opts, left)
            write_data(_version(OUTPUT_FORM.value(ctx)))
            ctx.exit()
        return wanted, left


def _version(form: Format | None) -> str:
    if form is not Format.JSON and form is not Format.YAML:
        return version_line()
    from kubectl_dshell.output.document import format_document

    return format_document({"clientVersion": {"gitVersion": f"v{__version__}"}}, form)


_VERSION = _Version(["--version"], is_flag=True, is_eager=True, expose_value=False, help="Show the version and exit.")
open_command = OpenVerb("open", OpenOptions, _run, flags="[flags] [-- COMMAND ARG...]", more=(_VERSION,))
