"""The one-screen help and the version: both are printed without click, whose import takes longer than they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell import __version__
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP = """\
A shell in the filesystem of a container that has no shell, as the app's user; nothing is left running.

Usage: kubectl dshell POD|KIND/NAME... [-c CONTAINER] [-n NS] [flags] [-- COMMAND ARG...]

  # Open a shell in the app's files; `exit` ends it and the debug container
  kubectl dshell web
  # Run one command and return its exit code; paths are relative to the app's root
  kubectl dshell web -- cat etc/app.yaml
  # Pipe data in and out, byte for byte
  tar c fixtures | kubectl dshell web -- tar x -C tmp
  # Enter as root with SYS_PTRACE where the app's own user is not enough
  kubectl dshell coredns-5d78 -n kube-system --profile general
  # Run one command in every pod of a deployment (or -l app=web, -A, or several names)
  kubectl dshell deploy/web --all -- cat etc/app.yaml

Verbs (for a pod of that name, use pod/NAME):
  ls          list debug containers and their state
  attach      return to one of them, or share it
  cp          copy files out of the app or into it
  cleanup     end debug containers left behind
  gather      print the results of a Job that ran a command in many pods
  image       open a shell in an image, in a pod of its own that is deleted afterwards
  config      show the settings in use, and where each comes from
  doctor      check what sessions need here: permissions, versions, policies
  explain     say which ways lead to the files of a pod's containers, and why
  completion  set up completion in bash, zsh and fish
  options     list all flags of kubectl dshell POD

Common flags:
  -c, --container NAME    the container to enter
  --app-image             start in a new container of the app's own image: its programs run
  --image IMAGE           the image with the tools (or DSHELL_IMAGE)
  --keep TIME             keep the debug container for reuse: 30m, 2h

Exit codes: that of COMMAND, or one of these. {codes}.
"""


def help_page() -> str:
    import textwrap

    codes = "; ".join(f"{int(status)}: {meaning}" for status, meaning in EXIT_STATUS_MEANING.items())
    head, _, tail = HELP.partition("Exit codes: ")
    return head + textwrap.fill("Exit codes: " + tail.strip().format(codes=codes), 100, subsequent_indent="  ") + "\n"


def verbs() -> dict[str, str]:
    """The verbs, each with what the help page says about it."""
    listed = HELP.partition("\nVerbs")[2].partition("\n\n")[0].splitlines()[1:]
    return {verb: about.strip() for verb, _, about in (line.strip().partition(" ") for line in listed)}


def version_line() -> str:
    return f"kubectl-dshell {__version__}\n"


def answer_without_parsing(words: Sequence[str]) -> str | None:
    """What a command line of one word prints, if no flag can change it; None for all others."""
    match words:
        case ["--help"] | ["-h"] | ["help"]:
            return help_page()
        case ["--version"] | ["version"]:
            return version_line()
        case _:
            return None
