"""The logs of several attempts, and the one result of each pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_dshell.domain import run_log
from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.run_log import Attempt, LoggedResult, ReportedError, RunLog, ShardEnd, parse_line
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import ExitStatus, Forbidden, Malformed
from kubectl_dshell.output.fanout_report import run_document, shard_document

OUTPUT = {"stdout": "a\n", "stderr": "", "replaced": [], "truncated": ["stdout"]}
ALREADY = "an earlier run has run the command here, in dshell-x (ended)"


def result(pod: str = "web-1", code: int | None = 0, **more: Any) -> RunResult:
    return RunResult(ContainerRef("shop", pod, "app"), 1.5, code, **more)


def line(one: RunResult, output: dict[str, Any] | None = None) -> bytes:
    return json.dumps(run_document(one, output or {})).encode()


RAN = result(debug_container="dshell-x", identity=(7, 8))
REFUSED = result(code=None, error=Forbidden("you may not", "ask", "again"))
BEFORE = result(code=None, earlier=ALREADY)


def test_a_document_is_read_as_it_was_written() -> None:
    assert parse_line(line(RAN, OUTPUT)) == LoggedResult(RAN, OUTPUT)
    assert parse_line(line(BEFORE)) == LoggedResult(BEFORE, {})
    assert parse_line(json.dumps(shard_document(Shard(1, 4), 75, 3)).encode()) == ShardEnd(Shard(1, 4), 75)


def test_a_failure_keeps_its_class_and_its_advice() -> None:
    told = parse_line(line(REFUSED))

    assert isinstance(told, LoggedResult)
    assert isinstance(told.result.error, ReportedError)
    assert told.result.error.status is ExitStatus.FORBIDDEN
    assert told.result.error.message == "you may not"
    assert told.result.error.advice == ("ask", "again")


def test_a_pod_that_was_stopped_is_a_failure_of_the_run() -> None:
    told = parse_line(line(result(code=None)))

    assert isinstance(told, LoggedResult)
    assert told.result.why == "INTERRUPTED"


@pytest.mark.parametrize("kind", ["OK", "NEW_CLASS", ""])
def test_a_class_that_is_no_failure_s_counts_as_one(kind: str) -> None:
    document = json.loads(line(REFUSED)) | {"error": {"class": kind, "message": "x"}}
    told = parse_line(json.dumps(document).encode())

    assert isinstance(told, LoggedResult)
    assert told.result.why == "UNAVAILABLE"


@pytest.mark.parametrize("text", [b"skipped 1 of 3 pods", b"", b'{"a": 1}', b"\xff\x1b[2J"])
def test_any_other_line_is_for_people(text: bytes) -> None:
    told = parse_line(text)

    assert isinstance(told, str)
    assert "\x1b" not in told


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(line(RAN, OUTPUT)) | fields).encode()


@pytest.mark.parametrize(
    "damaged",
    [
        line(RAN)[:-20] + b"12 ok, 0 failed",
        line(RAN)[:40],
        b'{"apiVersion"' + b"[" * 100_000,
        changed(apiVersion="dshell/v2"),
        changed(kind="DebugContainer"),
        changed(kind=["RunResult"]),
        changed(namespace="../x"),
        changed(namespace=None),
        changed(pod="a\nb"),
        changed(container=5),
        changed(debugContainer="-"),
        changed(exitCode=None),
        changed(exitCode=True),
        changed(exitCode=256),
        changed(exitCode=-1),
        changed(error={"class": "FORBIDDEN", "message": "and an exit code"}),
        changed(error="x"),
        changed(error={"class": 5}),
        changed(error={"class": "FORBIDDEN", "advice": ["x"] * 17}, exitCode=None),
        changed(durationSeconds="1"),
        changed(durationSeconds=True),
        changed(durationSeconds=float("nan")),
        changed(durationSeconds=-1),
        changed(identity={"uid": -1}),
        changed(stdout=5),
        changed(stdout="x" * (1024 * 1024 + 2)),
        changed(replaced="stdout"),
        changed(replaced=["stdout"] * 3),
        changed(kind="ShardResult"),
        changed(kind="ShardResult", index=4, count=4, pods=1),
        changed(kind="ShardResult", index=0, count=0, pods=1),
        changed(kind="ShardResult", index=0, count=4, pods=-1),
    ],
)
def test_a_document_that_is_damaged_is_not_believed(damaged: bytes) -> None:
    with pytest.raises(Malformed):
        parse_line(damaged)

    attempt = Attempt()
    assert RunLog().read(damaged, attempt) is None
    assert attempt.damaged == 1


def read(*attempts: list[RunResult]) -> tuple[list[RunResult], list[RunResult]]:
    """What is final while it is read, and what is left in the end."""
    log, final = RunLog(), list[RunResult]()
    for attempt in attempts:
        for one in attempt:
            if told := log.read(line(one, OUTPUT if one.debug_container else None), Attempt()):
                final.append(told.result)
    return final, log.rest()


def test_what_the_first_attempt_has_answered_stays() -> None:
    assert read([RAN], [BEFORE]) == ([RAN], [])


def test_a_second_attempt_answers_for_what_the_first_could_not_begin() -> None:
    assert read([REFUSED], [RAN]) == ([RAN], [])


def test_the_last_failure_to_begin_counts() -> None:
    final, left = read([REFUSED], [result(code=None, error=ReportedError(ExitStatus.UNAVAILABLE, "no image"))])

    assert final == []
    assert [(one.why, one.error and one.error.message) for one in left] == [("UNAVAILABLE", "no image")]


def test_the_first_failure_explains_what_the_second_attempt_found() -> None:
    _, left = read([REFUSED], [BEFORE])

    assert [one.why for one in left] == ["FORBIDDEN"]


def test_a_connection_that_was_lost_after_the_beginning_is_final() -> None:
    lost = result(code=None, error=ReportedError(ExitStatus.CONNECTION_LOST, "cut"), debug_container="dshell-x")

    final, left = read([lost], [BEFORE])

    assert [one.why for one in final] == ["CONNECTION_LOST"]
    assert left == []


def test_where_only_the_beginning_is_known_that_is_all() -> None:
    assert read([], [BEFORE], [BEFORE]) == ([], [BEFORE])


def test_nobody_is_counted_twice() -> None:
    """One log is read again, or names a pod twice."""
    assert read([RAN, RAN], [RAN]) == ([RAN], [])


def test_an_attempt_is_complete_with_a_line_for_each_pod_of_its_own_shard() -> None:
    log, attempt, shard = RunLog(), Attempt(), Shard(1, 4)
    log.read(line(RAN, OUTPUT), attempt)
    assert not attempt.complete(shard)
    log.read(json.dumps(shard_document(shard, 2, 0)).encode(), attempt)
    assert not attempt.complete(shard)
    log.read(line(result("web-2", code=None, earlier=ALREADY)), attempt)
    assert attempt.complete(shard)
    assert not attempt.complete(Shard(2, 4))
    assert not attempt.complete(Shard(1, 5))


def test_the_last_lines_for_people_are_kept() -> None:
    log, attempt = RunLog(), Attempt()

    for number in range(9):
        log.read(f"line {number}\n".encode(), attempt)
        log.read(b"", attempt)

    assert attempt.last_words == ["line 6", "line 7", "line 8"]


def test_the_number_of_pods_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "MOST_RESULTS", 3)

    with pytest.raises(Malformed, match="the logs name more than 3 pods"):
        read([result(f"web-{number}", debug_container="dshell-x") for number in range(9)])
