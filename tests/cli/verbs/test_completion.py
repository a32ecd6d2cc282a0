"""`completion`: the scripts, and the file for kubectl."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.completion import install
from kubectl_dshell.errors import OutputFailed


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A directory with the program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "kubectl-dshell"
    program.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0

    out, err = capfd.readouterr()
    assert out.startswith("#compdef kubectl-dshell\n" if shell == "zsh" else f"# {shell} completion for kubectl-dshell")
    assert "__complete" in out
    assert "eval" not in out.replace("evaluated", "")
    assert err == ""


def test_the_file_for_kubectl_is_beside_the_program(beside: Path, tmp_path: Path) -> None:
    told = install(str(beside), tmp_path)

    file = beside / "kubectl_complete-dshell"
    assert told.startswith(f"Wrote {file}, ")
    assert "~/.bashrc" in told
    assert "to PATH" not in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    env = {"PATH": f"{beside}:{os.defpath}"}
    done = subprocess.run([file, "ls", "$(x) y", ""], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "<__complete><ls><$(x) y><>"
    assert sorted(path.name for path in beside.iterdir()) == ["kubectl-dshell", "kubectl_complete-dshell"]
    install(str(beside), tmp_path)


def test_without_the_program_on_the_path_it_is_in_the_home(tmp_path: Path) -> None:
    told = install("/nowhere", tmp_path)

    assert (tmp_path / ".local/bin/kubectl_complete-dshell").is_file()
    assert f"Add {tmp_path}/.local/bin to PATH" in told


def test_what_is_not_ours_is_never_replaced(beside: Path, tmp_path: Path) -> None:
    file = beside / "kubectl_complete-dshell"
    file.write_text("#!/bin/sh\necho mine\n")

    with pytest.raises(OutputFailed, match="exists and was not written by kubectl dshell"):
        install(str(beside), tmp_path)

    assert file.read_text() == "#!/bin/sh\necho mine\n"


def test_a_failure_of_the_system_is_told(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("")

    with pytest.raises(OutputFailed, match=r"the file for kubectl cannot be written: .*: Not a directory"):
        install("/nowhere", tmp_path)


def test_it_takes_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash", "--", "x"]) == 64
    assert "completion takes no command after --" in capsys.readouterr().err
