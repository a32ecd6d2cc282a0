"""The merged output of many pods: each line begins with its pod and container, in the pod's colour."""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.output.escape import escape_line

if TYPE_CHECKING:
    from kubectl_dshell.domain.config.values import Colour
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.output.sinks.multiplexer import Printer

LONGEST_LINE = 1024 * 1024
"""Bytes after which a line is broken, so that output without line breaks needs little memory."""
# As stern: the pod in a bright colour, the container in the same one, darker.
_COLOURS = [(f"\x1b[{90 + n}m", f"\x1b[{30 + n}m") for n in (6, 2, 5, 3, 4, 1)]
_RESET = "\x1b[0m"
_CONTROL = re.compile(rb"(?P<colour>\x1b\[[0-9;:]{0,64}m)|[\x00-\x08\x0a-\x1f\x7f]|\xc2[\x80-\x9f]")
"""C0 except the tab, DEL, and C1 in UTF-8; of the sequences, only SGR is harmless."""


def prefix(place: ContainerRef, *, namespaced: bool, colour: bool) -> bytes:
    """`web-6d4f app | `, with the namespace in front if there are several."""
    pod = escape_line(f"{place.namespace} {place.pod}" if namespaced else place.pod)
    container = escape_line(place.container or "-")
    if colour:
        bright, dark = _COLOURS[zlib.crc32(pod.encode()) % len(_COLOURS)]
        return f"{bright}{pod}{_RESET} {dark}{container}{_RESET} | ".encode()
    return f"{pod} {container} | ".encode()


def may_colour(wanted: Colour | None = None, *, terminal: bool = True) -> bool:
    """Whether to colour; what the user's configuration says is over NO_COLOR, as https://no-color.org has it.

    NO_COLOR is over FORCE_COLOR (https://force-color.org), which is for pipes, and for terminals that say they cannot.
    """
    if wanted in ("always", "never"):
        return wanted == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "") not in ("", "0") or (terminal and os.environ.get("TERM") != "dumb")


def harmless(line: bytes) -> bytes:
    """`line` for a terminal that also shows other pods: control characters that could move the cursor are escaped.

    Colours are kept, and reset at the end of the line; tabs are kept, and so is the carriage return of CR LF.
    """
    body = line.removesuffix(b"\r")
    shown = _CONTROL.sub(lambda found: found["colour"] or _visible(found[0]), body)
    return shown + _RESET.encode() if b"\x1b" in shown else shown


def _visible(control: bytes) -> bytes:
    return ascii(control.decode())[1:-1].encode()


class PrefixedLines:
    """The output of one pod: complete lines with its prefix, as soon as they are complete."""

    def __init__(self, printer: Printer, prefixes: dict[Channel, bytes]) -> None:
        self._printer = printer
        self._prefixes = prefixes
        self._rest = {Channel.STDOUT: bytearray(), Channel.STDERR: bytearray()}

    @property
    def full(self) -> bool:
        return self._printer.full

    def check(self) -> None:
        self._printer.check()

    def write(self, output: Output) -> None:
        # Output without line breaks arrives in pieces of any size: each is scanned once.
        rest, (whole, newline, last) = self._rest[output.channel], output.data.rpartition(b"\n")
        lines: list[bytes] = []
        if newline:
            rest += whole
            lines = bytes(rest).split(b"\n")
            rest.clear()
        rest += last
        while len(rest) > LONGEST_LINE:
            lines.append(bytes(rest[:LONGEST_LINE]))
            del rest[:LONGEST_LINE]
        if lines:
            self._print(output.channel, lines)

    def finish(self, *, whole: bool) -> dict[str, Any]:  # noqa: ARG002  # printed output cannot be taken back
        """Terminate an unfinished last line."""
        for channel, rest in self._rest.items():
            if rest:
                self._print(channel, [bytes(rest)])
                rest.clear()
        return {}

    def _print(self, channel: Channel, lines: list[bytes]) -> None:
        start = self._prefixes[channel]
        if self._printer.is_terminal(channel):
            lines = [harmless(line) for line in lines]
        self._printer.write(channel, b"".join(start + line + b"\n" for line in lines))
