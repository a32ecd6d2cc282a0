"""A recording is whole and valid whatever happens, private, and of the output alone."""

from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.domain.stream import Channel, Output, TerminalSize
from kubectl_dshell.errors import OutputFailed, UsageError
from kubectl_dshell.terminal.recording.asciicast import Recorder
from kubectl_dshell.terminal.recording.recording_terminal import RecordedTerminal
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds
from tests.terminal.fakes import FakeStream, pair
from tests.terminal.rig import thread
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
ENVIRONMENT = {"TERM": "xterm", "SHELL": "/bin/zsh", "SECRET": "s3cret"}


def recorder(path: Path, said: list[str] | None = None) -> Recorder:
    heard: list[str] = [] if said is None else said
    return Recorder(str(path), ENVIRONMENT, heard.append)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def screen(path: Path) -> str:
    return "".join(data for _, kind, data in lines(path)[1:] if kind == "o")


def out(data: bytes, channel: Channel = Channel.STDOUT) -> Output:
    return Output(channel, data)


def test_the_header_and_the_events_are_those_of_asciicast_2(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    with closing(recorder(path)) as recording:
        recording.begin(TerminalSize(33, 111), raw=True)
        recording.resize(TerminalSize(33, 111))
        recording.output(out(b"\x1b[1mhi\r\n"))
        recording.resize(TerminalSize(20, 60))
        recording.output(out("ü\0".encode()))

    header, *events = lines(path)
    assert header.pop("timestamp") > 1_700_000_000
    assert header == {"version": 2, "width": 111, "height": 33, "env": {"TERM": "xterm", "SHELL": "/bin/zsh"}}
    assert [event[1:] for event in events] == [["o", "\x1b[1mhi\r\n"], ["r", "60x20"], ["o", "ü\0"]]
    assert [event[0] for event in events] == sorted(event[0] for event in events)


def test_it_is_for_nobody_else_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    os.umask(os.umask(0))  # whatever it is
    with closing(recorder(path)) as recording:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(UsageError, match="already exists, and a recording never overwrites a file"):
            recorder(path)
        recording.begin(None, raw=False)
    before = path.read_bytes()

    with pytest.raises(UsageError):
        recorder(path)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        recorder(tmp_path / "link")
    assert path.read_bytes() == before
    assert not (tmp_path / "elsewhere").exists()


def test_where_there_can_be_no_file_is_said_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match=r"cannot record to .*/no/a\.cast: No such file or directory"):
        recorder(tmp_path / "no" / "a.cast")


def test_a_session_that_never_began_leaves_no_file(tmp_path: Path) -> None:
    recorder(tmp_path / "a.cast").close()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_characters_that_come_in_pieces_are_kept_whole(tmp_path: Path, size: int) -> None:
    path, text = tmp_path / "a.cast", "grün 日本 👩‍💻 €\u2028"
    data = text.encode()
    with closing(recorder(path)) as recording:
        recording.begin(None, raw=True)
        for at in range(0, len(data), size):
            recording.output(out(data[at : at + size]))
            recording.output(out(data[at : at + size], Channel.STDERR))

    assert sorted(screen(path)) == sorted(text * 2)


def test_what_is_no_utf_8_is_replaced_and_half_a_character_at_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    with closing(recorder(path)) as recording:
        recording.begin(None, raw=True)
        recording.output(out(b"a\xffb\xe2\x82"))

    assert screen(path) == "a\ufffdb\ufffd"


def test_without_a_terminal_lines_end_as_a_terminal_would_end_them(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    with closing(recorder(path)) as recording:
        recording.begin(None, raw=False)
        recording.output(out(b"one\ntwo\n"))

    assert lines(path)[0]["width"], lines(path)[0]["height"] == (80, 24)
    assert screen(path) == "one\r\ntwo\r\n"


def test_each_event_is_in_the_file_before_the_next(tmp_path: Path) -> None:
    """So kill -9 takes nothing of what was shown."""
    path = tmp_path / "a.cast"
    with closing(recorder(path)) as recording:
        recording.begin(None, raw=True)
        for number in range(10):
            recording.output(out(b"%d" % number))
            assert screen(path) == "0123456789"[: number + 1]


def test_a_full_disk_is_said_once_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, said = tmp_path / "a.cast", list[str]()
    room = 220

    def write(fd: int, data: memoryview, to: Any = os.write) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        room -= (written := to(fd, data[:room]))
        return int(written)

    monkeypatch.setattr(os, "write", write)
    with closing(recorder(path, said)) as recording:
        recording.begin(None, raw=True)
        for _ in range(5):
            recording.output(out(b"x" * 20))

    assert said == [f"the recording stopped, the session continues: {path}: No space left on device"]
    assert not recording.complete
    assert screen(path) in ("x" * 20, "x" * 40)


class Near:
    """A terminal whose relay is the real one, between pipes."""

    def __init__(self, stdout: int) -> None:
        self._stdout = stdout

    def size(self) -> TerminalSize | None:
        return TerminalSize(30, 100)

    def relay(self, stream: Any, companion: Any, *, stdin: bool, tty: bool) -> Any:
        stream.resize(TerminalSize(20, 90))
        with Signals() as signals:
            return relay(stream, StdioFds(None, self._stdout, self._stdout), companion, signals)

    def give_back(self, unread: bytes) -> None:
        self.given_back = unread

    held: Any = None


def test_what_is_relayed_is_recorded_and_passed_on_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    reading, writing = os.pipe()
    stream, far = pair()
    assert isinstance(stream, FakeStream)
    with closing(recorder(path)) as recording:
        terminal = RecordedTerminal(near := Near(writing), recording)

        def speak() -> None:
            far.write("grün\n".encode()[:3])
            wait_until(lambda: "gr" in path.read_text())
            far.write("grün\n".encode()[3:])
            far.write(b"err\n", "r")
            far.exit(5)

        with thread(speak):
            end = terminal.relay(stream, None, stdin=False, tty=True)  # type: ignore[arg-type]  # none is needed
        terminal.give_back(b"unread")

    assert near.given_back == b"unread"
    assert (end.code, os.read(reading, 100)) == (5, "grün\nerr\n".encode())
    assert screen(path) == "grün\nerr\n"
    assert lines(path)[0]["width"] == 100
    assert [event[2] for event in lines(path)[1:] if event[1] == "r"] == ["90x20"]
    for fd in (reading, writing):
        os.close(fd)
    stream.close()
    far.socket.close()
