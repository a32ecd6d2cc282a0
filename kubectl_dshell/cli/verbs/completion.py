"""`kubectl dshell completion`."""

from __future__ import annotations

import os
import shutil
from enum import StrEnum
from pathlib import Path

import click

from kubectl_dshell.cli.flags.param_types import OneOf
from kubectl_dshell.cli.flags.parsing import Operand, Options, parsed, remote_command, verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.packaged import read_beside

_NAME = "kubectl_complete-dshell"
_OURS = "# Written by `kubectl dshell completion install`"
_HOOK = f"""\
#!/bin/sh
{_OURS}: kubectl runs this for the words after `kubectl dshell`.
exec kubectl-dshell __complete "$@"
"""
_ADVICE = """\
Wrote {file}, which `kubectl dshell <TAB>` needs, together with kubectl's own completion.{path}
Nothing else was changed. To also complete `kubectl-dshell`, or if kubectl's completion is not set up yet, add to
  ~/.bashrc                   source <(kubectl completion bash); source <(kubectl dshell completion bash)
  ~/.zshrc, after compinit    source <(kubectl completion zsh); source <(kubectl dshell completion zsh)
  ~/.config/fish/config.fish  kubectl completion fish | source; kubectl dshell completion fish | source
"""


class What(StrEnum):
    """A shell, whose script is printed; or the file for kubectl, which is written."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    INSTALL = "install"


class CompletionOptions(Options):
    what: What = parsed(Operand[What](["what"], type=OneOf(What), metavar="bash|zsh|fish|install"))
    command: tuple[str, ...] | None = remote_command()


@verb("completion", CompletionOptions, flags="")
def completion_command(options: CompletionOptions) -> int:
    """Complete verbs, flags, pods, containers and remote paths at TAB.

    install writes kubectl_complete-dshell, which kubectl (1.26 or newer) asks at `kubectl dshell <TAB>`: beside
    kubectl-dshell or, if that directory cannot be written, into ~/.local/bin. A file that is not ours is never
    replaced, and no start-up file of a shell is changed: what to add there is printed.

    bash, zsh and fish print the script of that shell for the command kubectl-dshell.

    At TAB the cluster is only read: nothing is added to a pod.
    """
    if options.command is not None:
        raise click.UsageError("completion takes no command after --")
    if options.what is What.INSTALL:
        write_data(install(os.environ.get("PATH", os.defpath), Path.home()))
    else:
        write_data(_script(options.what))
    return 0


def _script(shell: What) -> str:
    return read_beside(str(Path(__file__).parent), f"completion/completion.{shell}")


def install(search_path: str, home: Path) -> str:
    """Write the file for kubectl, and return what to tell the user.

    Raises OutputFailed if there is a file of that name that is not ours, or none can be written.
    """
    file = _folder(search_path, home) / _NAME
    try:
        there = file.read_bytes() if file.exists() or file.is_symlink() else None
        if there is not None and _OURS.encode() not in there:
            raise OutputFailed(
                f"{file} exists and was not written by kubectl dshell",
                "Move it away, then type again: kubectl dshell completion install",
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{_NAME}.{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # whoever else may write there could have left a link
        with os.fdopen(os.open(temporary, flags, 0o755), "w", encoding="utf-8") as new:
            new.write(_HOOK)
        temporary.chmod(0o755)
        temporary.replace(file)
    except OSError as error:
        raise OutputFailed(f"the file for kubectl cannot be written: {file}: {error.strerror}") from error
    on_path = str(file.parent) in search_path.split(os.pathsep)
    path = "" if on_path else f"\nAdd {file.parent} to PATH: kubectl looks for it nowhere else."
    return _ADVICE.format(file=file, path=path)


def _folder(search_path: str, home: Path) -> Path:
    """Where the program is, since kubectl finds that; if it can be written."""
    program = shutil.which("kubectl-dshell", path=search_path)
    beside = Path(program).absolute().parent if program else None
    return beside if beside is not None and os.access(beside, os.W_OK) else home / ".local/bin"
