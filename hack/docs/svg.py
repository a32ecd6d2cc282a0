"""An asciicast v2 as an SVG that plays once and then shows the whole session.

https://docs.asciinema.org/manual/asciicast/v2/. Every piece of text is an element of its own that appears after a
delay; viewers without animation, and readers who prefer reduced motion, see the final picture at once. The window has
its own dark background, so that the text is readable on a light page and on a dark one.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from hack.docs.screen import Cell, Screen, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CELL_WIDTH, _LINE_HEIGHT, _FONT_SIZE = 8.4, 19, 14
_MARGIN, _TITLE_BAR = 16, 30
_LONGEST_PAUSE = 1.2
"""Seconds; what takes longer in the recording is cut to this."""
_STEP = 0.12
"""Seconds; characters typed within one step appear together, which makes the file three times smaller."""
_STYLE = """\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#d5d9e0}
.w{fill:#1b1f27;stroke:#3d4451}.title{fill:#8b93a1}
.b{font-weight:bold}.f{opacity:.65}
.black{fill:#8b93a1}.red{fill:#ff8080}.green{fill:#8fd48f}.yellow{fill:#e6c76a}.blue{fill:#82b1ff}
.magenta{fill:#d8a0f0}.cyan{fill:#74d3d8}.white{fill:#fff}
.t{animation:a 1ms both}
@keyframes a{from{visibility:hidden}to{visibility:visible}}
@media(prefers-reduced-motion:reduce){.t{animation:none}}
"""


class Piece(NamedTuple):
    """Text of one style that appears at once; its place in cells."""

    row: int
    column: int
    text: str
    style: Style
    seconds: float


def render(cast: str, title: str) -> str:
    """The whole file; `title` is shown in the window's bar and read out by screen readers."""
    header, *events = (json.loads(line) for line in cast.splitlines())
    screen = Screen(header["width"])
    for seconds, text in _without_pauses(events):
        screen.write(text, seconds)
    while screen.rows and not screen.rows[-1]:
        screen.rows.pop()
    width = round(2 * _MARGIN + header["width"] * _CELL_WIDTH)
    height = _TITLE_BAR + _MARGIN + len(screen.rows) * _LINE_HEIGHT
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    access = 'role="img" aria-labelledby="title desc" xml:space="preserve"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {access}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_plain(screen))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="w" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        f'<text class="title" x="{_MARGIN}" y="21">{escape(title)}</text>',
        *map(_element, _pieces(screen.rows)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _without_pauses(events: Iterable[list[object]]) -> Iterator[tuple[float, str]]:
    """Each output with its time since the start, in whole steps."""
    before = passed = 0.0
    for seconds, kind, text in events:
        if kind != "o" or not isinstance(seconds, (int, float)):
            continue
        passed += min(seconds - before, _LONGEST_PAUSE)
        before = seconds
        yield round(passed / _STEP) * _STEP, str(text)


def _pieces(rows: list[list[Cell]]) -> Iterator[Piece]:
    for number, row in enumerate(rows):
        starts = [0, *(i for i, (a, b) in enumerate(pairwise(row), 1) if a[1:] != b[1:]), len(row)]
        for start, end in pairwise(starts):
            text = "".join(cell.character for cell in row[start:end])
            if text.strip():
                column = start + len(text) - len(text.lstrip())
                yield Piece(number, column, text.strip(), row[start].style, row[start].seconds)


def _element(piece: Piece) -> str:
    style = piece.style
    classes = ["t", *filter(None, [style.color, "b" * style.bold, "f" * style.faint])]
    x = f"{_MARGIN + piece.column * _CELL_WIDTH:.1f}".removesuffix(".0")
    y = _TITLE_BAR + _LINE_HEIGHT * piece.row + _FONT_SIZE + 2
    # textLength: the columns fit whatever font the reader has
    width = f"{len(piece.text) * _CELL_WIDTH:.1f}".removesuffix(".0")
    delay = f"{piece.seconds:.2f}".rstrip("0").rstrip(".")
    return (
        f'<text class="{" ".join(classes)}" x="{x}" y="{y}" textLength="{width}" style="animation-delay:{delay}s">'
        f"{escape(piece.text)}</text>"
    )


def _plain(screen: Screen) -> str:
    return "\n".join("".join(cell.character for cell in row).rstrip() for row in screen.rows)
