"""Lines of many pods beside each other: whole, and told apart."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.config.values import Colour
from kubectl_dshell.domain.stream import Output
from kubectl_dshell.output.sinks import prefixed
from kubectl_dshell.output.sinks.prefixed import PrefixedLines, prefix
from tests.output.paper import ERR, OUT, WEB, ContainerRef, Paper


@pytest.mark.parametrize("colour", [True, False])
def test_a_prefix_moves_no_cursor(*, colour: bool) -> None:
    start = prefix(ContainerRef("sh\nop", "web\x1b]0;x\x07\ud800", "a\u2028"), namespaced=True, colour=colour)

    assert b"\x1b]" not in start
    assert b"sh op web\\x1b]0;x\\x07\\ud800" in start
    assert b"a\\u2028" in start


def lines(paper: Paper, *, terminal: bool = False) -> PrefixedLines:
    start = prefix(WEB, namespaced=False, colour=False)
    return PrefixedLines(paper.printer(terminal=terminal), {OUT: start, ERR: start})


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ([b"one\ntwo\n"], b"web-1 app | one\nweb-1 app | two\n"),
        ([b"o", b"n", b"e\n"], b"web-1 app | one\n"),
        ([b"no end"], b"web-1 app | no end\n"),
        ([b"one\n", b"no end"], b"web-1 app | one\nweb-1 app | no end\n"),
        ([b"\n\n"], b"web-1 app | \nweb-1 app | \n"),
        ([b"\xff\x00\r10%\r20%\n"], b"web-1 app | \xff\x00\r10%\r20%\n"),
        ([b"\xc3", b"\xa9\n"], "web-1 app | é\n".encode()),
        ([], b""),
    ],
)
def test_lines_are_whole_and_begin_with_their_pod(written: list[bytes], printed: bytes) -> None:
    paper = Paper()
    sink = lines(paper)

    for data in written:
        sink.write(Output(OUT, data))
    sink.finish(whole=True)

    assert paper.written == {OUT: printed, ERR: b""}
    assert all(piece.endswith(b"\n") for piece in paper.pieces)


def test_stderr_stays_stderr() -> None:
    paper = Paper()
    sink = lines(paper)

    sink.write(Output(OUT, b"data"))
    sink.write(Output(ERR, b"oops\n"))
    sink.write(Output(OUT, b"\n"))

    assert paper.written == {OUT: b"web-1 app | data\n", ERR: b"web-1 app | oops\n"}


def test_what_has_no_lines_is_broken_into_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixed, "LONGEST_LINE", 4)
    paper = Paper()
    sink = lines(paper)

    sink.write(Output(OUT, b"123456789"))
    sink.finish(whole=True)

    assert paper.written[OUT] == b"web-1 app | 1234\nweb-1 app | 5678\nweb-1 app | 9\n"


def test_a_prefix_in_colour_is_always_the_same_for_a_pod() -> None:
    one, again = (prefix(WEB, namespaced=True, colour=True) for _ in range(2))
    colours = {prefix(ContainerRef("shop", f"web-{n}", "app"), namespaced=False, colour=True)[:5] for n in range(50)}

    assert one == again
    assert b"shop web-1\x1b[0m" in one
    assert len(colours) == 6


@pytest.mark.parametrize(
    ("name", "value", "wanted"), [("NO_COLOR", "1", False), ("TERM", "dumb", False), ("TERM", "xterm", True)]
)
def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)

    assert prefixed.may_colour() is wanted
    assert prefixed.may_colour(Colour.AUTO) is wanted
    assert prefixed.may_colour(Colour.ALWAYS, terminal=False) is True
    assert prefixed.may_colour(Colour.NEVER) is False
    assert prefixed.may_colour(terminal=False) is False


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain \xc3\xa9 \xe6\x97\xa5 \xff", b"plain \xc3\xa9 \xe6\x97\xa5 \xff"),
        (b"a\tb", b"a\tb"),
        (b"of a file from Windows\r", b"of a file from Windows"),
        (b"\x1b[31;1mred\x1b[0m", b"\x1b[31;1mred\x1b[0m\x1b[0m"),
        (b"\x1b[8mhides the next line", b"\x1b[8mhides the next line\x1b[0m"),
        (b"\rdb-1 app | forged", b"\\rdb-1 app | forged"),
        (b"x\r\r", b"x\\r"),
        (b"\x1b[1A\x1b[2Kforged", b"\\x1b[1A\\x1b[2Kforged"),
        (b"\x1b]0;title\x07", b"\\x1b]0;title\\x07"),
        (b"\x1bM\x1bc\x1b7", b"\\x1bM\\x1bc\\x1b7"),
        (b"\x08\x08\x0b\x0c\x0e\x7f\x00", b"\\x08\\x08\\x0b\\x0c\\x0e\\x7f\\x00"),
        (b"\xc2\x9b2J\xc2\x85\xc2\xa0", b"\\x9b2J\\x85\xc2\xa0"),
        (b"\x1b[" + b"1" * 5000 + b"m", b"\\x1b[" + b"1" * 5000 + b"m"),
        (b"\x1b[31", b"\\x1b[31"),
    ],
)
def test_on_a_terminal_no_pod_writes_into_another_s_lines(line: bytes, shown: bytes) -> None:
    for terminal, wanted in ((True, shown), (False, line)):
        paper = Paper()
        sink = lines(paper, terminal=terminal)

        sink.write(Output(OUT, line + b"\n"))
        sink.write(Output(ERR, line))
        sink.finish(whole=True)

        assert paper.written == {OUT: b"web-1 app | " + wanted + b"\n", ERR: b"web-1 app | " + wanted + b"\n"}


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_pipe_can_be_coloured(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, wanted: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert prefixed.may_colour(terminal=False) is wanted
    assert prefixed.may_colour(Colour.NEVER, terminal=False) is False
