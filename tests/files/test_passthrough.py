"""`cp POD:PATH -`: one archive on a descriptor, of names that were asked for alone."""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

import pytest

from kubectl_dshell.errors import Forbidden, Interrupted, OutputFailed, Truncated
from kubectl_dshell.files.passthrough import Passthrough
from tests.files.archives import asked, folder, link, member, reader, source
from tests.files.test_unpack import nothing, refuse

FILE = source("file", "x", "/etc/x", member("./x", b"hello", mode=0o640))


def pass_on(descriptor: int, *streams: bytes, words: tuple[str, ...] = ("etc/x", "srv/app")) -> list[str]:
    """What was missing."""
    passing = Passthrough(descriptor, asked(*words))
    passing.receive(reader(*streams), refuse, nothing)
    return passing.missing


def archive(path: Path, *streams: bytes, words: tuple[str, ...] = ("etc/x", "srv/app")) -> dict[str, bytes | str]:
    """The members that came out, with their contents or where they lead."""
    with path.open("wb") as file:
        pass_on(file.fileno(), *streams, words=words)
    with tarfile.open(path) as tar:
        read = {one.name: tar.extractfile(one) if one.isfile() else None for one in tar}
        return {one.name: b.read() if (b := read[one.name]) else one.linkname for one in tar}


def test_each_source_is_below_its_own_name(tmp_path: Path) -> None:
    tree = source(
        "folder", "app", "/srv/app", folder("./"), member("./data/a", b"x" * 1000), link("./l", "data/a"),
        link("./h", "./data/a", tarfile.LNKTYPE),
    )  # fmt: skip

    members = archive(tmp_path / "out", FILE, tree)

    assert members["x"] == b"hello"
    assert members["app/data/a"] == b"x" * 1000
    assert members["app/l"] == "data/a"
    assert members["app/h"] == "app/data/a"
    assert set(members) == {"x", "app", "app/data/a", "app/l", "app/h"}


def test_a_file_that_went_meanwhile_is_missing_and_said() -> None:
    with Path(os.devnull).open("wb") as out:
        assert pass_on(out.fileno(), source("file", "x", "/etc/x"), words=("etc/x",)) == ["x"]


@pytest.mark.parametrize(
    ("stream", "words", "failure"),
    [
        pytest.param(FILE, ("etc/y",), Forbidden, id="a name that nobody asked for"),
        pytest.param(FILE[:600], ("etc/x",), Truncated, id="half a file"),
        pytest.param(b"", ("etc/x",), Truncated, id="nothing"),
        pytest.param(
            source("file", "x", "/etc/x", member("./x", b"hello", type=tarfile.GNUTYPE_SPARSE)),
            ("etc/x",),
            Truncated,
            id="a form that is not passed on",
        ),
    ],
)
def test_what_is_not_passed_on(stream: bytes, words: tuple[str, ...], failure: type[Exception]) -> None:
    with Path(os.devnull).open("wb") as out, pytest.raises(failure):
        pass_on(out.fileno(), stream, words=words)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OutputFailed, match="No space left"):
        pass_on(full.fileno(), FILE, words=("etc/x",))


def test_a_reader_that_goes_ends_it_as_a_pipe_does() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with pytest.raises(Interrupted) as ended:
            pass_on(writing, FILE, words=("etc/x",))
    finally:
        os.close(writing)

    assert ended.value.signal_number == 13
