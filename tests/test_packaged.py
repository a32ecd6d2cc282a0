"""Files beside modules, in a directory and in a zip archive."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import kubectl_dshell
from kubectl_dshell.packaged import read_beside

PACKAGE = Path(kubectl_dshell.__file__).parent
SCRIPTS = """
from kubectl_dshell.cli.main import main
from kubectl_dshell.remote import script
import kubectl_dshell
assert kubectl_dshell.__file__.startswith(kubectl_dshell.__spec__.loader.archive)
print(script.shell() + script.holder())
main(["completion", "zsh"])
"""


def test_a_file_beside_a_module() -> None:
    assert read_beside(str(PACKAGE / "remote/script.py"), "state.sh") == (PACKAGE / "remote/state.sh").read_text()


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        read_beside(str(PACKAGE / "remote/script.py"), "none.sh")


def test_the_scripts_are_found_in_a_zip_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in PACKAGE.rglob("*"):
            if path.suffix in {".py", ".sh", ".bash", ".zsh", ".fish"}:
                archive.write(path, path.relative_to(PACKAGE.parent))

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'all.zip')!r}){SCRIPTS}"],
        cwd=tmp_path,
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "open_shell" in done.stdout
    assert "#compdef kubectl-dshell" in done.stdout
