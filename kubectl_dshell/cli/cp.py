"""`kubectl dshell cp`: its words, and the copy they ask for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.flags.kubectl import (
    GroupedCommand,
    cluster_flags,
    connection_options,
    option,
    to_connection_options,
)
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.domain.copy.copy_spec import STREAM, RemotePath, parse_copy_spec

if TYPE_CHECKING:
    from kubectl_dshell.cli.flags.kubectl import F
    from kubectl_dshell.commands.copy.ports import CopyPorts
    from kubectl_dshell.commands.request import OpenRequest

_OF_A_SESSION = (
    "container",
    "namespace",
    "run_as",
    "profile",
    "image",
    "image_pull_policy",
    "reason",
    "new",
    "keep",
    "ttl",
    "timeout",
    "quiet",
)


def _session_options(command: F) -> F:
    """The flags of `kubectl dshell POD` that mean something here, as they are there."""
    flags = {param.name: param for param in open_command.params}
    for name in reversed(_OF_A_SESSION):
        command.__click_params__ = [*getattr(command, "__click_params__", []), flags[name]]  # type: ignore[attr-defined]  # where click's decorators leave them
    return command


@click.command("cp", cls=GroupedCommand, options_metavar="[flags]")
@click.argument("words", nargs=-1, metavar="SOURCE... DESTINATION")
@option("-y", "--yes", is_flag=True, group="Copy", help="Do not ask before files are written into the app.")
@option(
    "--skip-failed",
    is_flag=True,
    group="Copy",
    help="Leave out what cannot be read or is refused, and copy the rest; each is named.",
)
@_session_options
@connection_options
@click.pass_context
def cp_command(ctx: click.Context, /, words: tuple[str, ...], **flags: Any) -> int:
    """Copy files out of a container, or into it; neither needs tar in it.

    One end is [NAMESPACE/]POD:PATH, with PATH in the app's root; patterns like 'web:/var/log/*.log' are matched
    there. A copy comes whole or not at all: modes, times and links are kept, owners are not. What could do harm
    here is refused: names that were not asked for, links that lead out of the copy, devices, setuid programs.

    \b
      # A file, and a directory, to here
      kubectl dshell cp web:/etc/app.yaml web:/var/log .
      # As a tar archive on stdout
      kubectl dshell cp shop/web:/var/log - | tar tv
      # Into the app, as the app's user
      kubectl dshell cp ./fixtures web:/tmp -y

    Exit codes are those of kubectl dshell; 1: tar could not read or write everything, and its words are on stderr.
    """  # noqa: D301  # click's \b
    sources, destination = _places(ctx, [*words, *(ctx.obj or ())])
    remote = destination if isinstance(destination, RemotePath) else sources[0]
    if not isinstance(remote, RemotePath):
        raise click.UsageError("one end has to be a pod's: POD:PATH", ctx)
    flags["again"] = ["kubectl", "dshell", "cp", *words]
    flags["cluster_flags"] = cluster_flags(flags)
    if remote.namespace:
        flags["namespace"] = remote.namespace
    if isinstance(destination, RemotePath):
        _ask(ctx, [str(source) for source in sources], destination, flags)
    verbosity, quiet = flags.pop("verbosity"), flags.pop("quiet")
    connection = to_connection_options(flags)
    from kubectl_dshell.cli.cp_wiring import copy_ports
    from kubectl_dshell.cli.wiring import ports

    with ports(connection, quiet=quiet, verbosity=verbosity) as (bound, namespace):
        session = _session(flags, namespace, remote.pod)
        return _copy(sources, destination, session, copy_ports(bound, quiet=quiet), skip=flags["skip_failed"])


def _copy(
    sources: list[RemotePath | str],
    destination: RemotePath | str,
    session: OpenRequest,
    bound: CopyPorts,
    *,
    skip: bool,
) -> int:
    from kubectl_dshell.commands.copy.copy import CopyIn, CopyOut, copy_in, copy_out

    if isinstance(destination, RemotePath):
        return copy_in(CopyIn(session, tuple(map(str, sources)), destination, skip), bound)
    paths = tuple(source for source in sources if isinstance(source, RemotePath))
    return copy_out(CopyOut(session, paths, destination, skip), bound)


def _places(ctx: click.Context, words: list[str]) -> tuple[list[RemotePath | str], RemotePath | str]:
    """The sources and the destination; raises click.UsageError for words that do not go together."""
    if len(words) < 2:
        example = "kubectl dshell cp POD:PATH ., or kubectl dshell cp FILE POD:PATH"
        raise click.UsageError(f"from where, to where? {example}", ctx)
    try:
        *sources, destination = map(parse_copy_spec, words)
    except ValueError as error:
        raise click.UsageError(str(error), ctx) from error
    if why := _wrong(sources, destination):
        raise click.UsageError(why, ctx)
    return sources, destination


def _wrong(sources: list[RemotePath | str], destination: RemotePath | str) -> str:
    remote = [source for source in sources if isinstance(source, RemotePath)]
    if isinstance(destination, RemotePath):
        if remote:
            return "from pod to pod goes by way of here, in two copies"
        return "an archive on stdin: kubectl dshell POD -- tar x -C DIRECTORY" if STREAM in sources else ""
    if len(remote) < len(sources):
        return "one end has to be a pod's: POD:PATH"
    if len({(source.namespace, source.pod) for source in remote}) > 1:
        return "one copy has one pod; copy from each pod by itself"
    if destination == STREAM and sys.stdout.isatty():
        return "an archive is not for a terminal: - is for a pipe or a file"
    return ""


def _ask(ctx: click.Context, sources: list[str], destination: RemotePath, flags: dict[str, Any]) -> None:
    if flags["yes"]:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this writes into the app, and there is no terminal to ask at: add -y", ctx)
    from kubectl_dshell.cli.cp_wiring import size
    from kubectl_dshell.output.escape import escape

    place = f"{destination.pod}:/{destination.path}"
    click.confirm(escape(f"Copy {size(sources)} into {place}, replacing what has the same name?"), err=True, abort=True)


def _session(flags: dict[str, Any], namespace: str, pod: str) -> OpenRequest:
    import shlex

    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.access.privilege import Profile

    same = ("container", "run_as", "image", "ttl", "keep", "new", "timeout", "reason", "cluster_flags")
    container = f" -c {flags['container']}" if flags["container"] else ""
    return OpenRequest(
        namespace=namespace,
        pod=pod,
        command=(),
        profile=Profile(flags["profile"]),
        pull_policy=flags["image_pull_policy"],
        env=(),
        stdin=False,
        tty=False,
        version=__version__,
        name=None,
        retry_command=f"{shlex.join(flags['again'])}{container} -n {shlex.quote(namespace)}{flags['cluster_flags']}",
        **{name: flags[name] for name in same},
    )
