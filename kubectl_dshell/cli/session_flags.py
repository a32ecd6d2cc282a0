"""The flags of every verb that holds a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.options import option
from kubectl_dshell.cli.params import Duration

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    help="With or without a terminal; else as stdin and stdout are.",
)
STDIN = option(
    "-i/-I",
    "--stdin/--no-stdin",
    "stdin",
    default=True,
    group="Session",
    help="Whether COMMAND gets our stdin (it does).",
)
RECORD = option(
    "--record",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    group="Session",
    help="Record what the session prints (asciinema v2).",
)
QUIET = option("-q", "--quiet", is_flag=True, group="Session", help="Only failures on stderr.")


def check_command(ctx: click.Context, others: Iterable[str] = ()) -> None:
    """Raises click.UsageError for a command behind -- that cannot be, and for words that nothing carries."""
    if ctx.obj == ():
        raise click.UsageError("nothing stands behind --; leave it out for a shell", ctx)
    for word in (*(ctx.obj or ()), *others):
        try:
            word.encode()
        except UnicodeEncodeError as error:
            what = f"{word!r} is not UTF-8, and the Kubernetes API carries nothing else"
            raise click.UsageError(what, ctx) from error
