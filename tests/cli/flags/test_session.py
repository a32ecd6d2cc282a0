"""Whose a terminal's keys are, and who gets one at the far side."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.flags.session import SessionStreams, settle_streams

TERMINAL, PIPE = True, False
NOT_GIVEN = None
COMMAND, SHELL = ("less", "x"), None
NO_TTY = "unable to use a TTY: stdin is not a terminal"


@pytest.mark.parametrize(
    ("there", "asked", "command", "settled", "notice"),
    [
        ((TERMINAL, TERMINAL), (NOT_GIVEN, NOT_GIVEN), SHELL, (True, True), ""),
        ((TERMINAL, TERMINAL), (NOT_GIVEN, NOT_GIVEN), COMMAND, (True, True), ""),
        ((TERMINAL, TERMINAL), (False, NOT_GIVEN), COMMAND, (True, False), ""),
        ((TERMINAL, TERMINAL), (NOT_GIVEN, False), COMMAND, (False, True), ""),
        ((TERMINAL, PIPE), (NOT_GIVEN, NOT_GIVEN), COMMAND, (False, False), ""),
        ((TERMINAL, PIPE), (NOT_GIVEN, NOT_GIVEN), SHELL, (True, False), ""),
        ((TERMINAL, PIPE), (NOT_GIVEN, True), COMMAND, (True, False), ""),
        ((TERMINAL, PIPE), (True, NOT_GIVEN), COMMAND, (True, True), ""),
        ((TERMINAL, PIPE), (True, False), COMMAND, (False, True), ""),
        ((PIPE, TERMINAL), (NOT_GIVEN, NOT_GIVEN), COMMAND, (True, False), ""),
        ((PIPE, PIPE), (NOT_GIVEN, NOT_GIVEN), COMMAND, (True, False), ""),
        ((PIPE, PIPE), (NOT_GIVEN, NOT_GIVEN), SHELL, (True, False), ""),
        ((PIPE, PIPE), (NOT_GIVEN, False), COMMAND, (False, False), ""),
        ((PIPE, TERMINAL), (True, True), COMMAND, (True, False), NO_TTY),
        ((PIPE, PIPE), (True, NOT_GIVEN), SHELL, (True, False), NO_TTY),
        ((PIPE, PIPE), (True, False), COMMAND, (False, False), NO_TTY),
    ],
)
def test_what_is_not_given_follows_from_what_is_there(
    there: tuple[bool, bool],
    asked: tuple[bool | None, bool | None],
    command: tuple[str, ...] | None,
    settled: tuple[bool, bool],
    notice: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: there[0])
    monkeypatch.setattr("sys.stdout.isatty", lambda: there[1])

    assert settle_streams(tty=asked[0], stdin=asked[1], command=command) == SessionStreams(*settled, notice)
