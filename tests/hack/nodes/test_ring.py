from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout
from hack.cluster.process import identify
from hack.nodes import lifecycle, needs, ring
from hack.nodes.kind import Module
from hack.nodes.layout import Node
from hack.nodes.results import Outcome
from tests.waiting import wait_until

if TYPE_CHECKING:
    from hack.nodes.kind import Kind
    from hack.nodes.ring import Row

NODE = Node("containerd", "2.2.1", "1.36.3", "6.12-amd64", "tcg", "apparmor", 20000)
LAYOUT = Layout("node", Path("/nonexistent"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One on which every node starts and every test passes; what was done is listed."""
    done: list[str] = []

    def test(_: Layout, row: Row, *, quick: bool) -> None:
        done.append(f"test {'quick' if quick else 'all'}")
        row.tests = {"one": Outcome.PASSED}

    def up(_: Layout, kind: Kind, **__: object) -> None:
        done.append(f"up {kind.runtime.name} {kind.kubernetes} {kind.module}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(needs, "lacking", list)
    monkeypatch.setattr(lifecycle, "up", up)
    monkeypatch.setattr(lifecycle, "down", lambda _: done.append("down"))
    monkeypatch.setattr(lifecycle, "needed", lambda _: NODE)
    monkeypatch.setattr(lifecycle, "last_words", lambda _: "the end of the console")
    monkeypatch.setattr(ring, "_test", test)
    return done


@pytest.mark.parametrize(("required", "code"), [("", 0), ("required", 69)])
def test_a_machine_that_can_run_no_node_says_so_and_fails_only_where_one_is_required(
    machine: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    required: str,
    code: int,
) -> None:
    monkeypatch.setattr(needs, "lacking", lambda: ["a node in a virtual machine needs root"])
    monkeypatch.setenv("DSHELL_NODES", required)

    assert ring.run(LAYOUT, quick=True) == code
    assert "no node can run here: a node in a virtual machine needs root" in capsys.readouterr().err
    assert machine == []


def test_a_part_runs_on_both_containerds_and_each_node_is_ended(machine: list[str]) -> None:
    assert ring.run(LAYOUT, quick=True) == 0
    assert machine == [
        *("down", "up containerd 1.36 apparmor", "test quick", "down"),
        *("down", "up containerd 1.36 selinux", "test quick", "down"),
        *("down", "up containerd-1.7 1.36 apparmor", "test quick", "down"),
    ]


def test_all_runs_under_the_oldest_kubernetes_too_and_says_why_not_with_cri_o(
    machine: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring.run(LAYOUT, quick=False) == 0
    assert [word for word in machine if word.startswith("up")] == [
        "up containerd 1.36 apparmor",
        "up containerd 1.36 selinux",
        "up containerd-1.7 1.36 apparmor",
        "up containerd-1.7 1.30 apparmor",
    ]
    *_, last = capsys.readouterr().out.splitlines()
    assert (
        last
        == "| crio | 1.36.3 | - | AppArmor | 0 | 0 | 1: DSHELL_VM_CRIO names no folder with the programs crio and pinns | 0:00 |"
    )
    assert [row["tests"] for row in json.loads(ring.RESULTS.read_text())] == [{"one": "passed"}] * 4 + [{}]


def test_a_node_that_does_not_start_fails_and_the_others_run(
    machine: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = lifecycle.up

    def up(layout: Layout, kind: Kind, *, images: tuple[str, ...]) -> None:
        if kind.runtime.name == "containerd":
            raise ClusterError("ssh into it is not ready after 600 s\nthe end of the console")
        start(layout, kind, images=images)

    monkeypatch.setattr(lifecycle, "up", up)

    assert ring.run(LAYOUT, quick=True) == 1
    assert machine == [*("down",) * 5, "up containerd-1.7 1.36 apparmor", "test quick", "down"]
    told = capsys.readouterr()
    assert "| containerd | 1.36.3 | - | SELinux | 0 | 0 | 1: ssh into it is not ready after 600 s | 0:00 |" in told.out
    assert "the end of the console" in told.err


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED])
def test_a_test_that_does_not_pass_fails_and_the_console_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], outcome: Outcome
) -> None:
    def test(_: Layout, row: Row, **__: object) -> None:
        row.tests = {"one": Outcome.PASSED, "two": outcome}

    monkeypatch.setattr(ring, "_test", test)

    assert ring.run(LAYOUT, quick=True) == 1
    assert capsys.readouterr().err.count("the end of the console") == 3


def test_a_signal_shows_the_console_and_leaves_no_node(
    machine: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ring, "_test", lambda *_, **__: signal.raise_signal(signal.SIGTERM))

    with pytest.raises(SystemExit) as ended:
        ring.run(LAYOUT, quick=True)
    assert ended.value.code == 143
    assert machine == ["down", "up containerd 1.36 apparmor", "down"]
    assert capsys.readouterr().err.count("the end of the console") == 1


def test_tests_that_hang_are_ended_with_all_that_they_started(tmp_path: Path) -> None:
    hangs = f"sleep 1000 & echo $! >{tmp_path}/child; wait"

    assert ring._ended(["sh", "-c", "exit 3"], {}, 10) == 3
    assert ring._ended(["sh", "-c", hangs], {"PATH": "/usr/bin:/bin"}, 5) is None

    child = int((tmp_path / "child").read_text())
    wait_until(lambda: identify(child) is None, 10, "the end of what it started")


def test_tests_that_did_not_run_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ring.Row("containerd", "1.36.3", accelerator="tcg")
    monkeypatch.setattr(lifecycle, "environment", lambda _: {})

    monkeypatch.setattr(ring, "_ended", lambda *_: 4)
    ring._test(LAYOUT, row, quick=True)
    assert (row.why, row.failed) == ("pytest ended with status 4", True)

    monkeypatch.setattr(ring, "_ended", lambda *_: None)
    ring._test(LAYOUT, row, quick=True)
    assert (row.why, row.failed) == ("its tests had not ended after 1200 s", True)


@pytest.mark.parametrize(
    ("module", "quick", "marked"),
    [
        (Module.APPARMOR, True, "nodes(quick=True)"),
        (Module.SELINUX, True, 'nodes(quick=True, module="selinux")'),
        (Module.SELINUX, False, "nodes"),
    ],
)
def test_the_short_part_on_a_node_with_selinux_is_what_is_told_of_it(module: Module, quick: bool, marked: str) -> None:
    assert ring._marked(module, quick=quick) == marked
