"""A table on a terminal that is redrawn when it changes."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from kubectl_dshell.domain.debug_container.change import ChangeKind
from kubectl_dshell.domain.debug_container.listing import SortKey, Stage, sorted_by
from kubectl_dshell.output.debug_containers.formats import format_debug_containers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.change import ListUpdate
    from kubectl_dshell.domain.debug_container.listing import ListedContainer
    from kubectl_dshell.domain.pod.container_ref import ContainerRef


_ENDED_STAYS = timedelta(seconds=10)
"""How long the row of one that ended is still shown, although the filter leaves out what has ended."""


class LiveTable:
    """A context manager that always restores the terminal; the last table stays on screen."""

    def __init__(
        self, *, wide: bool, everywhere: bool, sort_by: SortKey | None, last_line: Callable[[int, int], str]
    ) -> None:
        """`last_line` makes the line below the table, from the numbers of rows and of ended ones left out."""
        from rich.console import Console
        from rich.live import Live

        self._wide, self._everywhere, self._sort_by, self._last_line = wide, everywhere, sort_by, last_line
        self._shown: dict[ContainerRef, ListedContainer] = {}
        self._ended: dict[ContainerRef, tuple[ListedContainer, datetime]] = {}
        self.text = ""
        self._console = Console(highlight=False)
        # Notices appear above the table, unless stderr is a file.
        stderr = sys.stderr.isatty()
        self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=stderr)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, update: ListUpdate, now: datetime) -> None:
        for change in update.changes:
            key = change.listed.container.ref
            if change.kind is not ChangeKind.DELETED:
                self._shown[key] = change.listed
                continue
            self._shown.pop(key, None)
            if change.listed.stage is Stage.ENDED and not change.gone:
                self._ended[key] = change.listed, now + _ENDED_STAYS
        self._ended = {key: (one, until) for key, (one, until) in self._ended.items() if now < until}
        text = self._drawn(update.ended, now)
        if text != self.text:
            from rich.text import Text

            self.text = text
            self._live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)

    def _drawn(self, ended: int, now: datetime) -> str:
        found = sorted_by([*self._shown.values(), *(one for one, _ in self._ended.values())], self._sort_by)
        last = self._last_line(len(found), ended)
        if not found:
            return last
        form = "wide" if self._wide else ""
        lines = format_debug_containers(found, form, now, everywhere=self._everywhere, with_heads=True).splitlines()
        room = max(2, self._console.height - 2 - bool(last))
        if len(lines) > room:
            lines[room - 1 :] = [f"... and {len(lines) - room + 1} more"]
        return "\n".join([*lines, *([last] if last else [])])
