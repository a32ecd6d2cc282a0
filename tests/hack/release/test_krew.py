"""What is asked of krew, with a stand-in for it; `make release-check` asks krew itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.release.krew import install
from hack.release.process import ReleaseError

INSTALLS = '[ "$1 $2 $4" = "install --manifest --archive" ] && mkdir -p "$KREW_ROOT/bin" && cp "$5" "$KREW_ROOT/bin/kubectl-dshell"'


def krew(tmp_path: Path, script: str) -> Path:
    program = tmp_path / "kubectl-krew"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    (tmp_path / "archive").write_text("program")
    return program


def test_the_program_is_the_one_that_krew_links(tmp_path: Path) -> None:
    program = install(krew(tmp_path, INSTALLS), tmp_path / "dshell.yaml", tmp_path / "archive", tmp_path / "root")

    assert program.read_text() == "program"
    assert program.is_relative_to(tmp_path / "root")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo checksum does not match >&2; exit 1", "checksum does not match"),
        ("exit 0", r"krew installed dshell\.yaml, but there is no kubectl-dshell"),
    ],
)
def test_what_krew_refuses_or_does_not_link_is_an_error(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        install(krew(tmp_path, script), tmp_path / "dshell.yaml", tmp_path / "archive", tmp_path / "root")
