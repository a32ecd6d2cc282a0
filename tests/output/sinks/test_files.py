"""Outputs in files: in the folder that was named, and whole or said to be none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kubectl_dshell.domain.stream import Output
from kubectl_dshell.errors import Malformed, OutputFailed, UsageError
from kubectl_dshell.output.sinks.files import FileSink, new_folder
from tests.output.paper import ERR, OUT, WEB, ContainerRef


@pytest.mark.parametrize(
    "place",
    [
        ContainerRef("../../x", "web", "app"),
        ContainerRef("/tmp/x", "web", "app"),
        ContainerRef("shop", "..", "/"),
        ContainerRef("", "", ""),
    ],
)
def test_no_file_is_made_outside_of_the_folder(tmp_path: Path, place: ContainerRef) -> None:
    folder = new_folder(str(tmp_path / "a/b/out"))

    with pytest.raises(Malformed, match="is not a valid file name"):
        FileSink(folder, place)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_files_are_their_owner_s_alone_and_named_when_whole(tmp_path: Path) -> None:
    folder = new_folder(str(tmp_path / "a" / "b"))
    sink = FileSink(folder, WEB)
    sink.write(Output(OUT, b"\xff\x00"))
    sink.write(Output(ERR, b"oops"))
    before = sorted(path.name for path in folder.iterdir())

    fields = sink.finish(whole=True)

    assert before == ["shop_web-1_app.err.part", "shop_web-1_app.out.part"]
    out, err = folder / "shop_web-1_app.out", folder / "shop_web-1_app.err"
    assert fields == {"stdoutFile": str(out), "stderrFile": str(err)}
    assert (out.read_bytes(), err.read_bytes()) == (b"\xff\x00", b"oops")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, err)} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_part_never_looks_whole(tmp_path: Path) -> None:
    sink = FileSink(new_folder(str(tmp_path)), WEB)
    sink.write(Output(OUT, b"half"))

    fields = sink.finish(whole=False)

    assert fields["stdoutFile"].endswith("shop_web-1_app.out.part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop_web-1_app.err.part", "shop_web-1_app.out.part"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()

    with pytest.raises(UsageError, match="is not empty"):
        new_folder(str(tmp_path))
    with pytest.raises(OutputFailed, match="cannot create or read"):
        new_folder(str(tmp_path / "x" / "y"))


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "gone", WEB)

    sink.write(Output(OUT, b"lost"))

    with pytest.raises(OutputFailed, match=r"cannot write .*shop_web-1_app.out: No such file"):
        sink.check()
    assert sink.finish(whole=True)["stdoutFile"].endswith(".part")


def test_a_file_that_somebody_takes_away_is_said(tmp_path: Path) -> None:
    sink = FileSink(tmp_path, WEB)
    sink.write(Output(OUT, b"lost"))
    (tmp_path / "shop_web-1_app.out.part").unlink()

    with pytest.raises(OutputFailed, match=r"cannot write .*shop_web-1_app: No such file"):
        sink.finish(whole=True)
