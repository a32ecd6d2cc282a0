"""A table on a terminal that is redrawn when it changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from kubectl_dshell.domain.debug_container.change import ChangeKind
from kubectl_dshell.domain.debug_container.listing import SortKey, sorted_by
from kubectl_dshell.output.debug_containers.formats import format_debug_containers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.change import Change
    from kubectl_dshell.domain.debug_container.listing import ListedContainer
    from kubectl_dshell.domain.pod.container_ref import ContainerRef


class LiveTable:
    """A context manager that always restores the terminal; the last table stays on screen."""

    def __init__(self, *, wide: bool, everywhere: bool, sort_by: SortKey | None, empty: str) -> None:
        """`empty` is shown in place of a table without rows."""
        from rich.console import Console
        from rich.live import Live

        self._wide, self._everywhere, self._sort_by, self._empty = wide, everywhere, sort_by, empty
        self._shown: dict[ContainerRef, ListedContainer] = {}
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

    def show(self, changes: Sequence[Change], now: datetime) -> None:
        for change in changes:
            container = change.listed.container
            key = container.ref
            if change.kind is ChangeKind.DELETED:
                self._shown.pop(key, None)
            else:
                self._shown[key] = change.listed
        text = self._drawn(now)
        if text != self.text:
            from rich.text import Text

            self.text = text
            self._live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)

    def _drawn(self, now: datetime) -> str:
        if not self._shown:
            return self._empty
        found = sorted_by(self._shown.values(), self._sort_by)
        form = "wide" if self._wide else ""
        lines = format_debug_containers(found, form, now, everywhere=self._everywhere, with_heads=True).splitlines()
        room = max(2, self._console.height - 2)
        if len(lines) > room:
            lines[room - 1 :] = [f"... and {len(lines) - room + 1} more"]
        return "\n".join(lines)
