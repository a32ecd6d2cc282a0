"""What is undone after an abnormal end, and that nothing else is."""

from __future__ import annotations

import pytest

from kubectl_dshell.terminal.screen import Screen

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize(
    ("written", "undo"),
    [
        pytest.param(b"plain text", b"", id="plain"),
        pytest.param(b"\x1b[1mbold", b"\x1b[0m", id="style"),
        pytest.param(b"\x1b[?1049h", b"\x1b[?1049l\x1b[0m", id="alternate-screen"),
        pytest.param(b"\x1b[?1049hvi\x1b[?1049l", b"\x1b[0m", id="alternate-screen-left"),
        pytest.param(b"\x1b[?25l", b"\x1b[?25h\x1b[0m", id="cursor"),
        pytest.param(b"\x1b[?25l\x1b[?25h", b"\x1b[0m", id="cursor-shown-again"),
        pytest.param(b"\x1b[?1000;1006h", b"\x1b[?1006l\x1b[?1000l\x1b[0m", id="two-at-once"),
        pytest.param(b"\x1b=", b"\x1b>\x1b[0m", id="keypad"),
        pytest.param(b"\x1b=\x1b>", b"\x1b[0m", id="keypad-back"),
        pytest.param(b"\x1b[?12h\x1b[?;h", b"\x1b[0m", id="modes-of-no-concern"),
    ],
)
@pytest.mark.parametrize("piece", [1, 2, 3, 100], ids="pieces-of-{}".format)
def test_only_what_is_on_is_undone_however_the_output_is_cut(written: bytes, undo: bytes, piece: int) -> None:
    screen = Screen()

    for start in range(0, len(written), piece):
        screen.follow(written[start : start + piece])

    assert screen.undo() == undo
