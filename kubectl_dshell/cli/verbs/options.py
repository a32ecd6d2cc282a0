"""`kubectl dshell options`, which lists all flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.parsing import Options, Verb
from kubectl_dshell.cli.stdout import write_data

if TYPE_CHECKING:
    from collections.abc import Callable


class NoOptions(Options):
    """The options of a verb without any."""


def options_verb(full_help: Callable[[], str]) -> Verb[NoOptions]:
    """`kubectl dshell options`; `full_help` renders the help with all flags."""

    def run(_options: NoOptions) -> int:
        """Print all flags of kubectl dshell POD."""
        write_data(f"{full_help()}\n")
        return 0

    return Verb("options", NoOptions, run, flags="[flags]")
