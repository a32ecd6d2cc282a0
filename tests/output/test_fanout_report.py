"""What is shown of one command in many pods."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.errors import Forbidden, Malformed, OutputFailed, UsageError
from kubectl_dshell.output.fanout_report import PodSink, RunReport
from kubectl_dshell.output.progress.fanout_bar import FanoutBar
from kubectl_dshell.output.sinks import memory, prefixed
from kubectl_dshell.output.sinks.files import FileSink, new_folder
from kubectl_dshell.output.sinks.memory import MemorySink
from kubectl_dshell.output.sinks.multiplexer import Printer, PrinterNotices
from kubectl_dshell.output.sinks.prefixed import PrefixedLines, prefix

OUT, ERR = Channel.STDOUT, Channel.STDERR
WEB = ContainerRef("shop", "web-1", "app")


class Paper:
    """Both outputs, as they would be on a terminal or in files."""

    full = False

    def __init__(self) -> None:
        self.written = {OUT: b"", ERR: b""}
        self.pieces: list[bytes] = []

    def check(self) -> None: ...

    def write(self, output: Output) -> None:
        self.pieces.append(output.data)
        self.written[output.channel] += output.data

    def printer(self, *, terminal: bool = False) -> Printer:
        return Printer(self, lambda _channel: terminal)


@pytest.mark.parametrize("colour", [True, False])
def test_a_prefix_moves_no_cursor(*, colour: bool) -> None:
    start = prefix(ContainerRef("sh\nop", "web\x1b]0;x\x07\ud800", "a\u2028"), namespaced=True, colour=colour)

    assert b"\x1b]" not in start
    assert b"sh op web\\x1b]0;x\\x07\\ud800" in start
    assert b"a\\u2028" in start


@pytest.mark.parametrize(
    "place",
    [
        ContainerRef("../../x", "web", "app"),
        ContainerRef("/tmp/x", "web", "app"),
        ContainerRef("shop", "..", "/"),
        ContainerRef("", "", ""),
    ],
)
def test_no_file_is_made_outside_of_the_folder(tmp_path: Path, place: ContainerRef) -> None:
    folder = new_folder(str(tmp_path / "a/b/out"))

    with pytest.raises(Malformed, match="no file can have"):
        FileSink(folder, place)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


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


def report(paper: Paper, sink: PodSink | None = None, *, as_json: bool = True, namespaced: bool = False) -> RunReport:
    def make(_place: ContainerRef) -> PodSink:
        assert sink
        return sink

    return RunReport(paper.printer(), make, None, as_json=as_json, namespaced=namespaced)


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ([(OUT, b"a\n"), (ERR, b"b")], {"stdout": "a\n", "stderr": "b", "replaced": [], "truncated": []}),
        ([(OUT, b"a\xffb")], {"stdout": "a\ufffdb", "stderr": "", "replaced": ["stdout"], "truncated": []}),
        ([(OUT, b"12345678")], {"stdout": "12345678", "stderr": "", "replaced": [], "truncated": []}),
        ([(ERR, b"123456789")], {"stdout": "", "stderr": "12345678", "replaced": [], "truncated": ["stderr"]}),
        ([(OUT, b"1234567"), (OUT, "é".encode())], {"stdout": "1234567", "stderr": "", "replaced": [], "truncated": ["stdout"]}),
        ([(OUT, b"\xff2345678"), (OUT, b"9")], {"stdout": "\ufffd2345678", "stderr": "", "replaced": ["stdout"], "truncated": ["stdout"]}),
    ],
)  # fmt: skip
def test_output_in_json_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, written: list[tuple[Channel, bytes]], fields: dict[str, object]
) -> None:
    monkeypatch.setattr(memory, "LIMIT", 8)
    paper = Paper()
    told = report(paper, MemorySink(paper.printer()))

    sink = told.begin(WEB)
    for channel, data in written:
        sink.write(Output(channel, data))
    told.end(RunResult(WEB, 1.23456, 3, None, "dshell-abcde", (65532, 65532)))

    assert json.loads(paper.written[OUT]) == {
        "apiVersion": "dshell/v1",
        "kind": "RunResult",
        "namespace": "shop",
        "pod": "web-1",
        "container": "app",
        "debugContainer": "dshell-abcde",
        "identity": {"uid": 65532, "gid": 65532, "source": "spec"},
        "exitCode": 3,
        "durationSeconds": 1.235,
        "error": None,
        **fields,
    }
    assert paper.written[OUT].count(b"\n") == 1


_ALL_ZEROS = """
import threading
from tests.output.test_fanout_report import ERR, OUT, ContainerRef, MemorySink, Output, Printer, RunReport, RunResult

class Taken:
    full = False
    def check(self): pass
    def write(self, output): pass

