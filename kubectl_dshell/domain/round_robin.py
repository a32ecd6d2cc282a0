"""Takes turns between groups, so that a large group cannot starve a small one."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

T = TypeVar("T")


def round_robin(items: Iterable[T], group: Callable[[T], Hashable], shuffle: Callable[[list[T]], None]) -> list[T]:
    """One item of each group, then the next of each; the order within a group is random."""
    shuffled = list(items)
    shuffle(shuffled)
    groups: dict[Hashable, list[T]] = {}
    for item in shuffled:
        groups.setdefault(group(item), []).append(item)
    return [
        item
        for turn in zip_longest(*([(i,) for i in members] for members in groups.values()))
        for (item,) in filter(None, turn)
    ]


def by_group(groups: Iterable[str], shown: int = 10) -> str:
    """Counts per group, largest first: "12 in namespace aaa, 1 in zzz"."""
    counts: dict[str, int] = {}
    for one in groups:
        counts[one] = counts.get(one, 0) + 1
    most = sorted(counts.items(), key=lambda count: (-count[1], count[0]))
    words = [f"{count} in {name}" for name, count in most[:shown]]
    more = [f"{sum(count for _, count in most[shown:])} in {len(most) - shown} others"] if len(most) > shown else []
    return ", ".join([*words, *more]).replace(" in ", " in namespace ", 1)
