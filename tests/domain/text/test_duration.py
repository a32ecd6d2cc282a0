"""Durations in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.text.duration import LONGEST, age, duration, parse_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (601, "10m"), (10_800, "3h"), (12_660, "3h31m"), (40_000, "11h"), (200_000, "2d")],
)  # fmt: skip
def test_ages_read_as_in_kubectl(seconds: int, text: str) -> None:
    assert age(timedelta(seconds=seconds)) == text


@given(st.integers(min_value=0, max_value=10**7))
def test_durations_survive_the_round_trip(seconds: int) -> None:
    assert parse_duration(duration(seconds)) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("1", 1), ("1h30m", 5400), ("90s", 90), ("2d", 172_800)])
def test_a_number_is_seconds_and_units_add_up(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1", "1.5h", "1h ", "٣s", "1w"])
def test_nonsense_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the text itself is all it says
        parse_duration(text)


@pytest.mark.parametrize("text", ["1000000000", "9999999d", "1h999999999s", "9" * 5000, f"{'9' * 5000}d"])
def test_what_nobody_can_calculate_with_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="too long; the maximum is 999999999s"):
        parse_duration(text)
    assert parse_duration("0" * 5000 + "999999999s") == LONGEST
