"""The flags of `kubectl dshell ls`."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.flags.kubectl import (
    all_namespaces_option,
    connection_options,
    namespace_option,
    option,
    selector_option,
)
from kubectl_dshell.cli.flags.types import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

SORT_KEYS = ("pod", "name", "age", "owner", "state", "target", "user", "image", "node", "tool")
STATES = ("running", "waiting", "ended")

_FLAGS: tuple[Callable[[Any], Any], ...] = (
    namespace_option,
    all_namespaces_option,
    selector_option,
    option("--mine", is_flag=True, group="Which", help="Those that you made with dshell on this machine."),
    option(
        "--stale",
        is_flag=True,
        group="Which",
        help="Those that run and nobody uses: no word of a client for 25 s and no --keep, a holder that is gone, "
        "past their limit, or older than --older-than.",
    ),
    option(
        "--older-than",
        type=Duration(),
        default=None,
        group="Which",
        metavar="TIME",
        help="Those that run for longer than this, whoever made them: 2h, 1h30m.",
    ),
    option("--state", type=click.Choice(STATES), group="Which", help="Those in this state; not started is waiting."),
    option(
        "-o",
        "--output",
        type=click.Choice(["wide", "json", "yaml", "name"]),
        group="Output",
        help="Another form than the table.",
    ),
    option(
        "--sort-by",
        type=click.Choice(SORT_KEYS),
        group="Output",
        metavar="KEY",
        help=f"One of {', '.join(SORT_KEYS)} (oldest first); else by namespace, pod and name.",
    ),
    option("--no-headers", is_flag=True, group="Output", help="The table without its first line."),
    option(
        "-w",
        "--watch",
        is_flag=True,
        group="Output",
        help="Go on: a live table on a terminal, else a line for each change; with -o json a document for each.",
    ),
    connection_options,
)


def listing_flags(command: Any) -> Any:
    return reduce(lambda made, flag: flag(made), reversed(_FLAGS), command)
