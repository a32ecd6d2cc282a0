"""Tables in kubectl's format: upper-case headings, columns separated by spaces, no borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.output.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0) -> str:
    """The last column is not padded; an empty cell reads `<none>`, as in kubectl. `width`: the width to fit into."""
    return Table(heads, rows, width).text(heads, *rows)


class Table:
    """Column widths are fixed by the headings and the first rows; a longer cell in a later row shifts the rest."""

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0) -> None:
        from rich.cells import cell_len

        self._length = cell_len
        cells = [_cells(row) for row in (heads, *rows)]
        self._widths = [max(cell_len(row[i]) for row in cells) for i in range(len(heads))]
        # kubectl's gap of three spaces, or two if that keeps lines from wrapping.
        short = 0 < width < sum(self._widths) + 3 * (len(heads) - 1)
        self._gap = " " * (2 if short else 3)

    def text(self, *rows: Sequence[str]) -> str:
        """One line per row."""
        return "".join(self._gap.join(map(self._padded, _cells(row), self._widths)).rstrip() + "\n" for row in rows)

    def _padded(self, cell: str, width: int) -> str:
        return cell + " " * (width - self._length(cell))


def _cells(row: Sequence[str]) -> list[str]:
    return [escape_line(cell) or "<none>" for cell in row]
