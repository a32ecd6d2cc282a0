"""What is said of debug containers that were to end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult, failed
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from kubectl_dshell.domain.pod.unreadable import UnreadablePod
from kubectl_dshell.output.cleanup_report import (
    STAY,
    format_endings,
    format_line,
    format_name,
    next_steps,
    question,
    summary,
)
from kubectl_dshell.output.document import Format
from tests.pods import make_pod


def container(name: str = "debugger-x8z4p", owner: str = "") -> DebugContainer:
    [one] = debug_containers(make_pod(ephemeral=[{"name": name, "targetContainerName": "app"}]))
    return replace(one, owner=owner)


S = container()


@pytest.mark.parametrize(
    ("ending", "line"),
    [
        (CleanupResult(S, CleanupOutcome.ENDED), "shop/web debugger-x8z4p ended\n"),
        (CleanupResult(S, CleanupOutcome.ENDED, "its pod is gone"), "shop/web debugger-x8z4p ended: its pod is gone\n"),
        (CleanupResult(S, CleanupOutcome.ALREADY_ENDED, "code 3"), "shop/web debugger-x8z4p already ended: code 3\n"),
        (CleanupResult(S, CleanupOutcome.WOULD_END), "shop/web debugger-x8z4p would be ended\n"),
        (CleanupResult(S, CleanupOutcome.INTERRUPTED), "shop/web debugger-x8z4p not confirmed to have ended\n"),
        (failed(S, "a \x1b[2J"), "shop/web debugger-x8z4p could not be ended: a \\x1b[2J\n"),
    ],
)
def test_each_outcome_is_a_line(ending: CleanupResult, line: str) -> None:
    assert format_line(ending) == line


@pytest.mark.parametrize(
    ("outcomes", "untold", "text"),
    [
        ("", 0, "0 ended, 0 failed."),
        ("ended ended", 0, f"2 ended, 0 failed. {STAY}"),
        ("ended alreadyEnded failed", 0, f"1 ended, 1 already ended, 1 failed. {STAY}"),
        ("failed", 0, "0 ended, 1 failed."),
        ("ended interrupted", 3, f"1 ended, 0 failed, 4 unfinished when interrupted. {STAY}"),
    ],
)
def test_the_sum_of_all(outcomes: str, untold: int, text: str) -> None:
    assert summary([CleanupResult(S, CleanupOutcome(word)) for word in outcomes.split()], untold) == text


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ("", "0 would be ended; nothing was done."),
        ("wouldEnd wouldEnd", "2 would be ended; nothing was done."),
        ("wouldEnd left left", "1 would be ended, 2 skipped; nothing was done."),
        ("left", "0 would be ended, 1 skipped; nothing was done."),
        ("wouldEnd failed alreadyEnded", "1 would be ended, 1 already ended, 1 would fail; nothing was done."),
    ],
)
def test_the_sum_of_a_dry_run_counts_what_would_be_left(outcomes: str, text: str) -> None:
    assert summary([CleanupResult(S, CleanupOutcome(word)) for word in outcomes.split()], 0, dry=True) == text


def test_only_those_that_ended_are_names() -> None:
    named = [format_name(CleanupResult(S, outcome), everywhere=False) for outcome in CleanupOutcome]

    assert [name for name in named if name] == ["web/debugger-x8z4p\n"] * 2
    assert format_name(CleanupResult(S, CleanupOutcome.ENDED), everywhere=True) == "shop/web/debugger-x8z4p\n"


def test_programs_get_a_versioned_document() -> None:
    document = json.loads(
        format_endings([failed(S, "no shell")], [UnreadablePod("shop", "odd", "spec is not an object")], Format.JSON)
    )

    assert document == {
        "apiVersion": "dshell/v1",
        "kind": "CleanupResultList",
        "items": [
            {
                "namespace": "shop",
                "pod": "web",
                "name": "debugger-x8z4p",
                "tool": "kubectl debug",
                "ours": False,
                "owner": None,
                "outcome": "failed",
                "why": "no shell",
                "advice": [
                    "wait until it ends, or attach to it and exit: kubectl attach -it web -n shop -c debugger-x8z4p",
                    "replace the pod: kubectl delete pod web -n shop",
                ],
            }
        ],
        "unreadablePods": [{"namespace": "shop", "pod": "odd", "why": "spec is not an object"}],
    }


def test_the_ways_out_are_told_of_those_that_failed() -> None:
    assert next_steps([CleanupResult(S, CleanupOutcome.ENDED)]) == []
    assert next_steps([failed(S, "x")])[0] == "Options for debugger-x8z4p:"


def test_a_person_is_asked_about_what_can_be_read() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    many = [replace(container(f"dshell-{n:05d}", "ada"), started_at=now) for n in range(30)]

    text = question([S, *many], now)

    assert text.splitlines()[:3] == [
        "This would end:",
        "  shop/web debugger-x8z4p (created by another tool)",
        "  shop/web dshell-00000 (ada, running for 0s)",
    ]
    assert text.splitlines()[-1] == "  and 11 more"
