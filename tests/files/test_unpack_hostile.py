"""Archives that are meant to harm: nothing of them is outside, and nothing is half there."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.errors import DshellError, OutputFailed, Truncated
from kubectl_dshell.files import tree
from kubectl_dshell.files.staging import Staging
from tests.files.archives import asked, folder, link, member, pax, reader, source
from tests.files.test_unpack import Refusal, land, names, nothing, refuse

Member = tuple[tarfile.TarInfo, bytes]


def case(*members: Member, id: str) -> Any:  # noqa: A002  # pytest's own word
    return pytest.param(members, id=id)


HOSTILE = [
    case(member("../evil"), id="a name with .."),
    case(member("a/../../evil"), id=".. in the middle"),
    case(member("/evil"), id="an absolute name"),
    case(folder("../evil"), id="a directory outside"),
    case(link("l", "/etc"), id="an absolute link"),
    case(link("l", ".."), id="a link upwards"),
    case(link("a", "."), link("b", "a/.."), id="a link through a link"),
    case(link("l", "../outside"), member("l/evil"), id="a file through a link"),
    case(link("l", "."), member("l/evil"), id="a file through an inner link"),
    case(member("./f"), member("./f/evil"), id="a file below a file"),
    case(member("none/evil"), id="a file below nothing"),
    case(member("./f"), member("./f"), id="twice"),
    case(folder("./d"), link("./d", "."), id="a link in the place of a directory"),
    case(link("./d", "."), folder("./d"), id="a directory in the place of a link"),
    case(link("h", "/etc/passwd", tarfile.LNKTYPE), id="a hard link to an absolute name"),
    case(link("h", "../secret", tarfile.LNKTYPE), id="a hard link upwards"),
    case(link("h", "none", tarfile.LNKTYPE), id="a hard link to nothing"),
    case(folder("./d"), link("h", "./d", tarfile.LNKTYPE), id="a hard link to a directory"),
    case(member("./dev", type=tarfile.CHRTYPE, devmajor=1, devminor=3), id="a device"),
    case(member("./dev", type=tarfile.BLKTYPE, devmajor=8), id="a block device"),
    case(member("./fifo", type=tarfile.FIFOTYPE), id="a pipe"),
    case(member("./su", b"#!", mode=0o4755), id="setuid"),
    case(member("./su", b"#!", mode=0o2755), id="setgid"),
    case(member("./odd", type=b"Z"), id="an unknown type"),
    case(member("./", b"not a directory"), id="a file as the top"),
    case(link("a", "."), link("a/x", ".."), link("x/.bash_login", "good"), id="a link below a link"),
    case(link("a", "."), link("h", "a", tarfile.LNKTYPE), link("h/x", ".."), id="a link below a hard link to a link"),
    case(link("a", "."), link("a", "good"), id="a link twice"),
    case(link("l", "x" * 4096), id="a link to a name that is too long"),
    case(member("a/" * 2048), id="a name that is too long"),
    case(folder("a/" * 256), id="too deep"),
    case(member("n" * 256), id="a name too long for the disk"),
    case(pax({"GNU.sparse.major": "1", "GNU.sparse.name": "s"}), member("GNUSparseFile.0/s", b"1\n"), id="sparse"),
]


@pytest.mark.parametrize("members", HOSTILE)
def test_a_hostile_member_ends_the_copy_and_leaves_nothing(tmp_path: Path, members: tuple[Member, ...]) -> None:
    (tmp_path / "secret").write_text("mine")
    place = tmp_path / "place"
    place.mkdir()

    with pytest.raises(Refusal):
        land(place, source("folder", "d", "/srv", folder("./"), member("./good"), *members))

    assert names(tmp_path) == ["place", "secret"]


@pytest.mark.parametrize("members", HOSTILE)
def test_a_hostile_member_can_be_left_out(tmp_path: Path, members: tuple[Member, ...]) -> None:
    (tmp_path / "secret").write_text("mine")
    place, left_out = tmp_path / "place", []
    place.mkdir()
    landing = Staging(str(place), asked("d"))

    landing.receive(
        reader(source("folder", "d", "/srv", folder("./"), member("./good", b"good"), *members, member("./last"))),
        lambda name, _why: left_out.append(name),
        nothing,
    )
    landing.commit()
    landing.discard()

    assert left_out
    assert all(name.startswith("d/") for name in left_out)
    assert names(tmp_path)[0] == "place"
    assert names(tmp_path)[-1] == "secret"
    assert {"good", "last"} <= set(names(place / "d"))
    for path in place.rglob("*"):
        assert path.resolve().is_relative_to(place)
        assert path.is_symlink() or path.is_file() or path.is_dir()
        assert path.is_symlink() or not path.stat().st_mode & 0o6000


def test_a_header_that_never_ends_is_not_kept_in_memory(tmp_path: Path) -> None:
    name = member("././@LongLink", type=tarfile.GNUTYPE_LONGNAME)[0]
    name.size = 1 << 33
    stream = b"source\0folder\0d\0/d\0" + name.tobuf(tarfile.GNU_FORMAT) + b"a" * (1 << 20)

    with pytest.raises(DshellError, match="header of"):
        land(tmp_path, stream)

    assert names(tmp_path) == []


@pytest.mark.parametrize("mtime", [-(1 << 40), 1 << 60])
def test_an_impossible_time_is_bent(tmp_path: Path, mtime: int) -> None:
    land(tmp_path / "x", source("file", "x", "/x", member("./x", mtime=mtime)))

    assert 0 <= (tmp_path / "x").stat().st_mtime <= 1 << 33


@pytest.mark.parametrize(
    "members",
    [
        case(pax({"mtime": "inf"}), member("x"), id="a time without an end"),
        case(pax({"mtime": "nan"}), member("x"), id="a time that is no number"),
        case(pax({"mtime": "1e400"}), member("x"), id="a time beyond all numbers"),
        case(pax({"size": "²"}), member("x"), id="a size that is no number"),
        case(pax({"size": "9" * 5000}), member("x"), id="a size of 5000 digits"),
        case(pax({"path": "a\0b"}), member("x"), id="a zero byte in a name"),
        case(pax({"linkpath": "a\0b"}), link("x", "y"), id="a zero byte in a target"),
        case(*[pax({"path": "x"})] * 1000, member("x"), id="a chain of PAX headers"),
        case(*[member("l", b"x", type=tarfile.GNUTYPE_LONGNAME)] * 1000, member("x"), id="a chain of long names"),
        case(*[pax({"a": "b"}, tarfile.XGLTYPE)] * 1000, member("x"), id="a chain of global headers"),
        case(member("p", b"12 path=a", type=tarfile.XHDTYPE), member("x"), id="a PAX header cut short"),
        case(member("p", b"999 path=a\n", type=tarfile.XHDTYPE), member("x"), id="a PAX header that is too short"),
        case(pax({"path": "x"}), id="a header of nothing"),
        case(pax({"comment": "c" * 70_000}), member("x"), id="a PAX header that is too long"),
        case(member("s", b"", type=tarfile.GNUTYPE_SPARSE), id="an old sparse file"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_broken_archive_is_said_to_be_broken(tmp_path: Path, kind: str, members: tuple[Member, ...]) -> None:
    with pytest.raises((Truncated, Refusal)):
        land(tmp_path, source(kind, "d", "/d", *members))

    assert os.listdir(tmp_path) == []  # noqa: PTH208  # hidden ones too


def test_fields_of_pax_headers_count_for_one_member(tmp_path: Path) -> None:
    fields = {"path": "long/" + "n" * 150, "mtime": "1500000000.9", "size": "3"}
    one, data = member("./short", b"abc")
    one.size = 0

    land(tmp_path, source("folder", "d", "/d", folder("long"), pax(fields), (one, data), member("./other", b"other")))

    named = tmp_path / "d/long" / ("n" * 150)
    assert (named.read_bytes(), named.stat().st_mtime) == (b"abc", 1_500_000_000)
    assert (tmp_path / "d/other").stat().st_mtime == 1_600_000_000


def test_links_of_the_longest_names_are_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_KEPT", 100_000)
    links = [link(f"./{number}", "x" * 4000) for number in range(30)]

    with pytest.raises(Refusal, match="too many links"):
        land(tmp_path, source("folder", "d", "/d", *links))


def test_zero_bytes_without_an_end_are_no_list(tmp_path: Path) -> None:
    with pytest.raises(Truncated, match="endless zero bytes"):
        land(tmp_path, source("folder", "d", "/d", folder("./")), bytes(1100 * 1024), words=["d"])


def test_a_directory_that_was_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    """By whoever else may write where the copy goes to."""
    place, victim = tmp_path / "shared", tmp_path / "victim"
    place.mkdir()
    victim.mkdir()
    landing = Staging(str(place), asked("d"))

    def swap(*_: str) -> None:
        staged = next(place.glob(".d.dshell-*"))
        staged.rename(place / "gone")
        staged.symlink_to(victim)

    stream = source(
        "folder", "d", "/d", folder("./"), member("/swap now"), member("./in"), folder("./sub"), link("./l", "in")
    )
    landing.receive(reader(stream), swap, nothing)
    with pytest.raises(OutputFailed):
        landing.commit()
    landing.discard()

    assert names(victim) == []
    assert not (place / "d").exists()
    assert names(place / "gone") == ["in", "l", "sub"]


def test_a_destination_that_was_swapped_for_a_link_is_not_gone_through(tmp_path: Path) -> None:
    place, victim = tmp_path / "shared", tmp_path / "victim"
    (place / "d").mkdir(parents=True)
    victim.mkdir()
    landing = Staging(str(place), asked("d"))
    landing.receive(reader(source("folder", "d", "/d", folder("./"), member("./in"))), refuse, nothing)
    (place / "d").rename(place / "gone")
    (place / "d").symlink_to(victim)

    with pytest.raises(OutputFailed):
        landing.commit()
    landing.discard()

    assert names(victim) == []


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Path]]:
    """Makes a link, of another user, in a directory where everybody may write."""
    shared = Path("/tmp")  # root's, as only root could make one elsewhere that is not ours
    mine = os.geteuid()
    if mine == 0:
        shared = tmp_path / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
    made: list[Path] = []

    def plant(target: Path) -> Path:
        made.append(shared / f"dshell-test-{os.getpid()}-{len(made)}")
        made[-1].symlink_to(target)
        if mine == 0:
            os.lchown(made[-1], 65534, 65534)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
        return made[-1]

    yield plant
    for one in made:
        one.unlink()


def test_a_link_that_waits_where_everybody_may_write_is_not_followed(
    tmp_path: Path, planted: Callable[[Path], Path]
) -> None:
    """Like the kernel with fs.protected_symlinks."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "rc").write_text("mine")
    one = source("file", "rc", "/rc", member("./rc", b"theirs"))

    for place in (planted(home / "rc"), planted(home), planted(home) / "rc", planted(home / "new")):
        with pytest.raises(OutputFailed, match="a symbolic link owned by another user, in a world-writable directory"):
            land(place, one)

    assert names(home) == ["rc"]
    assert (home / "rc").read_text() == "mine"


def test_more_than_one_file_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DshellError, match="more than the one file"):
        land(tmp_path, source("file", "x", "/x", member("./x"), member("./y")))
