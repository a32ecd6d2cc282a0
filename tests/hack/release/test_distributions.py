"""What is uploaded: every file of the program, nothing else, and the same bytes whenever it is built."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from hack.release.distributions import (
    Distributions,
    build_reproducibly,
    check_files,
    expected_sdist,
    expected_wheel,
    wheel_files,
)
from hack.release.process import ReleaseError


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    return build_reproducibly(tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_the_scripts_and_the_types(built: Distributions) -> None:
    names = wheel_files(built.wheel)

    assert {
        "kubectl_dshell/remote/holder.sh",
        "kubectl_dshell/remote/completion.bash",
        "kubectl_dshell/cli/completion/completion.zsh",
        "kubectl_dshell/cli/completion/completion.fish",
        "kubectl_dshell/py.typed",
    } <= names


def test_the_command_of_the_wheel_is_the_name_of_the_project(built: Distributions) -> None:
    """`uvx kubectl-dshell POD` runs the command that is named like the project."""
    with zipfile.ZipFile(built.wheel) as archive:
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert archive.read(entry).decode().split() == [
            "[console_scripts]",
            "kubectl-dshell",
            "=",
            "kubectl_dshell.__main__:run",
        ]


def test_the_source_has_what_the_wheel_is_made_of(built: Distributions) -> None:
    del built  # its files have been compared
    program = {name for name in expected_wheel() if name.startswith("kubectl_dshell/")}

    assert program <= {name.partition("/")[2] for name in expected_sdist()}


def test_a_file_too_much_is_named(built: Distributions, tmp_path: Path) -> None:
    wheel = tmp_path / built.wheel.name
    wheel.write_bytes(built.wheel.read_bytes())
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("kubectl_dshell/left-over.txt", "")

    with pytest.raises(ReleaseError, match=r"left-over\.txt"):
        check_files(Distributions(wheel, built.sdist))
