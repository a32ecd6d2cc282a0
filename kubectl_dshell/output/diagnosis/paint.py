"""Words with a meaning in colour, and lines that fit a terminal; neither for pipes and files."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line
from kubectl_dshell.output.escape import escape_line
from kubectl_dshell.output.sinks.prefixed import may_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.domain.config.values import Colour

_NARROWEST = 20


def stdout_width() -> int:
    """Columns of the terminal; 0: it is none, and lines are not broken."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def painter(wanted: Colour | None = None) -> Callable[[str, str], str]:
    """Puts a text into a style of rich, if stdout is a terminal that may show colours, or they are wanted always."""
    if not may_colour(wanted, terminal=sys.stdout.isatty()):
        return lambda text, _style: text
    from rich.color import ColorSystem
    from rich.style import Style

    return lambda text, style: Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


def paragraph(first: str, text: str, width: int) -> Sequence[str]:
    """`text` after the cells `first`, broken at spaces to fit into `width` columns and indented below them."""
    room = width - len(first)
    lines = [escape_line(line.strip()) for line in text.splitlines()]
    if room >= _NARROWEST:
        wrapper = textwrap.TextWrapper(room, break_on_hyphens=False, break_long_words=False)
        lines = [part for line in lines for part in wrapper.wrap(line)]
    return [first + lines[0], *(" " * len(first) + line for line in lines[1:])] if lines else [first.rstrip()]


def single_line(text: str) -> str:
    """A message for programs."""
    return " ".join(one_line(text, LONGEST_MESSAGE).split())
