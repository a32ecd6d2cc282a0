"""What comes down is what was sent, in its place, whole or not at all."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from kubectl_dshell.errors import OutputFailed, Truncated
from kubectl_dshell.files.staging import Staging
from tests.files.archives import asked, folder, link, member, reader, source

MEGABYTE = 1 << 20


class Refusal(Exception):
    pass


def refuse(name: str, why: str) -> None:
    raise Refusal(name, why)


class NoMeter:
    def expect(self, total: int | None) -> None: ...
    def advance(self, count: int) -> None: ...


nothing = NoMeter()


def land(place: Path | str, *streams: bytes, words: Sequence[str] | None = None) -> None:
    """Asked for are `words`, or just what comes."""
    names = [stream.split(b"\0")[2].decode(errors="replace") for stream in streams if stream.count(b"\0") > 2]
    landing = Staging(str(place), asked(*(words if words is not None else names)))
    try:
        landing.receive(reader(*streams), refuse, nothing)
        landing.commit()
    finally:
        landing.discard()


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


def test_a_file_becomes_the_destination(tmp_path: Path) -> None:
    land(tmp_path / "new", source("file", "x", "/etc/x", member("./x", b"hello", mode=0o640)))

    found = (tmp_path / "new").stat()
    assert (tmp_path / "new").read_bytes() == b"hello"
    assert (stat.S_IMODE(found.st_mode), found.st_mtime) == (0o640, 1_600_000_000)
    assert names(tmp_path) == ["new"]


def test_an_existing_directory_gets_the_sources(tmp_path: Path) -> None:
    first = source("file", "x", "/x", member("./y", b"1"), zeros=10240)
    second = source("folder", "d", "/d", folder("./"), member("./a", b"2"))

    land(tmp_path, first, second)

    assert names(tmp_path) == ["d", "d/a", "x"]


def test_a_tree_is_what_it_was(tmp_path: Path) -> None:
    odd = "new\nline -rf 'ü\udcff"
    land(
        tmp_path / "d",
        source(
            "folder",
            "src",
            "/srv",
            folder("./", 0o750),
            folder("./shut", 0o555),
            member(f"./shut/{odd}", b"x", mode=0o400),
            folder("./empty"),
            member("./none"),
            folder("./" + "n" * 200),
            link("./l", "shut"),
            link("./broken", "nowhere"),
            link("./absolute", "/srv/none"),
            link("./hard", f"./shut/{odd}", tarfile.LNKTYPE),
        ),
    )

    top = tmp_path / "d"
    assert stat.S_IMODE(top.stat().st_mode) == 0o750
    assert stat.S_IMODE((top / "shut").stat().st_mode) == 0o555
    assert top.stat().st_mtime == (top / "shut").stat().st_mtime == 1_600_000_000
    assert (top / "shut" / odd).samefile(top / "hard")
    assert [str((top / name).readlink()) for name in ("l", "broken", "absolute")] == ["shut", "nowhere", "none"]
    assert (top / "l").lstat().st_mtime == 1_600_000_000
    assert len(names(top)) == 9


def test_the_contents_of_a_directory_become_part_of_another(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/old").write_text("old")
    (tmp_path / "there/both").write_text("old")

    land(tmp_path / "there", source("folder", ".", "", member("./both", b"new"), folder("./sub"), member("./sub/a")))

    assert names(tmp_path / "there") == ["both", "old", "sub", "sub/a"]
    assert (tmp_path / "there/both").read_text() == "new"


def test_a_directory_is_merged_and_its_own_attributes_stay(tmp_path: Path) -> None:
    (tmp_path / "d/sub").mkdir(parents=True)
    (tmp_path / "d/sub/old").write_text("old")
    (tmp_path / "d").chmod(0o711)

    stream = source(
        "folder", "d", "/d", folder("./", 0o700), folder("./sub"), member("./sub/new"), folder("./shut", 0o555)
    )
    land(tmp_path, stream)

    assert names(tmp_path) == ["d", "d/shut", "d/sub", "d/sub/new", "d/sub/old"]
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o711
    assert stat.S_IMODE((tmp_path / "d/shut").stat().st_mode) == 0o555


def test_a_file_is_replaced_and_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o444)
    os.link(tmp_path / "x", tmp_path / "same")

    land(tmp_path, source("file", "x", "/x", member("./x", b"new")))

    assert [(tmp_path / name).read_text() for name in ("x", "same")] == ["new", "old"]


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "x").symlink_to("victim")

    land(tmp_path, source("file", "x", "/x", member("./x", b"new")))

    assert [(tmp_path / name).read_text() for name in ("x", "victim")] == ["new", "mine"]
    assert not (tmp_path / "x").is_symlink()


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(source("folder", "x", "/x", folder("./")), id="a directory over a file"),
        pytest.param(source("file", "d", "/d", member("./d")), id="a file over a directory"),
        pytest.param(source("folder", "d", "/d", folder("./"), folder("./a")), id="a directory over a file, below"),
        pytest.param(source("folder", "l", "/l", folder("./"), member("./in")), id="a directory over a link"),
    ],
)
def test_an_obstacle_is_found_before_anything_is_touched(tmp_path: Path, stream: bytes) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").write_text("old")
    (tmp_path / "x").write_text("old")
    (tmp_path / "l").symlink_to("d")
    before = names(tmp_path)

    with pytest.raises(OutputFailed, match="cannot replace each other"):
        land(tmp_path, source("file", "first", "/f", member("./f")), stream)

    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("destination", "many", "why"),
    [
        pytest.param("none/x", False, "no such directory", id="no parent"),
        pytest.param("none/", False, "is not a directory", id="a slash"),
        pytest.param("none", True, "is not a directory", id="several sources"),
        pytest.param("file", True, "is not a directory", id="several into a file"),
        pytest.param("fifo", False, "neither a file nor a directory", id="a pipe"),
    ],
)
def test_a_place_where_nothing_can_land_is_said_before(tmp_path: Path, destination: str, many: bool, why: str) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(OutputFailed, match=why):
        Staging(f"{tmp_path}/{destination}", asked("a", "b") if many else asked("a"))


def test_a_destination_is_found_behind_links(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "far").symlink_to(tmp_path / "a/b")
    (tmp_path / "a/near").symlink_to("../far/new")

    land(tmp_path / "a/near", source("file", "x", "/x", member("./x", b"1")))
    land(f"{tmp_path}/far/../y", source("file", "x", "/x", member("./x", b"2")))

    assert (tmp_path / "a/b/new").read_bytes() == b"1"
    assert (tmp_path / "a/y").read_bytes() == b"2"
    assert (tmp_path / "a/near").is_symlink()


def test_a_destination_that_cannot_be_looked_at_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    for place in (f"{tmp_path}/circle", f"{tmp_path}/{'n' * 300}", "x"):
        with pytest.raises(OutputFailed, match="cannot write"):
            Staging(place, asked("x"))


@pytest.mark.parametrize("cut", [1, 30, 200, 600, 1200, 1600], ids=str)
def test_a_stream_that_is_cut_short_leaves_nothing(tmp_path: Path, cut: int) -> None:
    whole = source("folder", "d", "/d", folder("./"), member("./a", b"a" * 600), zeros=512)

    with pytest.raises(Truncated):
        land(tmp_path, whole[:cut])

    assert names(tmp_path) == []


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    for stream in (b"sh: tar: not found\n", b"source\0pipe\0x\0/x\0", source("file", "x", "/x") + b"?" * 9000):
        with pytest.raises(Truncated):
            land(tmp_path, stream)

    assert names(tmp_path) == []


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    one = source("file", "x", "/a/x", member("./x"))

    with pytest.raises(OutputFailed, match="two sources would be written to"):
        land(tmp_path, one, one)


@pytest.mark.parametrize(
    "size", [0, 1, 16384, 3 * MEGABYTE, 5 * MEGABYTE + 77], ids=["empty", "byte", "block", "whole", "odd"]
)
def test_zeros_become_a_hole(tmp_path: Path, size: int) -> None:
    data = bytearray(size)
    if size > MEGABYTE:
        data[MEGABYTE + 5] = 1

    land(tmp_path / "x", source("file", "x", "/x", member("./x", bytes(data))))

    assert (tmp_path / "x").read_bytes() == data
    assert (tmp_path / "x").stat().st_blocks * 512 <= 64 * 1024
