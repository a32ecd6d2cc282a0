"""Flags that select pods and debug containers, shared by several verbs."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.param_types import Duration
from kubectl_dshell.cli.flags.parsing import Flag, option, optional, switch

TARGET, WHICH = "Target", "Selection"

CONTAINER = optional(
    click.STRING,
    "-c",
    "--container",
    group=TARGET,
    metavar="NAME",
    help="The container to enter; default: the pod's default container, else its first one.",
)
NAMESPACE = optional(
    click.STRING, "-n", "--namespace", group=TARGET, metavar="NS", help="The namespace; default: the context's."
)
ALL_NAMESPACES = switch("-A", "--all-namespaces", group=TARGET, help="All namespaces.")
SELECTOR = option(
    click.STRING, "-l", "--selector", default="", group=TARGET, metavar="SELECTOR", help="Pods with these labels."
)
MINE = switch("--mine", group=WHICH, help="Only those created by you with dshell on this machine.")
STALE = switch(
    "--stale",
    group=WHICH,
    help="Only stale ones, which run and have no client heartbeat for 25 s and no --keep, have a dead holder, or are "
    "past --ttl or older than --older-than.",
)
OLDER_THAN = optional(
    Duration(),
    "--older-than",
    group=WHICH,
    metavar="TIME",
    help="Only those running for longer than this, whoever created them: 2h, 1h30m. With --stale: also those.",
)


def concurrency(most: int, *, group: str = "Session") -> Flag[int]:
    """A flag for the number of pods or debug containers processed at a time."""
    return option(
        click.IntRange(1, most),
        "--concurrency",
        default=16,
        show_default=True,
        group=group,
        metavar="NUMBER",
        help="How many to process at a time.",
    )
