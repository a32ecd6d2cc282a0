from __future__ import annotations

import os
import sys

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
    with pytest.raises(ClusterError, match=r"type: sudo apt-get install -y d e$"):
        packages.ensure((Package("d", "/no/d"), Package("a", "sh"), Package("e", "no-such-program")))


def test_a_cluster_of_ours_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in packages.in_reach()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert packages.in_reach() == ""
