"""The bar below the lines of many pods."""

from __future__ import annotations

import pytest

from kubectl_dshell.output.progress.fanout_bar import FanoutBar
from tests.output.paper import ERR, OUT, Paper


def test_a_bar_is_erased_for_each_line_and_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("TERM", "xterm")
    paper = Paper()
    printer = paper.printer(terminal=True)

    with FanoutBar(printer, 2) as bar:
        bar.advance(failed=True)
        bar.say("web-1: pulling image \x1b[2J " + "x" * 100)
        printer.write(OUT, b"line\n")
        bar.advance(failed=False)

    drawn = paper.written[ERR].decode()
    assert paper.written[OUT] == b"\r\x1b[2Kline\n"
    assert "2/2" in drawn
    assert "1 failed" in drawn
    assert "\x1b[2J" not in drawn
    assert drawn.endswith("\x1b[1A\x1b[2K")
    assert printer.has_bar is False
