from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hack.cluster import packages
from hack.cluster.errors import ClusterError
from hack.cluster.packages import Package


@pytest.mark.parametrize(
    ("package", "missing"),
    [
        (Package("a", "sh"), False),
        (Package("b", "/bin/sh"), False),
        (Package("c", "no-such-program"), True),
        (Package("d", "/no/such/file"), True),
    ],
    ids=["program", "file", "no program", "no file"],
)
def test_a_package_is_known_by_what_it_brings(package: Package, *, missing: bool) -> None:
    assert package.missing is missing


def test_what_cannot_be_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda program, **_: "/bin/sh" if program in {"sh", "apt-get"} else None)
    with pytest.raises(ClusterError, match=r"type: sudo apt-get install -y d e$"):
        packages.ensure((Package("d", "/no/d"), Package("a", "sh"), Package("e", "no-such-program")))


def test_on_another_system_the_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _program, **_: None)
    assert packages.lacking((Package("iproute2", "ip"),)) == [
        "ip: of the Debian packages iproute2, and this is no Debian; install what has them here"
    ]


def test_packages_that_apt_cannot_get_are_said_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apt-get that installs nothing, and notes what it was asked for."""
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncase "$*" in *install*) echo "E: no d" >&2; exit 100; esac\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(
        ClusterError, match=r"missing on this machine: Debian packages d, which cannot be had: (?s:.*)E: no d$"
    ):
        packages.ensure((Package("d", "/no/d"),))
    update, simulated = (tmp_path / "asked").read_text().splitlines()
    assert update.endswith(" update")
    assert "--simulate" in simulated
