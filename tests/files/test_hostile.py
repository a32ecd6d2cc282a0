"""Archives that are meant to harm: nothing of them is outside, and nothing is half there."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.errors import DshellError
from kubectl_dshell.files.landing import Landing
from tests.files.archives import asked, folder, link, member, reader, source
from tests.files.test_landing import Refusal, land, names, nothing

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
    landing = Landing(str(place), asked("d"))

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


def test_more_than_one_file_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DshellError, match="more than the one file"):
        land(tmp_path, source("file", "x", "/x", member("./x"), member("./y")))
