"""Payloads of v5/v4.channel.k8s.io (KEP-4006): a binary message is a channel byte followed by data.

Pure: bytes to events and back, without frames or sockets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import Channel, Event, Exit, Output
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line, shortened, small_number
from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.rest.untrusted_json import objects_at, parse_json, text_at

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import TerminalSize

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"

STDIN = bytes([Channel.STDIN])
"""The first byte of a message that writes the rest of it to stdin of the command."""
_LARGEST_STATUS = 1024 * 1024
_HIGHEST_CODE = 255  # the process would exit with the code modulo 256: 0 for 256
END_OF_INPUT = bytes([Channel.CLOSE, Channel.STDIN])
_OUTPUT = {channel.value: channel for channel in (Channel.STDOUT, Channel.STDERR)}


def decode(message: bytes) -> Event | None:
    """The event in a binary message; None for the empty messages that open each channel, and for other channels."""
    if len(message) < 2:  # a channel byte without data
        return None
    number = message[0]
    if number in _OUTPUT:
        return Output(_OUTPUT[number], message[1:])
    if number == Channel.STATUS:
        return exit_of(message[1:])
    return None


def resize(size: TerminalSize) -> bytes:
    """The message that sets the size of the terminal."""
    return bytes([Channel.RESIZE]) + json.dumps({"Width": size.columns, "Height": size.rows}).encode()


def exit_of(status: bytes) -> Exit:
    """The exit of a metav1.Status: Success is 0, a cause ExitCode has the code; otherwise there is only a message."""
    try:
        document = parse_json(status[:_LARGEST_STATUS])
    except Malformed:
        document = None
    if not isinstance(document, dict):
        return Exit(None, shortened(status[: 4 * LONGEST_MESSAGE].decode(errors="replace")))
    message = text_at(document, "message")
    if document.get("status") == "Success":
        return Exit(0, shortened(message))
    code = _exit_code(document)
    if code is None:  # the runtime says why there was nothing to exit
        from kubectl_dshell.domain.runtime.summary import summary

        return Exit(None, summary(message) or one_line(text_at(document, "reason")))
    return Exit(code, shortened(message) or one_line(text_at(document, "reason")))


def _exit_code(document: dict[str, Any]) -> int | None:
    for cause in objects_at(document, "details", "causes"):
        if cause.get("reason") == "ExitCode":
            code = small_number(cause.get("message"))
            return code if code is not None and code <= _HIGHEST_CODE else None
    return None
