"""The flags of every verb that holds a session."""

from __future__ import annotations

import sys
from typing import Any

import click

from kubectl_dshell.cli.flags.kubectl import option
from kubectl_dshell.cli.flags.types import Duration

KEEP = option(
    "--keep",
    type=Duration(),
    default=0,
    metavar="TIME",
    group="Session",
    help="Leave the debug container this long after the last session, for reuse.",
)
TIMEOUT = option(
    "--timeout",
    type=Duration(),
    default="60s",
    show_default=True,
    metavar="TIME",
    group="Session",
    help="How long it may take to start.",
)
TTY = option(
    "-t/-T",
    "--tty/--no-tty",
    "tty",
    default=None,
    group="Session",
    help="With or without a terminal there; else as stdin and stdout are.",
)
STDIN = option(
    "-i/-I",
    "--stdin/--no-stdin",
    "stdin",
    default=None,
    group="Session",
    help="Give COMMAND our stdin or not; else so unless only stdin is a terminal: a pager's.",
)
RECORD = option(
    "--record",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    group="Session",
    help="Record what the session prints (asciinema v2).",
)
QUIET = option("-q", "--quiet", is_flag=True, group="Session", help="Only failures on stderr.")


def check_command(ctx: click.Context) -> None:
    """Raises click.UsageError for a command behind -- that cannot be."""
    if ctx.obj == ():
        raise click.UsageError("nothing stands behind --; leave it out for a shell", ctx)


def settle_streams(flags: dict[str, Any], command: tuple[str, ...] | None) -> str:
    """Give `stdin` and `tty` the values that are meant where they were not given; what the user should know, or "".

    A terminal needs keys, so -t without a terminal on stdin falls back, as in kubectl. Where only stdin is a terminal
    its keys belong to who reads our output (`| less`); a shell has nothing else to read, and is given them.
    """
    typed, seen, asked = sys.stdin.isatty(), sys.stdout.isatty(), flags["tty"]
    flags["tty"] = typed and (seen if asked is None else asked)
    if flags["stdin"] is None:
        flags["stdin"] = flags["tty"] or seen or not typed or not command
    return "unable to use a TTY: stdin is not a terminal" if asked and not typed else ""
