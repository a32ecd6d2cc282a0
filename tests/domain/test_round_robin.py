"""Groups take turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.round_robin import by_group, round_robin


def test_each_group_has_one_in_each_turn() -> None:
    items = [*(f"a{n}" for n in range(5)), "b0", "c0", "c1"]

    turns = round_robin(items, lambda item: item[0], list.reverse)

    assert turns == ["c1", "b0", "a4", "c0", "a3", "a2", "a1", "a0"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_nothing_is_lost_and_none_waits_for_more_than_one_of_each_other(items: list[tuple[str, int]]) -> None:
    turns = round_robin(items, lambda item: item[0], lambda _all: None)

    assert sorted(turns) == sorted(items)
    groups = len({group for group, _ in items})
    assert {group for group, _ in turns[:groups]} == {group for group, _ in items}


def test_how_many_of_each_is_told_most_first() -> None:
    assert by_group(["zzz", "aaa", "aaa"]) == "2 in namespace aaa, 1 in zzz"
    assert by_group([f"n{n:02d}" for n in range(12)], shown=2) == "1 in namespace n00, 1 in n01, 10 in 10 others"
