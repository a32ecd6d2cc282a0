"""The one-screen help, and `kubectl dshell options`: all flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.parsing import Options, Verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """\
A shell inside the files of a container that has none, as the app's own user, and nothing left behind.

Usage: kubectl dshell POD|KIND/NAME... [-c CONTAINER] [-n NS] [flags] [-- COMMAND ARG...]

  # A shell in the app's files; `exit` ends it and the debug container
  kubectl dshell web
  # One command, with its exit code; paths are relative to the app's root
  kubectl dshell web -- cat etc/app.yaml
  # Pipes work both ways, byte for byte
  tar c fixtures | kubectl dshell web -- tar x -C tmp
  # Another container, another namespace, another image to bring the tools
  kubectl dshell web -c proxy -n shop --image dev/tools:2
  # As root with SYS_PTRACE, where the app's own user is not enough
  kubectl dshell coredns-5d78 -n kube-system --profile general
  # One command in every pod of a deployment (or -l app=web, -A, or several names)
  kubectl dshell deploy/web --all -- cat etc/app.yaml

Verbs (a pod of that name is pod/NAME):
  ls        debug containers and their state
  attach    come back to one of them, or share it
  cp        copy files out of the app, or into it
  cleanup   end debug containers left behind
  options   all flags of kubectl dshell POD

Most used flags:
  -c, --container NAME    which of the pod's containers
  --run-as UID[:GID]      be this user instead of the app's
  --image IMAGE           where the tools come from (or DSHELL_IMAGE)
  --keep TIME             leave the debug container for reuse: 30m, 2h
  -q, --quiet             only failures on stderr

Exit codes: the command's own, or {codes}.
"""


def help_page() -> str:
    import textwrap

    codes = ", ".join(f"{int(status)} {meaning}" for status, meaning in EXIT_STATUS_MEANING.items())
    head, _, tail = HELP.partition("Exit codes: ")
    return head + textwrap.fill("Exit codes: " + tail.strip().format(codes=codes), 100, subsequent_indent="  ") + "\n"


class NoOptions(Options):
    """Of a verb that has none."""


def options_verb(full_help: Callable[[], str]) -> Verb[NoOptions]:
    """`kubectl dshell options`; `full_help` is the help with all flags."""

    def run(_options: NoOptions) -> int:
        """Print all flags of kubectl dshell POD."""
        write_data(f"{full_help()}\n")
        return 0

    return Verb("options", NoOptions, run, flags="[flags]")
