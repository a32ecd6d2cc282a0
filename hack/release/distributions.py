"""The wheel and the source distribution: built twice to the same bytes, with these files and no others."""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from .layout import TOP, sha256, source_date_epoch, sources, version
from .process import ReleaseError, run

_TOP_FILES = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", ".gitignore"}
_MANUAL = "docs/kubectl-dshell.1"
_METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


class Distributions(NamedTuple):
    wheel: Path
    sdist: Path


def build_reproducibly(folder: Path) -> Distributions:
    """Built into `folder`. Raises ReleaseError if a second build differs in a byte, or the files are not ours."""
    built = build(folder)
    with tempfile.TemporaryDirectory() as elsewhere:
        for first, second in zip(built, build(Path(elsewhere)), strict=True):
            if sha256(first) != sha256(second):
                raise ReleaseError(f"{first.name} was built twice, and the two differ")
    check_files(built)
    return built


def build(folder: Path) -> Distributions:
    """One build of both, dated by the last commit."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": source_date_epoch()}
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=TOP, env=environment)
    stem = f"kubectl_dshell-{version()}"
    return Distributions(folder / f"{stem}-py3-none-any.whl", folder / f"{stem}.tar.gz")


def check_files(built: Distributions) -> None:
    """Raises ReleaseError, naming what is missing and what is too much."""
    _compare(built.wheel, wheel_files(built.wheel), expected_wheel())
    _compare(built.sdist, sdist_files(built.sdist), expected_sdist())


def expected_wheel() -> set[str]:
    stem = f"kubectl_dshell-{version()}"
    manual = f"{stem}.data/data/share/man/man1/{Path(_MANUAL).name}"
    return sources("kubectl_dshell") | {f"{stem}.dist-info/{name}" for name in _METADATA} | {manual}


def expected_sdist() -> set[str]:
    names = sources("kubectl_dshell", "manifests") | _TOP_FILES | {"PKG-INFO", _MANUAL}
    return {f"kubectl_dshell-{version()}/{name}" for name in names}


def wheel_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {*archive.namelist()}


def sdist_files(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {member.name for member in archive if member.isfile()}


def _compare(file: Path, found: set[str], expected: set[str]) -> None:
    if found != expected:
        lacks, more = sorted(expected - found), sorted(found - expected)
        raise ReleaseError(f"{file.name} lacks {lacks} and has {more} too much")
