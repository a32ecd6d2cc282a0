from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.cluster import node, record
from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout
from hack.cluster.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = Ports(1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout("one", tmp_path)
    made.log.mkdir(parents=True)
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Stand-ins for `unshare`, each with a child that is the node."""
    made: list[subprocess.Popen[bytes]] = []

    def starter(*_: object) -> subprocess.Popen[bytes]:
        made.append(subprocess.Popen(["sh", "-c", "cat; :"], stdin=subprocess.PIPE))
        return made[-1]

    monkeypatch.setattr(node, "_starter", starter)
    yield made
    for process in made:
        process.communicate()


def test_what_was_started_is_written_down(layout: Layout, started: list[subprocess.Popen[bytes]]) -> None:
    node.start(layout, PORTS, {}, Path("/bin"))

    found = record.read(layout.record)
    assert found
    assert (found.ports, found.binaries) == (PORTS, "/bin")
    assert Path(f"/proc/{found.node.pid}/stat").read_text().rpartition(")")[2].split()[1] == str(started[0].pid)


def test_what_cannot_be_written_down_is_ended(
    layout: Layout, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(record, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        node.start(layout, PORTS, {}, Path("/bin"))

    assert started[0].wait(10) < 0


def test_what_ends_at_once_says_why(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    (layout.log / "node.log").write_text("unshare: Operation not permitted\n")
    monkeypatch.setattr(node, "_starter", lambda *_: subprocess.Popen(["false"]))

    with pytest.raises(ClusterError, match="ended at once:\nunshare: Operation not permitted"):
        node.start(layout, PORTS, {}, Path("/bin"))


def test_a_kubelet_is_started_once_containerd_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = tmp_path / "containerd.sock"
    looked = threading.Event()
    monkeypatch.setattr("time.sleep", lambda _: looked.set())
    waiter = threading.Thread(target=node._wait_for, args=(socket,))
    waiter.start()
    assert looked.wait(10)
    assert waiter.is_alive()
    socket.touch()
    waiter.join(10)
    assert not waiter.is_alive()


def test_a_containerd_that_never_listens_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "_PATIENCE_FOR_CONTAINERD", 0.05)
    node._wait_for(tmp_path / "containerd.sock")
