"""How long is left in a pod that is being stopped, whatever stands in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_dshell.domain.pod.termination import describe, seconds_left

NOW = datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)
ENDS = "2026-01-01T00:00:30Z"


@pytest.mark.parametrize(
    ("meta", "left"),
    [
        pytest.param({"deletionTimestamp": ENDS, "deletionGracePeriodSeconds": 30}, 27, id="some is over"),
        pytest.param({"deletionTimestamp": ENDS, "deletionGracePeriodSeconds": 10}, 10, id="our clock is behind"),
        pytest.param(
            {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}, 0, id="our clock is ahead"
        ),
        pytest.param({}, None, id="not deleted"),
        pytest.param({"deletionTimestamp": ENDS}, None, id="no grace period"),
        pytest.param({"deletionTimestamp": "soon", "deletionGracePeriodSeconds": 30}, None, id="no time"),
        pytest.param(
            {"deletionTimestamp": "2026-01-01T00:00:30", "deletionGracePeriodSeconds": 30}, None, id="no time zone"
        ),
        pytest.param({"deletionTimestamp": ENDS, "deletionGracePeriodSeconds": True}, None, id="no number"),
    ],
)
def test_what_is_left_is_between_nothing_and_the_whole_grace_period(meta: Any, left: int | None) -> None:
    assert seconds_left(meta, NOW) == left


def test_what_people_read_of_it() -> None:
    deleted = {"metadata": {"deletionTimestamp": ENDS, "deletionGracePeriodSeconds": 30}}

    assert describe("web", deleted, NOW) == "pod web is being deleted: about 27 s left, less if the app exits sooner"
    assert describe("web", {"metadata": {}}, NOW) == "pod web is being stopped: this session ends with the app"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=3)
)


@given(st.fixed_dictionaries({}, optional={"deletionTimestamp": anything, "deletionGracePeriodSeconds": anything}))
@settings(deadline=None)
def test_whatever_stands_in_a_pod_is_described(meta: Any) -> None:
    assert describe("web", {"metadata": meta}, NOW).startswith("pod web is being ")
