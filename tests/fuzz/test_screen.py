"""What follows, records or shows the bytes of a program at the far side."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.domain.stream import Channel, Output, TerminalSize
from kubectl_dshell.output.escape import escape
from kubectl_dshell.output.sinks.prefixed import harmless
from kubectl_dshell.terminal.recording.asciicast import Recorder
from kubectl_dshell.terminal.screen import Screen

_SEQUENCES = [
    *(
        b"\x1b",
        b"\x1b[",
        b"\x1b[?",
        b"h",
        b"l",
        b";",
        b"25",
        b"1049",
        b"2004",
        b"9" * 70,
        b"\x1b=",
        b"\x1b>",
        b"\x1b[0m",
    ),
    *(
        b"\x1b[?1049h",
        b"\x1b[?25l",
        b"\x1b[?1000;1006h",
        b"\x1b[?;h",
        b"\x1b[8m",
        b"\x1b]0;x\x07",
        b"\xc2\x9b",
        b"\r",
        b"\n",
    ),
    *(b"\xc3", b"\xe2\x80", b"\xf0\x9f\x91", b"\xed\xa0\x80", b"\xff"),
]
piece = st.one_of(st.sampled_from(_SEQUENCES), st.binary(max_size=6))
output = st.lists(piece, max_size=30).map(b"".join)
_RESTORES = re.compile(rb"(\x1b\[\?\d+[hl])*(\x1b>)?\x1b\[0m|")


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@settings(deadline=None)
@example(b"\x1b[?" + b"1;" * 40 + b"h", [5, 70])
@example(b"\x1b\x1b[?25l", [1, 2])
@given(output, st.lists(st.integers(0, 10_000), max_size=8))
def test_the_screen_is_followed_however_the_output_is_cut_and_keeps_nothing(data: bytes, at: list[int]) -> None:
    whole, pieces = Screen(), Screen()

    whole.follow(data)
    for one in cut(data, at):
        pieces.follow(one)
        assert len(pieces._rest) <= 70
        assert len(pieces._changed) <= 18

    assert _RESTORES.fullmatch(whole.undo())
    assert pieces.undo() == whole.undo()


@settings(deadline=None)
@given(output, st.lists(st.integers(0, 10_000), max_size=8), st.booleans(), st.text(max_size=5))
def test_a_recording_is_lines_of_json_and_has_every_byte(data: bytes, at: list[int], raw: bool, term: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cast"
        recorder = Recorder(str(path), {"TERM": term}, lambda said: (_ for _ in ()).throw(AssertionError(said)))
        recorder.output(Output(Channel.STDOUT, b"before it has begun"))
        recorder.begin(TerminalSize(24, 80), raw=raw)
        for one in cut(data, at):
            recorder.output(Output(Channel.STDOUT, one))
            recorder.resize(TerminalSize(24, len(one) + 1))
        recorder.close()
        lines = path.read_bytes().split(b"\n")

    header, *events = [json.loads(line) for line in lines[:-1]]
    assert lines[-1] == b""
    assert all(len(line) == len(line.decode("ascii")) for line in lines)
    assert header["version"] == 2
    printed = "".join(text for _time, kind, text in events if kind == "o")
    text = data.decode(errors="replace")
    assert printed == (text if raw else text.replace("\n", "\r\n"))


@settings(deadline=None)
@example(b"\x1b[31m\x1b[0m\r")
@given(output.map(lambda data: data.replace(b"\n", b"")))
def test_what_a_terminal_is_shown_of_a_pod_stays_in_its_line(line: bytes) -> None:
    shown = harmless(line)

    plain = re.sub(rb"\x1b\[[0-9;:]{0,64}m", b"", shown)
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]|\xc2[\x80-\x9f]", plain)
    assert b"\x1b" not in shown or shown.endswith(b"\x1b[0m")


@given(st.text())
def test_what_we_say_ourselves_has_no_control_characters(text: str) -> None:
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", escape(text)
    )