printer = Printer(Taken(), lambda _channel: False)
told = RunReport(printer, lambda _ref: MemorySink(printer), None, as_json=True, namespaced=False)
places = [ContainerRef("shop", f"web-{n}", "app") for n in range(16)]
for place in places:
    sink = told.begin(place)
    for channel in (OUT, ERR):
        sink.write(Output(channel, bytes(4 << 20)))
together = threading.Barrier(len(places))

def end(place):
    together.wait()
    told.end(RunResult(place, 1.0, 0, None, "d", None))

threads = [threading.Thread(target=end, args=(place,)) for place in places]
for thread in threads: thread.start()
for thread in threads: thread.join()
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(int(status["VmHWM"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="VmHWM is Linux's")
def test_documents_that_end_together_are_made_one_after_the_other() -> None:
    """Of zero bytes, which JSON writes in six characters each, as many as are kept of sixteen pods."""
    done = subprocess.run([sys.executable, "-c", _ALL_ZEROS], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 150  # MB; what is promised of the whole program


def test_no_more_is_read_for_documents_that_nobody_takes() -> None:
    paper = Paper()
    sink = MemorySink(paper.printer())

    assert not sink.full
    paper.full = True
    assert sink.full


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (
            RunResult(WEB, 0.1, None, Forbidden("you may not", "ask")),
            {"class": "FORBIDDEN", "message": "you may not", "advice": ["ask"]},
        ),
        (RunResult(WEB, 0.1), {"class": "INTERRUPTED", "message": "stopped", "advice": []}),
    ],
)
def test_a_failure_in_json_has_a_class(result: RunResult, error: object) -> None:
    paper = Paper()

    report(paper).end(result)

    document = json.loads(paper.written[OUT])
    assert document["error"] == error
    nulls = ("exitCode", "debugContainer", "identity", "stdout", "stderr")
    assert [document[name] for name in nulls] == [None] * 5
    assert paper.written[ERR] == b""


def test_a_failure_beside_lines_is_a_line_of_its_pod_on_stderr() -> None:
    paper = Paper()

    report(paper, as_json=False, namespaced=True).end(RunResult(WEB, 0.1, None, Forbidden("you may not:\n  \x1b[2J")))

    assert paper.written == {OUT: b"", ERR: b"shop web-1 app | error: you may not:\nshop web-1 app |   \\x1b[2J\n"}


def test_files_are_their_owner_s_alone_and_named_when_whole(tmp_path: Path) -> None:
    folder = new_folder(str(tmp_path / "a" / "b"))
    sink = FileSink(folder, WEB)
    sink.write(Output(OUT, b"\xff\x00"))
    sink.write(Output(ERR, b"oops"))
    before = sorted(path.name for path in folder.iterdir())

    fields = sink.finish(whole=True)

    assert before == ["shop_web-1_app.err.part", "shop_web-1_app.out.part"]
    out, err = folder / "shop_web-1_app.out", folder / "shop_web-1_app.err"
    assert fields == {"stdoutFile": str(out), "stderrFile": str(err)}
    assert (out.read_bytes(), err.read_bytes()) == (b"\xff\x00", b"oops")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, err)} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_part_never_looks_whole(tmp_path: Path) -> None:
    sink = FileSink(new_folder(str(tmp_path)), WEB)
    sink.write(Output(OUT, b"half"))

    fields = sink.finish(whole=False)

    assert fields["stdoutFile"].endswith("shop_web-1_app.out.part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop_web-1_app.err.part", "shop_web-1_app.out.part"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()

    with pytest.raises(UsageError, match="is not empty"):
        new_folder(str(tmp_path))
    with pytest.raises(OutputFailed, match="cannot use"):
        new_folder(str(tmp_path / "x" / "y"))


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "gone", WEB)

    sink.write(Output(OUT, b"lost"))

    with pytest.raises(OutputFailed, match=r"cannot write .*shop_web-1_app.out: No such file"):
        sink.check()
    assert sink.finish(whole=True)["stdoutFile"].endswith(".part")


def test_a_file_that_somebody_takes_away_is_said(tmp_path: Path) -> None:
    sink = FileSink(tmp_path, WEB)
    sink.write(Output(OUT, b"lost"))
    (tmp_path / "shop_web-1_app.out.part").unlink()

    with pytest.raises(OutputFailed, match=r"cannot write .*shop_web-1_app: No such file"):
        sink.finish(whole=True)


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


@pytest.mark.parametrize(
    ("terminal", "quiet", "said"),
    [(True, False, b"identity\nnotice\nwarn\n"), (False, False, b"notice\nwarn\n"), (True, True, b"warn\n")],
)
def test_notices_of_the_whole(terminal: bool, quiet: bool, said: bytes) -> None:
    paper = Paper()
    notices = PrinterNotices(paper.printer(terminal=terminal), quiet=quiet)

    notices.identity("identity")
    notices.notice("notice")
    notices.warn("warn")

    assert paper.written == {OUT: b"", ERR: said}


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
