"""What is sent is what was named, even where others change it meanwhile."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.files.archive_source import ArchiveSource, Size
from tests.files.test_unpack import nothing


def sent(*sources: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """The type of each member by name, and what was refused by its path, with the reason."""
    out = io.BytesIO()
    left_out: dict[str, str] = {}
    ArchiveSource([str(source) for source in sources], left_out.__setitem__).send(out, lambda: False, nothing)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        return {one.name: one.type for one in tar}, left_out


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    found, left_out = sent(tmp_path)

    assert set(found) == {"0", "end"}
    assert left_out == {f"{tmp_path}/fifo": "it is not a file, a directory or a link"}


def test_a_source_that_goes_before_it_is_sent_is_told(tmp_path: Path) -> None:
    (tmp_path / "stays").write_text("1")
    (tmp_path / "rotated").write_text("2")
    left_out: dict[str, str] = {}
    luggage = ArchiveSource([f"{tmp_path}/rotated", f"{tmp_path}/stays"], left_out.__setitem__)
    (tmp_path / "rotated").unlink()
    out = io.BytesIO()

    assert luggage.size() == Size(1, 1)
    luggage.send(out, lambda: False, nothing)

    assert left_out == {f"{tmp_path}/rotated": "No such file or directory"}
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        assert tar.getnames() == ["1", "end"]


@pytest.mark.parametrize("target", ["secret", "secrets", "fifo"])
def test_what_is_changed_into_another_thing_before_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/in").write_text("mine")
    (tmp_path / "secret").write_text("mine")
    os.mkfifo(tmp_path / "fifo")
    source = tmp_path / "shared"
    source.mkdir()
    (source / "file").write_text("theirs")
    look = os.stat

    def look_and_swap(path: Any, **where: Any) -> os.stat_result:
        seen = look(path, **where)
        if path == "file":
            (source / "file").unlink()
            if target == "fifo":
                os.mkfifo(source / "file")
            else:
                (source / "file").symlink_to(tmp_path / target)
        return seen

    monkeypatch.setattr(os, "stat", look_and_swap)
    found, left_out = sent(source)

    assert set(found) == {"0", "end"}
    assert list(left_out) == [f"{source}/file"]


def test_a_tree_deeper_than_any_is_refused_there(tmp_path: Path) -> None:
    os.makedirs(tmp_path / "/".join("d" * 300))  # noqa: PTH103

    found, left_out = sent(tmp_path)

    assert len(found) == 257
    assert list(left_out.values()) == ["its path is more than 255 directories deep"]
