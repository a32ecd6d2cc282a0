"""Each pod is in exactly one part, and stays there."""

from __future__ import annotations

from uuid import UUID

import pytest

from kubectl_dshell.domain.shard import MOST_SHARDS, Shard, parse_shard

UIDS = [str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)) for number in range(4000)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 16])
def test_each_pod_is_in_one_part_and_the_parts_are_alike(count: int) -> None:
    parts = [{uid for uid in UIDS if Shard(index, count).has(uid)} for index in range(count)]

    assert set.union(*parts) == set(UIDS)
    assert sum(map(len, parts)) == len(UIDS)
    expected = len(UIDS) / count
    assert all(0.8 * expected < len(part) < 1.2 * expected for part in parts)


def test_a_pod_stays_in_its_part_from_one_version_to_the_next() -> None:
    """Workers of two versions may share a run; the hash of Python differs from process to process."""
    found = [next(n for n in range(16) if Shard(n, 16).has(uid)) for uid in ("", *UIDS[:6], "\ud800")]

    assert found == [4, 4, 11, 10, 1, 2, 15, 4]


@pytest.mark.parametrize(
    ("text", "shard"), [("0/1", Shard(0, 1)), ("3/4", Shard(3, 4)), ("99999/100000", Shard(99_999, MOST_SHARDS))]
)
def test_index_and_count(text: str, shard: Shard) -> None:
    assert parse_shard(text) == shard
    assert str(shard) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not INDEX/COUNT, such as 0/4"),
        ("1", "is not INDEX/COUNT"),
        ("/4", "is not INDEX/COUNT"),
        ("-1/4", "is not INDEX/COUNT"),
        ("1/4/2", "is not INDEX/COUNT"),
        ("$(JOB_COMPLETION_INDEX)/4", "is not INDEX/COUNT"),
        ("\u0661/4", "is not INDEX/COUNT"),
        ("1/4\n", "is not INDEX/COUNT"),
        ("9999999/10000000", "is not INDEX/COUNT"),
        ("0/0", "the number of shards must be from 1 to 100000"),
        ("0/100001", "the number of shards must be from 1 to 100000"),
        ("4/4", "the shards of 4 are numbered from 0 to 3"),
    ],
)
def test_what_is_none_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_shard(text)
