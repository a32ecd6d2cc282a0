from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hack.cluster import node


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
