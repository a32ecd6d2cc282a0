"""The flags of `kubectl dshell POD`, in the order and under the headings of its help."""

from __future__ import annotations

import click

from kubectl_dshell.cli.options import F, namespace_option, option
from kubectl_dshell.cli.params import Duration, EnvVar, RunAs

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
        default="",
        metavar="TEXT",
        group="Debug container",
        help="Why you are here; stamped on the debug container, shown by ls.",
    ),
    option(
        "--name",
        metavar="NAME",
        group="Debug container",
        help="The debug container's name, dshell-NAME; else a random one.",
    ),
    option("--new", is_flag=True, group="Session", help="Add a debug container even if one could be reused."),
    option(
        "--keep",
        type=Duration(),
        default=0,
        metavar="TIME",
        group="Session",
        help="Leave the debug container this long after the last session, for reuse.",
    ),
    option(
        "--ttl",
        type=Duration(),
        default="8h",
        show_default=True,
        metavar="TIME",
        group="Session",
        help="End the debug container after this, whatever happens.",
    ),
    option(
        "--timeout",
        type=Duration(),
        default="60s",
        show_default=True,
        metavar="TIME",
        group="Session",
        help="How long it may take to start.",
    ),
    option(
        "-t/-T",
        "--tty/--no-tty",
        "tty",
        default=None,
        group="Session",
        help="With or without a terminal; else as stdin and stdout are.",
    ),
    option(
        "-i/-I",
        "--stdin/--no-stdin",
        "stdin",
        default=True,
        group="Session",
        help="Whether COMMAND gets our stdin (it does).",
    ),
    option(
        "--record",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        group="Session",
        help="Record what the session prints (asciinema v2).",
    ),
    option("-q", "--quiet", is_flag=True, group="Session", help="Only failures on stderr."),
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
        help="The form of --dry-run (yaml).",
    ),
)


def open_flags(command: F) -> F:
    """What to enter, as whom, with which tools, for how long, and what to print."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command
