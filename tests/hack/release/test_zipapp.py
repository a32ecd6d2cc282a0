"""The zip archive: unpacked once, for this user alone, and usable where nothing can be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hack.release.zipapp import zipped

PROGRAM = b"import kubectl_dshell, sys\ndef run():\n    print(kubectl_dshell.__file__, *sys.argv[1:])\n"
MEMBERS = {"kubectl_dshell/__init__.py": b"", "kubectl_dshell/__main__.py": PROGRAM}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "program.pyz"
    file.write_bytes(b"#!/usr/bin/env python3\n" + zipped(MEMBERS, 1_700_000_000))
    return file


def started(archive: Path, cache: Path | str) -> Path:
    done = subprocess.run(
        [sys.executable, str(archive), "word"],
        env={"XDG_CACHE_HOME": str(cache), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    module, word = done.stdout.split()
    assert word == "word"
    return Path(module)


def test_the_same_files_give_the_same_bytes() -> None:
    backwards = dict(reversed(MEMBERS.items()))

    assert zipped(MEMBERS, 1_700_000_000) == zipped(backwards, 1_700_000_000)
    assert zipped(MEMBERS, 1_700_000_000) != zipped({**MEMBERS, "more.py": b""}, 1_700_000_000)


def test_it_is_unpacked_once(archive: Path, tmp_path: Path) -> None:
    first = started(archive, tmp_path / "cache")
    unpacked = first.stat().st_ino

    assert first.is_relative_to(tmp_path / "cache/kubectl-dshell")
    assert started(archive, tmp_path / "cache").stat().st_ino == unpacked
    assert len([*(tmp_path / "cache/kubectl-dshell").iterdir()]) == 1
    assert first.parents[1].stat().st_mode & 0o777 == 0o700


def test_another_version_is_unpacked_beside(archive: Path, tmp_path: Path) -> None:
    started(archive, tmp_path / "cache")
    archive.write_bytes(zipped({**MEMBERS, "more.py": b""}, 1_700_000_000))
    started(archive, tmp_path / "cache")

    assert len([*(tmp_path / "cache/kubectl-dshell").iterdir()]) == 2


def test_where_nothing_can_be_written_it_runs_from_the_archive(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert started(archive, tmp_path / "file").is_relative_to(archive)
    assert started(archive, "relative").is_relative_to(archive)


def test_a_directory_that_others_can_write_is_not_run(archive: Path, tmp_path: Path) -> None:
    module = started(archive, tmp_path / "cache")
    module.parents[1].chmod(0o777)

    assert started(archive, tmp_path / "cache").is_relative_to(archive)


def test_no_directory_is_made_where_others_can_write(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "cache/kubectl-dshell").mkdir(parents=True)
    (tmp_path / "cache/kubectl-dshell").chmod(0o777)

    assert started(archive, tmp_path / "cache").is_relative_to(archive)
    assert [*(tmp_path / "cache/kubectl-dshell").iterdir()] == []
