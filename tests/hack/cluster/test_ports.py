from __future__ import annotations

import contextlib
import random
import socket
from dataclasses import astuple

import pytest

from hack.cluster import ports


def test_each_component_gets_a_port_of_its_own() -> None:
    assert len(set(astuple(ports.pick()))) == len(astuple(ports.pick()))


def test_a_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        taken = listener.getsockname()[1]
        free = list(astuple(ports.pick()))
        monkeypatch.setattr(random, "sample", lambda *_: [taken, *free])
        assert astuple(ports.pick()) == tuple(free)


def test_a_free_port_can_be_taken() -> None:
    port = ports.free_port()
    with contextlib.closing(socket.create_server(("127.0.0.1", port))) as listener:
        assert listener.getsockname()[1] == port
