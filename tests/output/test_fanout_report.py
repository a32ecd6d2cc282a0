"""What is shown of one command in many pods."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kubectl_dshell.domain.fanout import RunResult, advice
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.output.fanout_report import PodSink, RunReport
from kubectl_dshell.output.sinks import memory
from kubectl_dshell.output.sinks.memory import MemorySink
from kubectl_dshell.output.sinks.prefixed import PrefixedLines
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


def test_what_was_added_to_a_pod_is_said_of_that_pod_alone() -> None:
    error = Forbidden("not here", "ask")
    error.aftermath = "Nothing was added to the pod."
    text, document = Paper(), Paper()
    failed = RunResult(WEB, 1, None, error)

    report(text, as_json=False).end(failed)
    report(document).end(failed)

    assert text.written[ERR].decode().splitlines() == [
        "web-1 app | error: not here",
        "web-1 app | Nothing was added to the pod.",
    ]
    assert json.loads(document.written[OUT])["error"]["advice"] == ["Nothing was added to the pod.", "ask"]
    assert advice([failed]) == ["ask"]


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
        (RunResult(WEB, 0.1, earlier="it ran"), {"class": "ALREADY_RUN", "message": "it ran", "advice": []}),
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


def test_a_pod_in_which_it_ran_before_is_said_beside_the_lines() -> None:
    paper = Paper()

    report(paper, as_json=False).end(RunResult(WEB, 0.1, earlier="an earlier run has run the command here"))

    assert paper.written == {OUT: b"", ERR: b"web-1 app | an earlier run has run the command here\n"}


def test_the_end_of_a_shard_is_a_document() -> None:
    lines, document = Paper(), Paper()

    report(lines, as_json=False).end_shard(Shard(1, 4), 75, 3)
    report(document).end_shard(Shard(1, 4), 75, 3)

    assert lines.written[OUT] == b""
    assert json.loads(document.written[OUT]) == {
        "apiVersion": "dshell/v1",
        "kind": "ShardResult",
        "index": 1,
        "count": 4,
        "pods": 75,
        "exitCode": 3,
    }


OUTPUT = {"stdout": "a\n", "stderr": "b", "replaced": ["stdout"], "truncated": []}


def test_a_result_of_another_process_is_repeated_as_it_was() -> None:
    lines, document = Paper(), Paper()
    result = RunResult(WEB, 1, 3, None, "dshell-x", (1, 2))
    sinks = PrefixedLines(lines.printer(), {OUT: b"web-1 app | ", ERR: b"web-1 app | "})

    report(lines, sinks, as_json=False).repeat(result, OUTPUT)
    report(document).repeat(result, OUTPUT)

    assert lines.written == {OUT: b"web-1 app | a\n", ERR: b"web-1 app | b\n"}
    repeated = json.loads(document.written[OUT])
    assert {key: repeated[key] for key in OUTPUT} == OUTPUT
    assert repeated["exitCode"] == 3


def test_a_result_without_output_is_repeated_with_its_failure() -> None:
    lines = Paper()

    report(lines, as_json=False).repeat(RunResult(WEB, 1, None, Forbidden("no")), {})

    assert lines.written == {OUT: b"", ERR: b"web-1 app | error: no\n"}
