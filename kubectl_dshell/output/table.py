"""Tables as kubectl prints them: upper-case heads, columns apart by three blanks, no frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.output.escape import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "   "


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The last column is not padded; an empty cell reads `<none>`, as in kubectl."""
    from rich.cells import cell_len

    cells = [list(heads)] + [[escape(cell).replace("\n", " ") or "<none>" for cell in row] for row in rows]
    widths = [max(cell_len(row[i]) for row in cells) for i in range(len(heads))]
    return "".join(
        _GAP.join(cell + " " * (widths[i] - cell_len(cell)) for i, cell in enumerate(row)).rstrip() + "\n"
        for row in cells
    )
