"""Something that outputs are written to, to be looked at."""

from __future__ import annotations

from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.output.sinks.multiplexer import Printer

__all__ = ["ERR", "OUT", "WEB", "ContainerRef", "Paper"]

OUT, ERR = Channel.STDOUT, Channel.STDERR
WEB = ContainerRef("shop", "web-1", "app")


class Paper:
    """Both outputs, as they would be on a terminal or in files."""

    full = False

    def __init__(self) -> None:
        self.written = {OUT: b"", ERR: b""}
        self.pieces: list[bytes] = []

    def check(self) -> None: ...

    def write(self, output: Output) -> None:
        self.pieces.append(output.data)
        self.written[output.channel] += output.data

    def printer(self, *, terminal: bool = False) -> Printer:
        return Printer(self, lambda _channel: terminal)
