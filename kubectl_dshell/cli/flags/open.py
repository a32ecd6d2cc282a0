"""The flags of `kubectl dshell POD`, in the order and under the headings of its help."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.kubectl import F, namespace_option, option
from kubectl_dshell.cli.flags.session import KEEP, QUIET, RECORD, STDIN, TIMEOUT, TTY
from kubectl_dshell.cli.flags.types import DebugName, Duration, EnvVar, Reason, RunAs

MANY = "Many pods (COMMAND in each; exit code: 0 if all are 0, else the highest, our own failures first)"
DEFAULT_IMAGE = "busybox:1.37"

_FLAGS = (
    option(
        "-c",
        "--container",
        group="Target",
        metavar="NAME",
        help="The container; else the default one, or the first.",
    ),
    namespace_option,
    option(
        "--run-as",
        type=RunAs(),
        group="Identity",
        metavar="UID[:GID]",
        help="Be this user instead of the app's own.",
    ),
    option(
        "--profile",
        type=click.Choice(["auto", "general"]),
        default="auto",
        show_default=True,
        group="Identity",
        help="auto: the least that enters. general: root with SYS_PTRACE.",
    ),
    option(
        "--image",
        default=DEFAULT_IMAGE,
        show_default=True,
        envvar="DSHELL_IMAGE",
        show_envvar=True,
        group="Debug container",
        help="The image that brings the tools; any with busybox ash or bash.",
    ),
    option(
        "--image-pull-policy",
        type=click.Choice(["Always", "IfNotPresent", "Never"]),
        group="Debug container",
        help="When the node pulls the image; else Kubernetes' default.",
    ),
    option(
        "--env",
        type=EnvVar(),
        multiple=True,
        metavar="NAME=VALUE",
        group="Debug container",
        help="Set in the debug container; repeatable; visible in the pod's spec.",
    ),
    option(
        "--reason",
        type=Reason(),
        default="",
        metavar="TEXT",
        group="Debug container",
        help="Why you are here; stamped on a new debug container (for good), shown by ls.",
    ),
    option(
        "--name",
        type=DebugName(),
        metavar="NAME",
        group="Debug container",
        help="Join or make the debug container dshell-NAME; else one of yours, or a random name.",
    ),
    option("--new", is_flag=True, group="Session", help="Add a debug container even if one of yours could be reused."),
    KEEP,
    option(
        "--ttl",
        type=Duration(),
        default="8h",
        show_default=True,
        metavar="TIME",
        group="Session",
        help="End the debug container after this, whatever happens.",
    ),
    TIMEOUT,
    TTY,
    STDIN,
    RECORD,
    QUIET,
    option(
        "-l",
        "--selector",
        default="",
        group=MANY,
        metavar="SELECTOR",
        help="All pods with these labels.",
    ),
    option("-A", "--all-namespaces", is_flag=True, group=MANY, help="All pods of all namespaces; with -l, of those."),
    option("--all", "all_pods", is_flag=True, group=MANY, help="All pods of the workload, or of the namespace."),
    option(
        "--concurrency",
        type=click.IntRange(1, 100),
        default=16,
        show_default=True,
        group=MANY,
        metavar="NUMBER",
        help="How many at a time.",
    ),
    option("--fail-fast", is_flag=True, group=MANY, help="Stop the others when one has failed."),
    option(
        "--output-dir",
        metavar="DIR",
        type=click.Path(file_okay=False),
        group=MANY,
        help="Two files for each pod, .out and .err, in a new or empty DIR.",
    ),
    option(
        "--dry-run",
        type=click.Choice(["none", "client", "server"]),
        default="none",
        is_flag=False,
        flag_value="client",
        group="Output",
        help="Print the patch that would be sent; server: have it checked.",
    ),
    option(
        "-o",
        "--output",
        type=click.Choice(["yaml", "json"]),
        default=None,
        group="Output",
        help="The form of --dry-run (yaml); json without it: a line for each pod.",
    ),
)


def open_flags(command: F) -> F:
    """What to enter, as whom, with which tools, for how long, and what to print."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command
