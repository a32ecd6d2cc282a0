"""The archive of the directory with Python inside."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from hack.release.bundle import add_licenses, archive_name, check_scripts, pack
from hack.release.layout import sha256
from hack.release.process import ReleaseError


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "kubectl-dshell"
    (folder / "_internal").mkdir(parents=True)
    (folder / "kubectl-dshell").write_bytes(b"program")
    (folder / "kubectl-dshell").chmod(0o700)
    (folder / "_internal/base.pyc").write_bytes(b"module")
    return folder


def test_the_archive_says_nothing_about_where_and_when_it_was_made(bundle: Path, tmp_path: Path) -> None:
    first = pack(bundle, tmp_path / "a.tar.gz", 1_700_000_000)
    second = pack(bundle, tmp_path / "b.tar.gz", 1_700_000_000)

    assert sha256(first) == sha256(second)
    with tarfile.open(first) as files:
        found = {member.name: (member.mode, member.uid, member.mtime) for member in files}
    assert found["kubectl-dshell/kubectl-dshell"] == (0o755, 0, 1_700_000_000)
    assert found["kubectl-dshell/_internal/base.pyc"] == (0o644, 0, 1_700_000_000)


def test_a_bundle_without_the_scripts_is_refused(bundle: Path) -> None:
    with pytest.raises(ReleaseError, match=r"kubectl_dshell/remote/holder\.sh"):
        check_scripts(bundle)


def test_the_licenses_of_the_packages_are_in_it(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "light/click-8.dist-info/licenses").mkdir(parents=True)
    (tmp_path / "light/click-8.dist-info/licenses/LICENSE.txt").write_text("BSD")

    add_licenses(tmp_path / "light", bundle)

    assert (bundle / "licenses/click-8/LICENSE.txt").read_text() == "BSD"
    assert "Apache License" in (bundle / "LICENSE").read_text()


def test_the_name_of_an_archive_has_its_platform() -> None:
    assert archive_name("darwin_arm64").endswith("_darwin_arm64.tar.gz")
