"""The picture in README.md is the recording beside it, as small and as readable as it has to be."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from hack.docs.__main__ import CAST, PICTURE, TITLE
from hack.docs.screen import Screen
from hack.docs.svg import render

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_drawn_from_the_committed_recording() -> None:
    assert PICTURE.read_text(encoding="utf-8") == render(CAST.read_text(encoding="utf-8"), TITLE)


def test_it_is_small_and_brings_its_own_background() -> None:
    picture = ET.fromstring(PICTURE.read_text(encoding="utf-8"))

    assert PICTURE.stat().st_size < 60_000
    assert picture[0].tag == f"{SVG}title"
    assert picture.findall(f"{SVG}rect")[0].get("class") == "w"


def test_its_description_is_the_whole_session() -> None:
    description = ET.fromstring(PICTURE.read_text(encoding="utf-8")).findtext(f"{SVG}desc", "")

    assert "$ kubectl dshell web\n" in description
    assert "uid=65532 gid=65532" in description


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("abc\b\bX", ["aXc"]),
        ("abc\r\x1b[KX", ["X"]),
        ("12345678", ["12345", "678"]),
        ("\x1b[?2004h\x1b[1;32m$\x1b[0m ls", ["$ ls"]),
        ("wait\r\n\x1b[1A\x1b[2Kdone", ["done", ""]),
    ],
)
def test_the_screen_is_that_of_a_terminal(written: str, shown: list[str]) -> None:
    screen = Screen(columns=5)

    screen.write(written, 0)

    assert ["".join(cell.character for cell in row) for row in screen.rows] == shown


def test_long_pauses_are_shortened() -> None:
    cast = '{"version": 2, "width": 20, "height": 2}\n[0.0, "o", "a"]\n[60.0, "o", "\\r\\nb"]\n'

    assert 'style="animation-delay:1.2s">b<' in render(cast, "pause")
