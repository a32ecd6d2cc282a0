"""What is shown of the debug containers there are, how it is judged, and in what order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, ListFilter, SortKey, Stage, sorted_by
from kubectl_dshell.domain.debug_container.status import DebugContainer, HolderReport
from kubectl_dshell.domain.pod.pod import Phase

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
OURS = DebugContainer(
    namespace="shop",
    pod="web",
    node="node-1",
    name="dshell-abcde",
    target="app",
    target_id="",
    image="busybox:1.37",
    user="65532:65532",
    owner="ada",
    ours=True,
    protocol=2,
    reason="",
    limit=28800,
    phase=Phase.RUNNING,
    waiting_reason="",
    message="",
    exit_code=None,
    started_at=NOW - timedelta(hours=3),
    finished_at=None,
    live=HolderReport(1, 3, 0, 18000),
)
THEIRS = replace(OURS, name="debugger-x8z4p", owner="", ours=False, protocol=None, live=None, limit=None)
ENDED = replace(OURS, phase=Phase.TERMINATED, live=None)
SILENT = replace(OURS, live=HolderReport(1, 31, 0, 18000))
UNASKED = replace(OURS, live=None)


@pytest.mark.parametrize(
    ("choice", "container", "wanted"),
    [
        pytest.param({}, OURS, True, id="everything"),
        pytest.param({"pods": frozenset({"web"})}, OURS, True, id="its pod"),
        pytest.param({"pods": frozenset({"api"})}, OURS, False, id="another pod"),
        pytest.param({"mine": lambda one: one is OURS}, OURS, True, id="the asker's own"),
        pytest.param({"mine": lambda one: one is OURS}, THEIRS, False, id="another's"),
        pytest.param({"stages": {Stage.RUNNING}}, OURS, True, id="running"),
        pytest.param({"stages": NOT_ENDED}, OURS, True, id="running, of several states"),
        pytest.param({"stages": NOT_ENDED}, ENDED, False, id="ended, of several states"),
        pytest.param({"stages": {Stage.ENDED}}, OURS, False, id="not ended"),
        pytest.param({"stages": {Stage.ENDED}}, ENDED, True, id="ended"),
        pytest.param({"stages": {Stage.WAITING}}, replace(OURS, phase=Phase.WAITING), True, id="waiting"),
        pytest.param({"stages": {Stage.WAITING}}, replace(OURS, phase=Phase.UNKNOWN), True, id="not started waits"),
        pytest.param({"stale": True}, OURS, False, id="in use"),
        pytest.param({"stale": True}, SILENT, True, id="silent"),
        pytest.param({"stale": True}, UNASKED, False, id="nobody knows"),
        pytest.param({"stale": True}, ENDED, False, id="what ended is not stale"),
        pytest.param({"stale": True, "older_than": 7200}, OURS, True, id="stale by age"),
        pytest.param({"stale": True, "older_than": 7200}, THEIRS, True, id="theirs, stale by age"),
        pytest.param({"stale": True, "older_than": 86400}, SILENT, True, id="young and silent"),
        pytest.param({"older_than": 7200}, OURS, True, id="old"),
        pytest.param({"older_than": 86400}, SILENT, False, id="not so old, though silent"),
        pytest.param({"older_than": 7200}, ENDED, False, id="ended has no age"),
        pytest.param({"older_than": 0}, replace(OURS, phase=Phase.WAITING, started_at=None), False, id="not started"),
    ],
)
def test_what_is_wanted(choice: dict[str, Any], container: DebugContainer, wanted: bool) -> None:
    chosen = ListFilter(**choice)

    assert chosen.wants(chosen.judge(container, NOW), NOW) is wanted


@pytest.mark.parametrize(
    ("choice", "container", "left_out"),
    [
        pytest.param({"stages": NOT_ENDED}, ENDED, True, id="ended"),
        pytest.param({"stages": NOT_ENDED}, OURS, False, id="running"),
        pytest.param({}, ENDED, False, id="it is shown"),
        pytest.param({"stages": {Stage.RUNNING}}, replace(OURS, phase=Phase.WAITING), False, id="it has not ended"),
        pytest.param({"stages": NOT_ENDED, "pods": {"api"}}, ENDED, False, id="of another pod"),
        pytest.param({"stages": NOT_ENDED, "mine": lambda one: one is OURS}, ENDED, False, id="another's"),
        pytest.param({"stages": NOT_ENDED, "stale": True}, ENDED, False, id="what ended is not stale"),
        pytest.param({"stages": NOT_ENDED, "older_than": 0}, ENDED, False, id="ended has no age"),
    ],
)
def test_what_is_left_out_for_having_ended(
    choice: dict[str, Any], container: DebugContainer, *, left_out: bool
) -> None:
    assert ListFilter(**choice).leaves_out(container) is left_out


@pytest.mark.parametrize(
    ("container", "older_than", "stale", "why"),
    [
        pytest.param(OURS, None, False, "", id="in use"),
        pytest.param(SILENT, None, True, "no client for 31s", id="silent"),
        pytest.param(UNASKED, None, None, "", id="ours, not asked"),
        pytest.param(THEIRS, None, None, "", id="theirs"),
        pytest.param(THEIRS, 7200, True, "older than 2h", id="theirs, old"),
        pytest.param(THEIRS, 86400, False, "", id="theirs, young"),
        pytest.param(UNASKED, 86400, None, "", id="ours, young, not asked"),
        pytest.param(ENDED, 7200, False, "", id="ended"),
    ],
)
def test_stale_is_yes_no_or_unknown(
    container: DebugContainer, older_than: int | None, stale: bool | None, why: str
) -> None:
    listed = ListFilter(older_than=older_than).judge(container, NOW)

    assert (listed.stale, listed.why_stale) == (stale, why)


@pytest.mark.parametrize(
    ("name", "ours", "tool"),
    [
        ("dshell-abcde", True, "dshell"),
        ("dshell-abcde", False, ""),
        ("debugger-x8z4p", False, "kubectl debug"),
        ("debugger-abcde", False, ""),
        ("cdebug-12ab34cd", False, "cdebug"),
        ("my-debugger", False, ""),
    ],
)
def test_the_tool_is_told_by_a_generated_name(name: str, ours: bool, tool: str) -> None:
    assert ListFilter().judge(replace(OURS, name=name, ours=ours), NOW).tool == tool


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (None, "abcd"),
        (SortKey.NAME, "dcba"),
        (SortKey.POD, "acbd"),
        (SortKey.AGE, "cadb"),
        (SortKey.OWNER, "cbad"),
        (SortKey.STATE, "dabc"),
        (SortKey.TARGET, "abcd"),
        (SortKey.USER, "abcd"),
        (SortKey.IMAGE, "dabc"),
        (SortKey.NODE, "abdc"),
        (SortKey.TOOL, "abcd"),
    ],
)
def test_the_order_is_by_the_key_then_by_where_it_is(key: SortKey | None, order: str) -> None:
    hour = timedelta(hours=1)
    listed = {
        "a": replace(OURS, namespace="n1", pod="p1", name="n4", owner="ben", phase=Phase.WAITING, image="z"),
        "b": replace(OURS, namespace="n1", pod="p2", name="n3", owner="ada", phase=Phase.TERMINATED, image="z"),
        "c": replace(
            OURS, namespace="n2", pod="p1", name="n2", owner="aaa", phase=Phase.TERMINATED, image="z", node="z"
        ),
        "d": replace(OURS, namespace="n2", pod="p3", name="n1", owner="", image="a"),
    }
    started = {"a": NOW - 2 * hour, "b": None, "c": NOW - 3 * hour, "d": NOW - hour}
    containers = {letter: replace(one, started_at=started[letter]) for letter, one in listed.items()}
    letters = {ListFilter().judge(one, NOW): letter for letter, one in containers.items()}

    assert "".join(letters[one] for one in sorted_by(letters, key)) == order


def test_a_lender_of_tools_is_after_the_one_that_borrows_them() -> None:
    names = {"dshell-a": "dshell-m", "dshell-b": "", "dshell-m": "", "dshell-z": ""}
    found = [ListFilter().judge(replace(OURS, name=name, borrower=borrower), NOW) for name, borrower in names.items()]

    assert [one.container.name for one in sorted_by(found, None)] == ["dshell-b", "dshell-m", "dshell-a", "dshell-z"]
