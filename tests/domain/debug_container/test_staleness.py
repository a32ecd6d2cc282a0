"""Which debug containers nobody needs any more, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kubectl_dshell.domain.debug_container.staleness import staleness
from kubectl_dshell.domain.debug_container.status import DebugContainer, HolderReport, debug_containers
from kubectl_dshell.domain.pod.pod import Phase
from tests.pods import make_pod

NOW = datetime(2026, 1, 1, 3, tzinfo=UTC)


def container(
    *, hours: float = 1, ours: bool = True, phase: Phase = Phase.RUNNING, lost: bool = False
) -> DebugContainer:
    [one] = debug_containers(make_pod(ephemeral=[{"name": "debugger-x", "targetContainerName": "app"}]))
    return replace(one, started_at=NOW - timedelta(hours=hours), ours=ours, phase=phase, lost=lost, limit=8 * 3600)


def live(silent: int = 3, kept: int = 0, left: int = 900) -> HolderReport:
    return HolderReport(clients=1, silent=silent, kept=kept, left=left)


@pytest.mark.parametrize(
    ("of", "answer", "older_than", "why"),
    [
        (container(), live(), None, ""),
        (container(), live(25), None, ""),
        (container(), live(31), None, "no client for 31s"),
        (container(), live(31, kept=5), None, ""),
        (container(), None, None, ""),
        (container(lost=True), None, None, "its holder is gone"),
        (container(hours=8.01), None, None, ""),
        (container(hours=8.1), None, None, "past its --ttl"),
        (container(hours=8.01), live(kept=900), None, ""),
        (container(hours=8.1), live(), None, "past its --ttl"),
        (container(hours=8.1), live(0, kept=999999999, left=999999999), None, "past its --ttl"),
        (container(hours=2.1), live(), 7200, "older than 2h"),
        (container(hours=1.9), live(), 7200, ""),
        (container(phase=Phase.TERMINATED), live(31), 60, ""),
        (container(phase=Phase.WAITING), None, 60, ""),
        (container(hours=100, ours=False), None, None, ""),
        (container(hours=100, ours=False), None, 7200, "older than 2h"),
        (replace(container(), started_at=None), None, 60, ""),
    ],
)
def test_each_reason(of: DebugContainer, answer: HolderReport | None, older_than: int | None, why: str) -> None:
    assert staleness(replace(of, live=answer), NOW, older_than) == why
