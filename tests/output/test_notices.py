"""Lines for a person, whatever the terminal is being used for."""

from __future__ import annotations

import pytest

from kubectl_dshell.output.notices import Notices, write_line


@pytest.mark.parametrize(
    ("terminal", "raw", "said"),
    [
        (False, False, "notice\nwarn\na\nb\ntrace\n"),
        (True, False, "notice\nwarn\n\na\nb\ntrace\n"),
        (True, True, "\r\nnotice\r\n\r\nwarn\r\n\r\na\r\nb\r\n\r\ntrace\r\n"),
    ],
)
def test_lines_begin_at_the_left_in_a_raw_terminal_too(
    terminal: bool, raw: bool, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    notices = Notices(quiet=False, is_raw=lambda: raw)

    notices.notice("notice")
    notices.warn("warn")
    notices.interject("a\nb")
    notices.trace("trace")

    assert capsys.readouterr().err == said


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "\x9b2J", "a\rb", "\u202eevil", "\x1b[8m", "\udcff", "\x00"])
def test_nothing_that_is_said_moves_the_cursor(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_line(f"no container {text} here")

    said = capsys.readouterr().err
    assert said == f"no container {ascii(text)[1:-1]} here\n"


@pytest.mark.parametrize(("patience", "after"), [(1, 4), (5, 24)])
def test_a_script_is_told_of_progress_after_some_seconds(
    patience: int, after: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100.0
    monkeypatch.setattr("time.monotonic", lambda: seconds)
    notices = Notices(quiet=False, patience=patience)

    notices.progress("pulling")
    seconds += after - 0.1
    notices.progress("pulling")
    assert capsys.readouterr().err == ""
    seconds += 0.1
    notices.progress("pulling")
    assert capsys.readouterr().err == "pulling\n"
