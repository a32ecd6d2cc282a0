"""The flags of `kubectl dshell cleanup`."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.flags.kubectl import (
    all_namespaces_option,
    concurrency_option,
    connection_options,
    namespace_option,
    option,
    selector_option,
)
from kubectl_dshell.cli.flags.types import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS: tuple[Callable[[Any], Any], ...] = (
    namespace_option,
    all_namespaces_option,
    selector_option,
    option("--mine", is_flag=True, group="Which", help="Those that you made with dshell on this machine."),
    option(
        "--stale",
        is_flag=True,
        group="Which",
        help="Those that nobody uses: no word of a client for 25 s and no --keep, or past their limit. Of other "
        "tools' only the age tells: those of --older-than.",
    ),
    option(
        "--older-than",
        type=Duration(),
        default=None,
        group="Which",
        metavar="TIME",
        help="Those that run for longer than this: 2h, 1h30m. Such conditions narrow each other.",
    ),
    option(
        "--any-tool",
        is_flag=True,
        group="Which",
        help="Those of other tools too, by signals to their own processes: needs a shell in their image.",
    ),
    option("-y", "--yes", is_flag=True, group="Session", help="Do not ask, and end also what somebody uses."),
    concurrency_option,
    option(
        "--timeout",
        type=Duration(),
        default=0,
        metavar="TIME",
        group="Session",
        help="Leave what nobody came to by then; 0 is never.",
    ),
    option(
        "--dry-run",
        type=click.Choice(["none", "client"]),
        default="none",
        is_flag=False,
        flag_value="client",
        group="Output",
        help="Only say what would be ended.",
    ),
    option("--explain", is_flag=True, group="Output", help="Say also why entries stay in the pod's spec."),
    option(
        "-o",
        "--output",
        type=click.Choice(["json", "yaml", "name"]),
        group="Output",
        help="Another form than lines; name: only those that ended.",
    ),
    connection_options,
)


def cleanup_flags(command: Any) -> Any:
    return reduce(lambda made, flag: flag(made), reversed(_FLAGS), command)
