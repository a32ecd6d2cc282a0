"""What is shown of one command in many pods."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.output.fanout_report import PodSink, RunReport
from kubectl_dshell.output.sinks import memory
from kubectl_dshell.output.sinks.memory import MemorySink
from tests.output.paper import ERR, OUT, WEB, ContainerRef, Paper


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
from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.stream import Output
from kubectl_dshell.output.fanout_report import RunReport
from kubectl_dshell.output.sinks.memory import MemorySink
from kubectl_dshell.output.sinks.multiplexer import Printer
from tests.output.paper import ERR, OUT, ContainerRef

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
