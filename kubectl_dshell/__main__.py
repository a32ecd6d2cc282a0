"""`python -m kubectl_dshell` and the `kubectl-dshell` script."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys

_AT_ONCE = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
_MOST_NEW_OBJECTS = 50_000
"""Before a search for unreachable ones: Python's 700 is reached fifty times while modules are imported, for nothing."""


def run() -> None:
    """Run the program: in UTF-8 whatever the locale, like kubectl, and without a traceback at a signal."""
    _leave_at_once_on_signals()
    if not _is_utf8():
        # File names, arguments, environment and output, all at once; nothing has been read or written yet.
        os.execv(sys.executable, [sys.orig_argv[0], "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606  # ourselves
    gc.set_threshold(_MOST_NEW_OBJECTS)
    codes: list[int] = []
    # The first registered runs last. Taking the interpreter apart afterwards takes an eighth of the time of a session.
    atexit.register(lambda: os._exit(codes[0]) if codes else None)
    from kubectl_dshell.cli.main import main

    code = main()
    # All output that could be written is written. Python would retry the rest, and exit with 120 instead of our code.
    sys.stdout = sys.stderr = None  # as if they had been closed
    codes.append(code)
    sys.exit(code)


def _is_utf8() -> bool:
    return bool(sys.flags.utf8_mode) or sys.getfilesystemencoding() == "utf-8" or not sys.executable


def _leave_at_once_on_signals() -> None:
    """Exit without a traceback, while modules are imported and at the very end.

    Everything that needs clean-up begins later, under handlers of its own (`terminal.signals`).
    """
    for name in _AT_ONCE:
        number = getattr(signal, name, None)  # Windows has fewer
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: os._exit(128 + number))


if __name__ == "__main__":
    run()
