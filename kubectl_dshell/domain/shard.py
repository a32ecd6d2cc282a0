"""A stable part of the pods of a selection, for several workers that share it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

MOST_SHARDS = 100_000
"""As many as an Indexed Job may have completions if each index is retried by itself."""
_FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count`, counted from 0 as the indexes of a Job are."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, identity: str) -> bool:
        """Whether a pod with this UID is in this part; it is in exactly one, whatever other pods there are."""
        digest = sha256(identity.encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index


def parse_shard(text: str) -> Shard:
    """`I/N`; raises ValueError with the reason if it is not one."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not INDEX/COUNT, such as 0/4")
    index, count = int(found[1]), int(found[2])
    if not 1 <= count <= MOST_SHARDS:
        raise ValueError(f"{text!r}: the number of shards must be from 1 to {MOST_SHARDS}")
    if index >= count:
        raise ValueError(f"{text!r}: the shards of {count} are numbered from 0 to {count - 1}")
    return Shard(index, count)
