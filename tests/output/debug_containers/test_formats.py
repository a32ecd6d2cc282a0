"""Debug containers as people and programs read them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from kubectl_dshell.domain.debug_container.change import Change, ChangeKind, ListUpdate
from kubectl_dshell.domain.debug_container.listing import ListedContainer, ListFilter
from kubectl_dshell.domain.debug_container.status import DebugContainer, HolderReport
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.output.debug_containers.changes import JsonLines, NameLines, TableLines
from kubectl_dshell.output.debug_containers.formats import format_debug_containers
from kubectl_dshell.output.debug_containers.table import in_short
from kubectl_dshell.output.progress.live_table import LiveTable
from tests.domain.debug_container.test_listing import ENDED, NOW, OURS, SILENT, THEIRS, UNASKED


def update(*changes: Change, ended: int = 0) -> ListUpdate:
    return ListUpdate(list(changes), ended)


def listed(container: DebugContainer) -> ListedContainer:
    return ListFilter().judge(container, NOW)


def table(*found: DebugContainer, form: str = "", everywhere: bool = False) -> list[str]:
    text = format_debug_containers(list(map(listed, found)), form, NOW, everywhere=everywhere, with_heads=True)
    return text.splitlines()


def cell(column: str, container: DebugContainer) -> str:
    """What stands below the head of a column, up to the next."""
    head, line = table(container)
    start = head.index(column)
    width = re.match(r"\S+(?: \S+)*\s*", head[start:])
    assert width
    return line[start : start + width.end()].strip()


@pytest.mark.parametrize(
    ("container", "state"),
    [
        (OURS, "running (1 client)"),
        (replace(OURS, live=HolderReport(0, 3, 600, 18000)), "running (kept)"),
        (replace(OURS, live=HolderReport(0, 3, 0, 18000)), "running (0 clients)"),
        (SILENT, "running (stale)"),
        (replace(UNASKED, lost=True), "running (stale)"),
        (UNASKED, "running"),
        (THEIRS, "running"),
        (replace(ENDED, message="ended by its last session"), "ended"),
        (replace(ENDED, exit_code=1), "ended (code 1)"),
    ],
)
def test_the_state_says_who_is_there(container: DebugContainer, state: str) -> None:
    assert cell("STATE", container) == state


@pytest.mark.parametrize(
    ("state", "short"),
    [
        ("ended (by its last session)", "ended"),
        ("ended (by the cluster)", "ended (cluster)"),
        ("ended (at its limit of 28800 s)", "ended (limit)"),
        ("ended (after 50 s without a client)", "ended (no client)"),
        ("ended (after being kept for 60 s)", "ended (kept)"),
        ("ended (by a client)", "ended (cleanup)"),
        ("waiting (after all)", "waiting (after all)"),
        ("running", "running"),
    ],
)
def test_why_it_ended_in_short(state: str, short: str) -> None:
    assert in_short(state) == short


def test_what_is_too_long_is_cut_where_nobody_types_it() -> None:
    long = replace(
        ENDED,
        namespace="shop-production",
        pod="web-6d4f8b7c9d-x2x4p",
        owner="system:serviceaccount:shop-production:ada",
        message="ended for a reason of a very long kind",
    )

    head, line = table(long, everywhere=True)
    _, wide = table(long, everywhere=True, form="wide")

    assert "web-6d4f8b7c9d-x2x4p  dshell-abcde" in line
    assert re.split(" {2,}", line)[-3:] == ["system:se…", "ended (for a r…", "3h"]
    assert len(head) > 100  # nothing more can be spared
    assert "system:serviceaccount:shop-production:ada   ended (for a reason of a very long kind)" in wide


def test_names_that_are_not_too_long_fit() -> None:
    usual = replace(ENDED, pod="web-6d4f8b7c9d-x2x4p", owner="ada@example.org", message="ended " + "x" * 40)

    assert max(map(len, table(usual, everywhere=True))) == 100


def test_text_of_the_cluster_cannot_move_the_cursor() -> None:
    assert "\x1b" not in "".join(table(replace(OURS, owner="a\x1b[2J", reason="b\x1bc"), form="wide"))


def test_times_come_from_the_start() -> None:
    head, line = table(OURS, form="wide")

    cells = dict(zip(re.split(" {2,}", head), re.split(" {2,}", line), strict=True))
    assert (cells["AGE"], cells["TTL"], cells["ENDS IN"]) == ("3h", "8h", "5h")


def test_a_line_of_a_watch_is_a_document() -> None:
    written: list[str] = []

    JsonLines(written.append).show(update(Change(ChangeKind.ADDED, listed(OURS))), NOW)

    [line] = written
    event = json.loads(line)
    assert line == json.dumps(event, separators=(",", ":")) + "\n"
    assert (event["type"], event["object"]["kind"], event["object"]["name"]) == ("ADDED", "DebugContainer", OURS.name)
    assert (event["object"]["startedAt"], event["object"]["endsAt"]) == ("2026-01-01T09:00:00Z", "2026-01-01T17:00:00Z")


def test_names_are_told_as_they_change() -> None:
    written: list[str] = []

    NameLines(written.append, everywhere=True).show(update(Change(ChangeKind.ADDED, listed(OURS))), NOW)

    assert written == ["shop/web/dshell-abcde\n"]


@pytest.mark.parametrize("with_heads", [True, False])
def test_the_heads_come_once_with_the_first_line(*, with_heads: bool) -> None:
    written: list[str] = []
    lines = TableLines(written.append, wide=False, everywhere=False, with_heads=with_heads)

    lines.show(update(), NOW)
    lines.show(update(Change(ChangeKind.ADDED, listed(OURS))), NOW)
    lines.show(update(Change(ChangeKind.MODIFIED, listed(replace(ENDED, message="ended by a client")))), NOW)
    lines.show(update(Change(ChangeKind.DELETED, listed(ENDED), gone=True)), NOW)

    printed = [re.split(" {2,}", line)[-2] for line in "".join(written).splitlines()]
    assert printed == [*(["STATE"] if with_heads else []), "running (1 client)", "ended (cleanup)", "gone"]


def told(shown: int, ended: int) -> str:
    return f"{ended} have ended" if ended else "" if shown else "no debug containers"


def test_a_live_table_shows_what_ends_for_a_while_and_counts_it_below() -> None:
    ended = Change(ChangeKind.DELETED, listed(replace(ENDED, message="ended by a client")))

    with LiveTable(wide=False, everywhere=False, sort_by=None, last_line=told) as live:
        live.show(update(Change(ChangeKind.ADDED, listed(OURS))), NOW)
        live.show(update(ended, ended=1), NOW)
        _, row, last = live.text.splitlines()
        assert (re.split(" {2,}", row)[-2], last) == ("ended (cleanup)", "1 have ended")
        live.show(update(ended=1), NOW + timedelta(seconds=9))
        assert len(live.text.splitlines()) == 3
        live.show(update(ended=1), NOW + timedelta(seconds=10))
        assert live.text == "1 have ended"
        live.show(update(*(Change(ChangeKind.ADDED, listed(replace(OURS, name=f"d-{n}"))) for n in range(200))), NOW)
        without = live.text.splitlines()
        live.show(update(ended=1), NOW)
        assert len(live.text.splitlines()) == len(without), "as many as the terminal has room for"
        assert live.text.splitlines()[-1] == "1 have ended"


def test_a_live_table_does_not_keep_what_is_gone_or_only_does_not_match() -> None:
    gone = Change(ChangeKind.DELETED, listed(ENDED), gone=True)
    used = Change(ChangeKind.DELETED, listed(replace(OURS, name="dshell-zzzzz")))

    with LiveTable(wide=False, everywhere=False, sort_by=None, last_line=told) as live:
        live.show(update(Change(ChangeKind.ADDED, listed(OURS)), replace(used, kind=ChangeKind.ADDED)), NOW)
        live.show(update(gone, used), NOW)
        assert live.text == "no debug containers"


def test_a_live_table_is_drawn_again_when_something_changes(capsys: pytest.CaptureFixture[str]) -> None:
    later = NOW + timedelta(hours=1)
    waiting = replace(OURS, name="dshell-zzzzz", phase=Phase.WAITING, waiting_reason="ContainerCreating", live=None)

    with LiveTable(wide=False, everywhere=False, sort_by=None, last_line=told) as live:
        live.show(update(), NOW)
        assert live.text == "no debug containers"
        live.show(update(Change(ChangeKind.ADDED, listed(waiting)), Change(ChangeKind.ADDED, listed(OURS))), NOW)
        _, first, second = live.text.splitlines()
        assert "dshell-abcde" in first
        assert "waiting (ContainerCreating)" in second
        live.show(update(Change(ChangeKind.DELETED, listed(waiting))), later)
        assert len(live.text.splitlines()) == 2
        assert live.text.endswith("4h")
        many = [Change(ChangeKind.ADDED, listed(replace(OURS, name=f"dshell-{n:05d}"))) for n in range(200)]
        live.show(update(*many), NOW)
        lines = live.text.splitlines()
        assert lines[-1] == f"... and {201 - len(lines) + 2} more"

    assert "dshell-00000" in capsys.readouterr().out
