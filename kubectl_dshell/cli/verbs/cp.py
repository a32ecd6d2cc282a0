"""`kubectl dshell cp`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.parsing import Options, nested, operands, parsed, remote_command, switch, verb
from kubectl_dshell.cli.flags.session import SessionFlags
from kubectl_dshell.domain.cp.copy_spec import STREAM, RemotePath, parse_copy_spec

if TYPE_CHECKING:
    from kubectl_dshell.commands.cp.ports import CopyPorts
    from kubectl_dshell.commands.request import OpenRequest

_NO_STDIN = "cannot read an archive from stdin; use: kubectl dshell POD -- tar x -C DIRECTORY"
_NO_POD = "either the source or the destination must be in a pod: POD:PATH"


class CpOptions(Options):
    words: tuple[str, ...] = parsed(operands(click.STRING, "words", "SOURCE... DESTINATION"))
    more: tuple[str, ...] | None = remote_command()
    yes: bool = parsed(
        switch("-y", "--yes", group="Copy", help="Do not ask for confirmation before writing into the app's files.")
    )
    skip_failed: bool = parsed(
        switch(
            "--skip-failed",
            group="Copy",
            help="Skip files that cannot be read or are refused, name each of them, and copy the rest.",
        )
    )
    session: SessionFlags = nested(SessionFlags)
    connection: ConnectionFlags = nested(ConnectionFlags)


class CopyPaths(NamedTuple):
    """The sources and the destination of a copy."""

    sources: tuple[RemotePath | str, ...]
    destination: RemotePath | str
    remote: RemotePath
    """The destination, or the first source, that is in a pod."""


@verb("cp", CpOptions)
def cp_command(options: CpOptions) -> int:
    """Copy files out of a container or into it; the container does not need tar.

    The source or the destination is [NAMESPACE/]POD:PATH, with PATH in the app's root; patterns such as
    'web:/var/log/*.log' are matched there. A copy is made completely or not at all, except with --skip-failed.
    Modes, times and links are kept; owners are not. Files that could do harm on this machine are refused: names that
    were not requested, links that lead out of the copy, devices, setuid programs.

    \b
      # Copy a file and a directory to the current directory
      kubectl dshell cp web:/etc/app.yaml web:/var/log .
      # Write a tar archive to stdout
      kubectl dshell cp shop/web:/var/log - | tar tv
      # Copy into the app's files, as the app's user
      kubectl dshell cp ./fixtures web:/tmp -y

    Exit codes are those of kubectl dshell, and 1 if tar could not read or write everything (see its messages on
    stderr).
    """  # noqa: D301  # click's \b
    options.session.check()
    words, quiet = (*options.words, *(options.more or ())), options.session.quiet
    paths = _copy_paths(words)
    if isinstance(paths.destination, RemotePath) and not options.yes:
        _ask(paths.sources, paths.destination)
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import copy_ports, ports

    configuration, verbosity = Configuration(), options.connection.verbosity
    wanted = paths.remote.namespace or options.session.namespace
    with ports(options.connection, wanted, quiet=quiet) as (bound, namespace):
        chosen = ["--container", options.session.container] if options.session.container else []
        chosen += ["-y"] * options.yes + ["--skip-failed"] * options.skip_failed
        again = bound.invocation.command("cp", *map(_no_flag, words), *chosen, namespace=namespace)
        flags = configuration.session(options.session, bound.context, namespace)
        configuration.require_reason(flags.reason, bound.context, namespace)
        configuration.tell(options.session, flags, bound, namespace, verbosity)
        session = flags.to_request(namespace, paths.remote.pod, again)
        return _copy(paths, session, copy_ports(bound, quiet=quiet), skip=options.skip_failed)


def _no_flag(word: str) -> str:
    """`word` in a form that can precede flags: an argument after `--` may begin with a dash."""
    return f"./{word}" if word.startswith("-") and word != STREAM else word


def _copy(paths: CopyPaths, session: OpenRequest, bound: CopyPorts, *, skip: bool) -> int:
    from kubectl_dshell.commands.cp.cp import CopyIn, CopyOut, copy_in, copy_out

    if isinstance(paths.destination, RemotePath):
        return copy_in(CopyIn(session, tuple(map(str, paths.sources)), paths.destination, skip), bound)
    remote = tuple(source for source in paths.sources if isinstance(source, RemotePath))
    return copy_out(CopyOut(session, remote, paths.destination, skip), bound)


def _copy_paths(words: tuple[str, ...]) -> CopyPaths:
    """Raises click.UsageError for arguments that contradict each other."""
    if len(words) < 2:
        example = "kubectl dshell cp POD:PATH ., or kubectl dshell cp FILE POD:PATH"
        raise click.UsageError(f"a source and a destination are required: {example}")
    try:
        *sources, destination = map(parse_copy_spec, words)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if why := _wrong(sources, destination):
        raise click.UsageError(why)
    remote = next((end for end in (destination, *sources) if isinstance(end, RemotePath)), None)
    if remote is None:
        raise click.UsageError(_NO_POD)
    return CopyPaths(tuple(sources), destination, remote)


def _wrong(sources: list[RemotePath | str], destination: RemotePath | str) -> str:
    remote = [source for source in sources if isinstance(source, RemotePath)]
    if isinstance(destination, RemotePath):
        if remote:
            return "cannot copy from one pod to another; copy to this machine first, then to the other pod"
        return _NO_STDIN if STREAM in sources else ""
    if len(remote) < len(sources):
        return _NO_POD
    if len({(source.namespace, source.pod) for source in remote}) > 1:
        return "cannot copy from several pods at once; copy from each pod separately"
    if destination == STREAM and sys.stdout.isatty():
        return "refusing to write an archive to a terminal; redirect stdout to a pipe or a file"
    return ""


def _ask(sources: tuple[RemotePath | str, ...], destination: RemotePath) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "this writes into the app's files, and there is no terminal to ask for confirmation; use -y"
        )
    from kubectl_dshell.cli.wiring import size
    from kubectl_dshell.output.escape import escape

    what, place = size([str(source) for source in sources]), f"{destination.pod}:/{destination.path}"
    click.confirm(escape(f"Copy {what} into {place}, replacing files of the same name?"), err=True, abort=True)
