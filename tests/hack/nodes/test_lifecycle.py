from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from hack.cluster.build import binaries
from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout
from hack.nodes import lifecycle, needs, runtimes
from hack.nodes.kind import Kind, Module
from hack.nodes.layout import Node

LAYOUT = Layout("node", Path("/nonexistent"))
NODE = Node("containerd-1.7", "1.7.24", "1.36.3", "6.12-amd64", "tcg", "apparmor", 20000)


class Reached(Exception):
    """What comes after the check of the machine."""


@pytest.mark.parametrize(
    ("running", "outcome"), [(NODE, Reached), (None, ClusterError)], ids=["a node runs", "none runs"]
)
def test_the_machine_is_judged_before_a_node_takes_of_it_and_not_afterwards(
    monkeypatch: pytest.MonkeyPatch, running: Node | None, outcome: type[Exception]
) -> None:
    def install() -> NoReturn:
        raise Reached

    monkeypatch.setattr(lifecycle, "running", lambda _: running)
    monkeypatch.setattr(needs, "lacking", lambda: ["4096 MiB of memory are needed, 900 are available"])
    monkeypatch.setattr(needs, "install", install)

    with pytest.raises(outcome):
        lifecycle.up(LAYOUT, Kind(runtimes.CONTAINERD_1_7, "1.36"))


@pytest.mark.parametrize(("module", "gvisor"), [(Module.APPARMOR, "gvisor"), (Module.SELINUX, None)], ids=str)
def test_tests_are_told_of_the_newest_kubectl_whatever_the_node_s_version(
    monkeypatch: pytest.MonkeyPatch, module: Module, gvisor: str | None
) -> None:
    node = replace(NODE, kubernetes="1.30.14", module=module.value)
    monkeypatch.setattr(lifecycle, "running", lambda _: node)

    told = lifecycle.environment(LAYOUT)

    assert told["DSHELL_E2E_KUBECTL"] == f"{binaries()}/kubectl"
    assert (told["DSHELL_E2E_MODULE"], told.get("DSHELL_E2E_GVISOR")) == (module.value, gvisor)
