"""Which debug containers nobody needs any more, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kubectl_dshell.domain.debug_container.staleness import staleness
from kubectl_dshell.domain.debug_container.status import Live, Session, sessions
from kubectl_dshell.domain.pod.pod import Phase
from tests.pods import make_pod

NOW = datetime(2026, 1, 1, 3, tzinfo=UTC)


def session(*, hours: float = 1, ours: bool = True, phase: Phase = Phase.RUNNING, lost: bool = False) -> Session:
    [one] = sessions(make_pod(ephemeral=[{"name": "debugger-x", "targetContainerName": "app"}]))
    return replace(one, started_at=NOW - timedelta(hours=hours), ours=ours, phase=phase, lost=lost, limit=8 * 3600)


def live(silent: int = 3, kept: int = 0, left: int = 900) -> Live:
    return Live(sessions=1, silent=silent, kept=kept, left=left)


@pytest.mark.parametrize(
    ("of", "answer", "older_than", "why"),
    [
        (session(), live(), None, ""),
        (session(), live(25), None, ""),
        (session(), live(31), None, "no client for 31s"),
        (session(), live(31, kept=5), None, ""),
        (session(), None, None, ""),
        (session(lost=True), None, None, "does not answer"),
        (session(hours=8.01), None, None, ""),
        (session(hours=8.1), None, None, "past its limit"),
        (session(hours=8.01), live(kept=900), None, ""),
        (session(hours=8.1), live(), None, "past its limit"),
        (session(hours=8.1), live(0, kept=999999999, left=999999999), None, "past its limit"),
        (session(hours=2.1), live(), 7200, "older than 2h"),
        (session(hours=1.9), live(), 7200, ""),
        (session(phase=Phase.TERMINATED), live(31), 60, ""),
        (session(phase=Phase.WAITING), None, 60, ""),
        (session(hours=100, ours=False), None, None, ""),
        (session(hours=100, ours=False), None, 7200, "older than 2h"),
        (replace(session(), started_at=None), None, 60, ""),
    ],
)
def test_each_reason(of: Session, answer: Live | None, older_than: int | None, why: str) -> None:
    assert staleness(replace(of, live=answer), NOW, older_than) == why
