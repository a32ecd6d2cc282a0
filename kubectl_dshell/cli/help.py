"""The one-screen help, and `kubectl dshell options`, which lists all flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.parsing import Options, Verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """\
A shell in the filesystem of a container that has no shell, as the app's user; nothing is left running.

Usage: kubectl dshell POD|KIND/NAME... [-c CONTAINER] [-n NS] [flags] [-- COMMAND ARG...]

  # Open a shell in the app's files; `exit` ends it and the debug container
  kubectl dshell web
  # Run one command and return its exit code; paths are relative to the app's root
  kubectl dshell web -- cat etc/app.yaml
  # Pipe data in and out, byte for byte
  tar c fixtures | kubectl dshell web -- tar x -C tmp
  # Use another container, another namespace, another image with tools
  kubectl dshell web -c proxy -n shop --image dev/tools:2
  # Enter as root with SYS_PTRACE where the app's own user is not enough
  kubectl dshell coredns-5d78 -n kube-system --profile general
  # Run one command in every pod of a deployment (or -l app=web, -A, or several names)
  kubectl dshell deploy/web --all -- cat etc/app.yaml

Verbs (for a pod of that name, use pod/NAME):
  ls        list debug containers and their state
  attach    return to one of them, or share it
  cp        copy files out of the app or into it
  cleanup   end debug containers left behind
  options   list all flags of kubectl dshell POD

Common flags:
  -c, --container NAME    the container to enter
  --run-as UID[:GID]      run as this user instead of the app's
  --image IMAGE           the image with the tools (or DSHELL_IMAGE)
  --keep TIME             keep the debug container for reuse: 30m, 2h
  -q, --quiet             print only errors to stderr

Exit codes: that of the command, or {codes}.
"""


def help_page() -> str:
    import textwrap

    codes = ", ".join(f"{int(status)} {meaning}" for status, meaning in EXIT_STATUS_MEANING.items())
    head, _, tail = HELP.partition("Exit codes: ")
    return head + textwrap.fill("Exit codes: " + tail.strip().format(codes=codes), 100, subsequent_indent="  ") + "\n"


class NoOptions(Options):
    """The options of a verb without any."""


def options_verb(full_help: Callable[[], str]) -> Verb[NoOptions]:
    """`kubectl dshell options`; `full_help` renders the help with all flags."""

    def run(_options: NoOptions) -> int:
        """Print all flags of kubectl dshell POD."""
        write_data(f"{full_help()}\n")
        return 0

    return Verb("options", NoOptions, run, flags="[flags]")
