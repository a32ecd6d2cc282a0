from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hack.cluster.process import Process, first_child, identify

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="clusters are built on Linux")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def test_a_process_is_killed_and_waited_for(sleeper: subprocess.Popen[bytes]) -> None:
    process = _known(sleeper.pid)
    assert process.alive
    assert process.kill(seconds=10)
    assert not process.alive
    assert sleeper.wait() == -9


@pytest.mark.parametrize("field", ["started", "boot"])
def test_another_process_with_the_same_pid_is_left_alone(sleeper: subprocess.Popen[bytes], field: str) -> None:
    known = _known(sleeper.pid)
    stale = dataclasses.replace(known, **{field: type(getattr(known, field))(1)})
    assert not stale.alive
    assert stale.kill(seconds=1)
    assert sleeper.poll() is None


def test_a_process_that_is_gone_needs_no_killing(sleeper: subprocess.Popen[bytes]) -> None:
    known = _known(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert identify(known.pid) is None
    assert known.kill(seconds=1)


def test_a_process_finds_its_child(sleeper: subprocess.Popen[bytes]) -> None:
    child = first_child(os.getpid())
    assert child is not None
    assert child.started <= _known(sleeper.pid).started
    assert first_child(sleeper.pid) is None


def _known(pid: int) -> Process:
    found = identify(pid)
    assert found is not None
    return found
