"""Output of `ls --watch` that is not redrawn: lines as in `kubectl get -w`, or one JSON document per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.output.debug_containers.document import change_document
from kubectl_dshell.output.debug_containers.formats import format_name
from kubectl_dshell.output.debug_containers.table import WIDTH, heads, rows
from kubectl_dshell.output.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.change import ListUpdate


class Changes(Protocol):
    def show(self, update: ListUpdate, now: datetime) -> None:
        """Called first with the whole list, then with the changes, of which there may be none."""


class JsonLines:
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show(self, update: ListUpdate, now: datetime) -> None:
        del now
        for change in update.changes:
            self._write(json.dumps(change_document(change), separators=(",", ":")) + "\n")


class NameLines:
    def __init__(self, write: Callable[[str], None], *, everywhere: bool) -> None:
        self._write, self._everywhere = write, everywhere

    def show(self, update: ListUpdate, now: datetime) -> None:
        del now
        for change in update.changes:
            self._write(format_name(change.listed, everywhere=self._everywhere))


class TableLines:
    """The headings precede the first row; a container whose pod is deleted reads "gone"."""

    def __init__(self, write: Callable[[str], None], *, wide: bool, everywhere: bool, with_heads: bool) -> None:
        self._write = write
        self._wide, self._everywhere, self._with_heads = wide, everywhere, with_heads
        self._table: Table | None = None

    def show(self, update: ListUpdate, now: datetime) -> None:
        changes = update.changes
        if not changes:
            return
        names = heads(wide=self._wide, everywhere=self._everywhere)
        found = rows([c.listed for c in changes], now, wide=self._wide, everywhere=self._everywhere)
        for row, change in zip(found, changes, strict=True):
            if change.gone:
                row[names.index("STATE")] = "gone"
        if self._table is None:
            self._table = Table(names, found, 0 if self._wide else WIDTH)
            self._write(self._table.text(names) if self._with_heads else "")
        self._write(self._table.text(*found))
