"""A terminal of the few functions that a recorded shell session uses: text, colours, and corrections of the line."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKENS = re.compile(
    r"\x1b\[(?P<parameters>[0-9;]*)(?P<control>[A-Za-z])"  # CSI
    r"|\x1b\[\?[0-9;]*[a-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-Za-z]?"  # modes and titles: ignored
    r"|(?P<character>.)",
    re.DOTALL,
)
_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class Style(NamedTuple):
    color: str = ""  # one of _COLORS; "" is the terminal's own
    bold: bool = False
    faint: bool = False


class Cell(NamedTuple):
    character: str
    style: Style
    seconds: float  # when it was written


class Screen:
    """Grows downwards without an end: a picture has no need to scroll."""

    def __init__(self, columns: int) -> None:
        self.rows: list[list[Cell]] = [[]]
        self._columns = columns
        self._row = self._column = 0
        self._style = Style()

    def write(self, text: str, seconds: float) -> None:
        for token in _TOKENS.finditer(text):
            if token["control"]:
                self._control(token["control"], [int(n) for n in token["parameters"].split(";") if n])
            elif token["character"]:
                self._character(token["character"], seconds)

    def _character(self, character: str, seconds: float) -> None:
        match character:
            case "\r":
                self._column = 0
            case "\n":
                self._move_down()
            case "\b":
                self._column = max(self._column - 1, 0)
            case _ if character >= " ":
                self._put(Cell(character, self._style, seconds))

    def _put(self, cell: Cell) -> None:
        if self._column == self._columns:
            self._column = 0
            self._move_down()
        row = self.rows[self._row]
        row.extend([Cell(" ", Style(), cell.seconds)] * (self._column - len(row)))
        row[self._column : self._column + 1] = [cell]
        self._column += 1

    def _move_down(self) -> None:
        self._row += 1
        if self._row == len(self.rows):
            self.rows.append([])

    def _control(self, control: str, numbers: list[int]) -> None:
        match control:
            case "m":
                self._select_style(numbers or [0])
            case "A":
                self._row = max(self._row - (numbers or [1])[0], 0)
            case "C":
                self._column = min(self._column + (numbers or [1])[0], self._columns)
            case "D":
                self._column = max(self._column - (numbers or [1])[0], 0)
            case "K":
                del self.rows[self._row][0 if numbers == [2] else self._column :]
            case "J":
                del self.rows[self._row][self._column :]
                del self.rows[self._row + 1 :]
            case _:  # nothing that a shell's line editor needs
                pass

    def _select_style(self, numbers: list[int]) -> None:
        for number in numbers:
            match number:
                case 0:
                    self._style = Style()
                case 1:
                    self._style = self._style._replace(bold=True)
                case 2:
                    self._style = self._style._replace(faint=True)
                case 22:
                    self._style = self._style._replace(bold=False, faint=False)
                case 39:
                    self._style = self._style._replace(color="")
                case _ if number // 10 in (3, 9) and number % 10 < len(_COLORS):
                    self._style = self._style._replace(color=_COLORS[number % 10])
