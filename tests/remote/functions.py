"""Functions of the scripts, called alone: a file is sourced as it is written, and no root and no container is needed."""

from __future__ import annotations

import subprocess
from importlib.resources import files

import pytest

from tests.remote.busybox import busybox

each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash"])


def call(shell: str, script: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` after sourcing `script`, with `arguments` as "$1" and so on."""
    command = [busybox(), "sh"] if shell == "busybox" else [shell]
    path = str(files("kubectl_dshell.remote").joinpath(script))
    return subprocess.run(
        [*command, "-c", f". {path}\n{code}", "sh", *arguments], capture_output=True, text=True, check=False
    )


def value(shell: str, script: str, code: str, *arguments: str) -> str:
    """What `code` prints, brackets and all; it must not fail."""
    done = call(shell, script, code, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rstrip("\n")
