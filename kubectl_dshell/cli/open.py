"""`kubectl dshell POD`: its words, and the request they make."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.open_flags import open_flags
from kubectl_dshell.cli.options import (
    GroupedCommand,
    connection_options,
    meta_options,
    to_connection_options,
)
from kubectl_dshell.cli.params import PodName
from kubectl_dshell.cli.screen import one_screen

if TYPE_CHECKING:
    from kubectl_dshell.commands.request import OpenRequest


class OpenCommand(GroupedCommand):
    """Its --help is one screen; all flags are in `kubectl dshell options`."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002  # click's signature
        return one_screen().rstrip("\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            raise click.UsageError("which pod? kubectl dshell POD; those there are: kubectl get pods", ctx) from error
        except click.UsageError as error:
            if "unexpected extra argument" not in error.message:
                raise
            hint = "a remote command goes behind --, as in: kubectl dshell web -- ls -l"
            raise click.UsageError(f"{error.message.rstrip('.')}; {hint}", ctx) from error

    def full_help(self, ctx: click.Context) -> str:
        return super().get_help(ctx)


@click.command(cls=OpenCommand, options_metavar="[flags] [-- COMMAND ARG...]")
@click.argument("pod", type=PodName(), metavar="[pod/]POD")
@open_flags
@connection_options
@meta_options
@click.pass_context
def open_command(ctx: click.Context, /, **flags: Any) -> int:
    """Open a shell in the files of a container, or run one command there."""
    quiet, mode, output = flags.pop("quiet"), flags.pop("dry_run"), flags.pop("output")
    if output and mode == "none":
        raise click.UsageError("-o goes with --dry-run; a session prints what the remote command prints", ctx)
    _check(ctx, flags)
    again = _again(flags)
    verbosity = flags.pop("verbosity")
    connection = to_connection_options(flags)
    from kubectl_dshell.cli.wiring import ports

    with ports(connection, quiet=quiet, verbosity=verbosity) as (bound, namespace):
        request = _request(ctx, flags, namespace, again)
        if mode != "none":
            return _dry_run(request, mode, output or "yaml", bound)
        from kubectl_dshell.commands.open import open_session

        return open_session(request, bound)


def _check(ctx: click.Context, flags: dict[str, Any]) -> None:
    """What click cannot see: words that do not go together. Raises click.UsageError before anything is touched."""
    command: tuple[str, ...] | None = ctx.obj
    if command == ():
        raise click.UsageError("nothing stands behind --; leave it out for a shell", ctx)
    if flags["ttl"] < 1 or flags["timeout"] < 1:
        raise click.UsageError("--ttl and --timeout must be at least 1s", ctx)
    if flags["keep"] > flags["ttl"]:
        raise click.UsageError("--keep cannot be longer than --ttl", ctx)
    for word in (*(command or ()), *(v for _, v in flags["env"])):
        _must_be_utf8(word, ctx)


def _request(ctx: click.Context, flags: dict[str, Any], namespace: str, again: str) -> OpenRequest:
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.privilege import Profile

    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    same = ("pod", "container", "run_as", "image", "env", "ttl", "keep", "new", "timeout", "stdin")
    stamps = ("reason", "name", "record")
    return OpenRequest(
        namespace=namespace,
        command=ctx.obj or (),
        profile=Profile(flags["profile"]),
        pull_policy=flags["image_pull_policy"],
        tty=interactive if flags["tty"] is None else flags["tty"],
        version=__version__,
        again=f"{again} -n {namespace}",
        **{name: flags[name] for name in same + stamps},
    )


def _must_be_utf8(word: str, ctx: click.Context) -> None:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise click.UsageError(f"{word!r} is not UTF-8, and the Kubernetes API carries nothing else", ctx) from error


def _again(flags: dict[str, Any]) -> str:
    """The command line that comes here again, as far as target and cluster go."""
    import shlex

    words = ["kubectl", "dshell", flags["pod"]]
    for name in ("container", "context", "kubeconfig"):
        if flags[name]:
            words += [f"--{name}", flags[name]]
    return shlex.join(words)


def _dry_run(request: OpenRequest, mode: str, output: str, bound: Any) -> int:
    from kubectl_dshell.commands.dry_run import DryRun, dry_run
    from kubectl_dshell.output.document import Format, format_document

    click.echo(format_document(dry_run(request, DryRun(mode), bound), Format(output)), nl=False)
    return 0
