"""`python -m kubectl_dshell` and the `kubectl-dshell` script."""

from __future__ import annotations

import sys


def run() -> None:
    from kubectl_dshell.cli.main import main

    sys.exit(main())


if __name__ == "__main__":
    run()
