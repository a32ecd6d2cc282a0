"""Ensures that descriptors 0, 1 and 2 exist and that any text can be written to them."""

from __future__ import annotations

import io
import os
import sys

from kubectl_dshell.errors import Unavailable

_STAND_IN = {
    0: os.O_RDONLY,
    1: os.O_RDONLY,  # so that a write fails (EBADF), as it does without stdout, instead of vanishing
    2: os.O_WRONLY,
}


def ensure_standard_descriptors() -> frozenset[int]:
    """Open /dev/null in place of each closed one, before anything else is opened; return those that were closed.

    Otherwise the first socket would get the number, and the user's data would be written to it. Reading a closed
    stdin returns end of file, writing to a closed stdout fails, and writes to a closed stderr are lost.
    """
    closed = frozenset(descriptor for descriptor in _STAND_IN if not _is_open(descriptor))
    for descriptor in sorted(closed):
        opened = os.open(os.devnull, _STAND_IN[descriptor])
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
        os.set_inheritable(descriptor, True)  # noqa: FBT003  # its signature
    _replace_missing_files()
    _take_any_text()
    return closed


def require_posix() -> None:
    """Raises Unavailable on systems without the terminals and signals that a session needs."""
    try:
        import termios  # noqa: F401
    except ImportError as error:
        raise Unavailable(
            "kubectl dshell needs the terminals and signals of Linux or macOS, which this Python does not have",
            "On Windows, run it in WSL 2: https://learn.microsoft.com/windows/wsl/install",
        ) from error


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _replace_missing_files() -> None:
    # Python sets these to None when the descriptor was closed at its start; libraries do not expect that.
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # lives as long as the program
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  # as above
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # as above


def _take_any_text() -> None:
    """Text that the locale cannot encode must not end the program: the reply to a prompt, a name in a message."""
    for file, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(file, io.TextIOWrapper):
            file.reconfigure(errors=errors)
