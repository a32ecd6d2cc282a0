"""The log of a worker: whatever stands in a line, it is a document, a line for people, or malformed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.fanout import RunResult, summary
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.run_log import Attempt, LoggedResult, RunLog, parse_line
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import Malformed
from kubectl_dshell.output.fanout_report import RunReport, run_document, shard_document
from kubectl_dshell.output.sinks.prefixed import PrefixedLines
from tests.fuzz.test_pods import JUNK
from tests.output.paper import ERR, OUT, Paper

OUTPUT = {"stdout": "a\n", "stderr": "b", "replaced": [], "truncated": []}
RESULT = RunResult(ContainerRef("shop", "web", "app"), 1.0, 0, None, "dshell-x", (1, 2))
DOCUMENTS = [run_document(RESULT, OUTPUT), shard_document(Shard(0, 2), 1, 0)]
whole = st.sampled_from([json.dumps(document) for document in DOCUMENTS])


@st.composite
def changed(draw: st.DrawFn) -> str:
    document: dict[str, Any] = dict(draw(st.sampled_from(DOCUMENTS)))
    for name in draw(st.lists(st.sampled_from(sorted(document)), max_size=3)):
        document[name] = draw(JUNK)
    return json.dumps(document)


def cut(text: str, at: int) -> str:
    return text[:at] + text[at + 7 :]


LINES = st.one_of(
    changed().map(str.encode),
    st.binary(),
    st.builds(cut, whole, st.integers(0, 300)).map(str.encode),
    st.text().map(lambda text: b'{"apiVersion"' + text.encode(errors="surrogatepass")),
)


@given(st.lists(LINES, max_size=12))
def test_a_line_is_read_or_malformed(lines: list[bytes]) -> None:
    log, attempt = RunLog(), Attempt()
    results = [told for line in lines if (told := log.read(line, attempt))]
    left = log.rest()

    assert len({one.result.place.pod for one in results} | {one.place.pod for one in left}) <= len(lines)
    assert attempt.damaged <= len(lines)
    summary([*(one.result for one in results), *left], len(lines))
    for one in (*results, *(LoggedResult(result, {}) for result in left)):
        for as_json in (True, False):
            assert b"\x1b" not in repeated(one, as_json=as_json)


def repeated(one: LoggedResult, *, as_json: bool) -> bytes:
    """What could reach a terminal of it, but for the output of lines, which is escaped only there."""
    paper = Paper()
    printer = paper.printer()

    def sink(_place: ContainerRef) -> PrefixedLines:
        return PrefixedLines(printer, {OUT: b"| ", ERR: b"| "})

    RunReport(printer, sink, None, as_json=as_json, namespaced=True).repeat(
        one.result, {} if not as_json else one.output
    )
    return paper.written[ERR] + paper.written[OUT]


@given(st.binary())
def test_nothing_else_is_raised(line: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse_line(line)
