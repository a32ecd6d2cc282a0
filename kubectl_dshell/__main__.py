"""`python -m kubectl_dshell` and the `kubectl-dshell` script."""

from __future__ import annotations

import os
import signal
import sys

_AT_ONCE = ("SIGINT", "SIGTERM", "SIGHUP")


def run() -> None:
    """The program: in UTF-8 whatever the locale, as kubectl is, and quiet about a signal whenever it comes."""
    _leave_at_once_on_signals()
    if not _is_utf8():
        # Names of files, words, variables and what is printed, all at once; nothing has been read or written so far.
        os.execv(sys.executable, [sys.orig_argv[0], "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606  # ourselves
    from kubectl_dshell.cli.main import main

    code = main()
    # All that could be written is written. Python would try again what could not, and end with 120 instead of our code.
    sys.stdout = sys.stderr = None  # as if they had been closed
    sys.exit(code)


def _is_utf8() -> bool:
    return bool(sys.flags.utf8_mode) or sys.getfilesystemencoding() == "utf-8" or not sys.executable


def _leave_at_once_on_signals() -> None:
    """While modules are imported and at the very end: Python would show a traceback of whatever it was doing.

    What has to be tidied up is begun later, below handlers of its own (`terminal.signals`).
    """
    for name in _AT_ONCE:
        number = getattr(signal, name, None)  # Windows has fewer
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: os._exit(128 + number))


if __name__ == "__main__":
    run()
