"""Tracks the modes that the remote side has set in the user's terminal emulator, and resets them."""

from __future__ import annotations

import re

_SWITCH = re.compile(rb"\x1b(?:\[\?([0-9;]{1,64})([hl])|([=>]))")
_UNFINISHED = re.compile(rb"\x1b(?:\[(?:\?[0-9;]{0,64})?)?\Z")

_NORMALLY_ON = {7: b"wrap", 25: b"cursor"}
_NORMALLY_OFF = frozenset({1, 9, 47, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1049, 2004})
"""Cursor keys, mouse, focus, alternate screen, bracketed paste (DEC private modes, xterm's documentation)."""


class Screen:
    """Follows the output, so that only modes in effect are reset: leaving a screen never entered moves the cursor."""

    def __init__(self) -> None:
        self._changed: dict[int, None] = {}
        self._keypad = False
        self._styled = False
        self._rest = b""

    def follow(self, output: bytes) -> None:
        if not self._rest and b"\x1b" not in output:
            return
        self._styled = True
        output = self._rest + output
        for match in _SWITCH.finditer(output):
            numbers, on, keypad = match.groups()
            if keypad:
                self._keypad = keypad == b"="
            else:
                for number in numbers.split(b";"):
                    self._switch(int(number or b"0"), on=on == b"h")
        unfinished = _UNFINISHED.search(output)
        self._rest = unfinished.group() if unfinished else b""

    def _switch(self, number: int, *, on: bool) -> None:
        if number in _NORMALLY_OFF or number in _NORMALLY_ON:
            if on == (number in _NORMALLY_OFF):
                self._changed[number] = None
            else:
                self._changed.pop(number, None)

    def undo(self) -> bytes:
        """The sequences that restore the terminal's usual modes; b"" if there is nothing to reset."""
        if not self._styled:
            return b""
        modes = b"".join(
            b"\x1b[?%d%c" % (number, b"h" if number in _NORMALLY_ON else b"l") for number in reversed(self._changed)
        )
        return modes + (b"\x1b>" if self._keypad else b"") + b"\x1b[0m"
