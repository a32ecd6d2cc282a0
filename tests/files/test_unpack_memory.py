"""A stream that never ends, or lies about itself, costs no more memory than an honest one."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.commands.cp.cp import _Conversation
from kubectl_dshell.commands.cp.outcome import Skipped
from kubectl_dshell.errors import DshellError
from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.passthrough import Passthrough
from kubectl_dshell.files.staging import Staging
from tests.files.archives import asked, folder, link, member, pax, source
from tests.files.test_unpack import nothing

MEGABYTE = 1 << 20
ALL_MEGABYTES = 150
"""What the whole program may take while it copies."""
SENT_MEGABYTES = 40
"""What each stream has, if somebody reads so much of it."""
SLOW = {"many directories": 16, "sources without an end": 16}
"""Where the disk has to be written."""


def block(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return source("folder", "", "", *members, zeros=0).removeprefix(b"source\0folder\0\0\0")


def numbered(make: Callable[[int], bytes], top: bytes = b"source\0folder\0d\0/d\0") -> Iterator[bytes]:
    if top:
        yield top
    yield from (make(number) for number in itertools.count())


LONG = "x" * 200
STREAMS: dict[str, Callable[[], Iterator[bytes]]] = {
    "links with the longest targets": lambda: numbered(lambda n: block(link(f"./{n}", "t/" * 2000 + str(n)))),
    "links with targets that are too long": lambda: numbered(lambda n: block(link(f"./{n}", "t" * 60_000))),
    "many directories": lambda: numbered(lambda n: block(folder(f"./{n}-{LONG}"))),
    "global PAX headers": lambda: numbered(
        lambda n: block(pax({f"k{n}": "v" * 60_000}, tarfile.XGLTYPE), member("/refused"))
    ),
    "PAX headers": lambda: numbered(lambda n: block(pax({f"k{n}-{i}": "v" for i in range(3000)}), member("/refused"))),
    "a sparse map without an end": lambda: numbered(
        lambda _: b"1\n" * 100_000,
        b"source\0folder\0d\0/d\0"
        + block(pax({"GNU.sparse.major": "1", "GNU.sparse.name": "s", "size": str(1 << 40)}), member("s")),
    ),
    "names that are refused": lambda: numbered(lambda n: block(member(f"/{n}" + "n" * 5000))),
    "a field without an end": lambda: numbered(lambda _: b"x" * MEGABYTE, b"source\0folder\0"),
    "zero bytes": lambda: numbered(lambda _: bytes(MEGABYTE)),
    "sources without an end": lambda: numbered(lambda n: source("file", f"g{n}", "/g"), b""),
}

PASSED_ON = ["links with targets that are too long", "global PAX headers", "PAX headers", "sources without an end"]


class Endless(io.RawIOBase):
    """What `pieces` yield, up to so many megabytes."""

    def __init__(self, pieces: Iterator[bytes], megabytes: int = SENT_MEGABYTES) -> None:
        super().__init__()
        self._pieces, self._rest, self.sent = pieces, b"", 0
        self._most = megabytes * MEGABYTE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.sent > self._most:
            return 0
        self._rest = self._rest or next(self._pieces)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        self.sent += count
        return count


def receive(kind: str, name: str, place: str) -> None:
    """In a process of its own: what a copy does with one of the streams; prints its failure and its memory."""
    left_out = Skipped(skip=True)
    if kind == "answer":
        raw = Endless(iter(lambda: b"x" * MEGABYTE, None))
        _Conversation(ArchiveSource([], left_out.add), nothing).listen(io.BufferedReader(raw, 256 * 1024))
    else:
        raw = Endless(STREAMS[name](), SLOW.get(name, SENT_MEGABYTES))
        words = asked("g*" if name.startswith("sources") else "d")
        landing = Staging(place, words) if kind == "landing" else Passthrough(1, words)
        try:
            landing.receive(io.BufferedReader(raw, 256 * 1024), left_out.add, nothing)
        except DshellError as error:
            print(type(error).__name__, error, file=sys.stderr)
        landing.discard()
    print(raw.sent, peak_kilobytes(), file=sys.stderr)


def peak_kilobytes() -> int:
    """Of this program alone: ru_maxrss counts what ran in the process before it, which is the test's own."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


@pytest.mark.parametrize(
    ("kind", "name"),
    [("answer", ""), *(("landing", name) for name in STREAMS), *(("restream", name) for name in PASSED_ON)],
)
def test_memory_has_a_bound(tmp_path: Path, kind: str, name: str) -> None:
    call = f"from tests.files.test_unpack_memory import receive; receive({kind!r}, {name!r}, {str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", call], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    *_, last = done.stderr.splitlines()
    print(f"{kind} {name}: {done.stderr}")
    assert int(last.split()[1]) / 1024 < ALL_MEGABYTES
    assert list(tmp_path.iterdir()) == []
