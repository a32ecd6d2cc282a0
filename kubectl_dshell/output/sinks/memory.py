"""The output of one pod, as text for a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import Channel

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import Output
    from kubectl_dshell.output.sinks.multiplexer import Printer

LIMIT = 1024 * 1024
"""Bytes kept of each of the two; the rest is dropped and reported as truncated. Keeps sixteen pods below 150 MB."""
_NAMES = {Channel.STDOUT: "stdout", Channel.STDERR: "stderr"}


class MemorySink:
    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._kept = {channel: bytearray() for channel in _NAMES}
        self._cut: set[Channel] = set()

    @property
    def full(self) -> bool:
        """True while finished documents are not being read, so that no more output is received for later ones."""
        return self._printer.full

    def check(self) -> None:
        self._printer.check()

    def write(self, output: Output) -> None:
        kept = self._kept[output.channel]
        room = LIMIT - len(kept)
        kept += output.data[:room]
        if len(output.data) > room:
            self._cut.add(output.channel)

    def finish(self, *, whole: bool) -> dict[str, Any]:  # noqa: ARG002  # the document tells how it ended
        """`stdout` and `stderr`; `replaced` names those that were not UTF-8, `truncated` those that were too long."""
        texts, replaced = {}, []
        for channel, name in _NAMES.items():
            texts[name], faithful = _text(bytes(self._kept[channel]), cut=channel in self._cut)
            replaced += [] if faithful else [name]
        truncated = [name for channel, name in _NAMES.items() if channel in self._cut]
        return {**texts, "replaced": replaced, "truncated": truncated}


def _text(data: bytes, *, cut: bool) -> tuple[str, bool]:
    """The text, and whether it is faithful. A character that was cut in half is omitted."""
    try:
        return data.decode(), True
    except UnicodeDecodeError as error:
        if cut and error.start >= len(data) - 3:
            return data[: error.start].decode(), True
        return data.decode(errors="replace"), False
