"""`kubectl dshell TARGET...`: its words, and the request they make."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.flags.kubectl import (
    GroupedCommand,
    cluster_flags,
    connection_options,
    meta_options,
    to_connection_options,
)
from kubectl_dshell.cli.flags.open import open_flags
from kubectl_dshell.cli.flags.session import check_command, settle_streams
from kubectl_dshell.cli.help import help_page
from kubectl_dshell.cli.recording import recording
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.cli.target_words import TargetWord, check_many, check_words, is_many, target_query
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


class OpenCommand(GroupedCommand):
    """Its --help is one screen; all flags are in `kubectl dshell options`."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002  # click's signature
        return help_page().rstrip("\n")

    def full_help(self, ctx: click.Context) -> str:
        return super().get_help(ctx)


@click.command(cls=OpenCommand, options_metavar="[flags] [-- COMMAND ARG...]")
@click.argument("targets", type=TargetWord(), nargs=-1, metavar="TARGET...")
@open_flags
@connection_options
@meta_options
@click.pass_context
def open_command(ctx: click.Context, /, **flags: Any) -> int:
    """Open a shell in the files of a container, or run one command there."""
    check_words(ctx, flags)
    if is_many(flags):
        return _many(ctx, flags)
    quiet, mode, output = flags.pop("quiet"), flags.pop("dry_run"), flags.pop("output")
    if output and mode == "none":
        raise click.UsageError("-o goes with --dry-run; a session prints what the remote command prints", ctx)
    if flags["record"] and mode != "none":
        raise click.UsageError("--record records a session, and --dry-run has none", ctx)
    _check(ctx, flags)
    target, where = flags["targets"][0], _where(flags)
    unusual = settle_streams(flags, ctx.obj)
    flags["cluster_flags"] = cluster_flags(flags)
    verbosity = flags.pop("verbosity")
    connection = to_connection_options(flags)
    from kubectl_dshell.cli.wiring import ports

    with (
        recording(flags["record"], quiet=quiet) as record,
        ports(connection, quiet=quiet, verbosity=verbosity) as (bound, namespace),
    ):
        pod = _one_pod(target, namespace, flags, bound)
        request = _request(ctx, flags, namespace, pod, _again(where, pod, namespace))
        if mode != "none":
            return _dry_run(request, mode, output or "yaml", bound)
        if unusual:
            bound.notices.notice(unusual)
        from kubectl_dshell.commands.session.open import open_session

        return open_session(request, record(bound))


def _check(ctx: click.Context, flags: dict[str, Any]) -> None:
    """What click cannot see: words that do not go together. Raises click.UsageError before anything is touched."""
    check_command(ctx)
    check_text((flags["image"],), "DSHELL_IMAGE")  # whatever was typed is checked by now
    if flags["ttl"] < 1 or flags["timeout"] < 1:
        raise click.UsageError("--ttl and --timeout must be at least 1s", ctx)
    if flags["keep"] > flags["ttl"]:
        raise click.UsageError("--keep cannot be longer than --ttl", ctx)


def _one_pod(target: Reference, namespace: str, flags: dict[str, Any], bound: Ports) -> str:
    if target.kind is WorkloadKind.POD:
        return target.name
    from kubectl_dshell.commands.fanout.targets import one_pod

    return one_pod(target, namespace, flags["container"], bound)


def _many(ctx: click.Context, flags: dict[str, Any]) -> int:
    shell = ctx.obj is None and sys.stdin.isatty() and sys.stdout.isatty()
    check_many(ctx, flags, shell=shell)
    _check(ctx, flags)
    where = _where(flags)
    flags["cluster_flags"] = cluster_flags(flags)
    flags |= {"stdin": False, "tty": False}
    quiet, verbosity = flags.pop("quiet"), flags.pop("verbosity")
    connection = to_connection_options(flags)
    from kubectl_dshell.cli import fanout as many
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.fanout.run import ManyRequest

    with ports(connection, quiet=quiet, verbosity=verbosity) as (bound, namespace):
        aim = target_query(flags, namespace)
        if shell:
            many.refuse_shell(aim, ctx, bound)
        request = ManyRequest(
            template=_request(ctx, flags, namespace, "", ""),
            retry_command=lambda namespace, pod: _again(where, pod, namespace),
            concurrency=flags["concurrency"],
            fail_fast=flags["fail_fast"],
        )
        bar = not quiet and not verbosity and sys.stderr.isatty()
        forms = many.OutputForm(flags["output_dir"], as_json=flags["output"] == "json", quiet=quiet, bar=bar)
        return many.run(aim, request, forms, bound)


def _request(ctx: click.Context, flags: dict[str, Any], namespace: str, pod: str, retry_command: str) -> OpenRequest:
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.access.privilege import Profile

    same = ("container", "run_as", "image", "env", "ttl", "keep", "new", "timeout", "stdin", "tty")
    stamps = ("reason", "name", "cluster_flags")
    return OpenRequest(
        namespace=namespace,
        pod=pod,
        command=ctx.obj or (),
        profile=Profile(flags["profile"]),
        pull_policy=flags["image_pull_policy"],
        version=__version__,
        retry_command=retry_command,
        **{name: flags[name] for name in same + stamps},
    )


def _where(flags: dict[str, Any]) -> dict[str, str]:
    """The flags that say where, beside pod and namespace, as far as they were given."""
    return {name: flags[name] for name in ("container", "context", "kubeconfig") if flags[name]}


def _again(where: dict[str, str], pod: str, namespace: str) -> str:
    """The command line that comes here again, as far as target and cluster go."""
    import shlex

    words = [word for name, value in where.items() for word in (f"--{name}", value)]
    return shlex.join(["kubectl", "dshell", pod, *words, "-n", namespace])


def _dry_run(request: OpenRequest, mode: str, output: str, bound: Any) -> int:
    from kubectl_dshell.commands.session.dry_run import DryRun, dry_run
    from kubectl_dshell.output.document import Format, format_document

    write_data(format_document(dry_run(request, DryRun(mode), bound), Format(output)))
    return 0
