"""The line below a copy, where a person watches it."""

from __future__ import annotations

import io

import pytest

from kubectl_dshell.output.progress.copy_bar import CopyBar, format_bytes


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def screen(monkeypatch: pytest.MonkeyPatch, *, terminal: bool = True, term: str = "xterm") -> Screen:
    made = Screen(terminal=terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stderr", made)
    return made


def test_it_says_how_much_of_how_much_and_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch)
    bar = CopyBar(quiet=False)

    bar.expect(1_000_000)
    bar.advance(500_000)
    bar.expect(1_000_000)
    bar.advance(1_000_000)
    bar.end()

    drawn = shown.getvalue()
    assert "1.5/2.0 MB" in drawn
    assert drawn.endswith("\x1b[1A\x1b[2K")
    bar.advance(500_000)
    assert shown.getvalue() == drawn


def test_where_nobody_knows_how_much_comes_it_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch)
    bar = CopyBar(quiet=False)

    bar.expect(None)
    bar.expect(1_000_000)
    bar.advance(500_000)
    bar.end()

    assert "500.0/? kB" in shown.getvalue()


@pytest.mark.parametrize(
    ("quiet", "terminal", "term"), [(True, True, "xterm"), (False, False, "xterm"), (False, True, "dumb")]
)
def test_it_is_for_terminals_of_those_who_did_not_ask_for_quiet(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, term: str
) -> None:
    shown = screen(monkeypatch, terminal=terminal, term=term)
    bar = CopyBar(quiet=quiet)

    bar.expect(10)
    bar.advance(10)
    bar.end()

    assert shown.getvalue() == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (7_100_000_000_000_000, "7100.0 TB"),
    ],
)
def test_sizes_are_said_as_people_say_them(count: int, text: str) -> None:
    assert format_bytes(count) == text
