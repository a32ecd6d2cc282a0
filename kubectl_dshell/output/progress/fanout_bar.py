"""Progress of a command in many pods: one line on a terminal's stderr, removed at the end."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Self, cast

from kubectl_dshell.output.escape import escape

if TYPE_CHECKING:
    from kubectl_dshell.output.sinks.multiplexer import Printer

_PER_SECOND = 5
_BAR = 24
_GAP = 1


class FanoutBar:
    """Context manager; used by several threads."""

    def __init__(self, printer: Printer, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        self._printer = printer
        self._failed = 0
        # Always exactly one line, even in a narrow terminal: whoever writes another line erases just one.
        text = Column(no_wrap=True, overflow="ellipsis")
        self._waits = ""
        self._progress = Progress(
            TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=_BAR),
            TextColumn("{task.fields[text]}", markup=False, table_column=text),
            console=Console(file=cast("IO[str]", _PrinterFile(printer)), force_terminal=True),
            transient=True,
            refresh_per_second=_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", total=total, text="")
        self._room = self._progress.console.width - _BAR - len(f"{total}/{total}") - 2 * _GAP

    def __enter__(self) -> Self:
        self._printer.has_bar = True
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        self._printer.has_bar = False

    def advance(self, *, failed: bool) -> None:
        self._failed += failed
        self._progress.update(self._task, advance=1, text=self._text())

    def say(self, text: str) -> None:
        """Show what one of the pods is waiting for."""
        self._waits = escape(text).replace("\n", " ")
        self._progress.update(self._task, text=self._text())

    def _text(self) -> str:
        failed = f"{self._failed} failed " if self._failed else ""
        return f"{failed}{self._waits}"[: max(0, self._room)]


class _PrinterFile:
    """The file that rich draws on."""

    encoding = "utf-8"

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._printer.draw(text)
        return len(text)

    def flush(self) -> None: ...

    def fileno(self) -> Any:
        return 2
