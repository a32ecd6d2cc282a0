"""Whose the terminal is."""

from __future__ import annotations

import os
import pty
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from tests.kube.auth.test_exec_plugin import connected, credential

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def terminal_on_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    master, slave = pty.openpty()
    with open(slave, encoding="utf-8", closefd=True) as stdin:  # noqa: PTH123  # a descriptor
        monkeypatch.setattr(sys, "stdin", stdin)
        yield
    os.close(master)


@pytest.mark.usefixtures("terminal_on_stdin")
def test_it_is_lent_until_a_session_takes_it_and_never_after() -> None:
    terminal = UserTerminal()
    with terminal.lent() as first:
        assert first
    terminal.take()
    with terminal.lent() as later:
        assert not later


def test_without_a_terminal_nothing_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with UserTerminal().lent() as lent:
        assert not lent


@pytest.mark.usefixtures("terminal_on_stdin")
def test_a_session_waits_for_the_plugin_that_asks() -> None:
    """The tether's thread may be the one that runs it: half of a password must not go to the pod."""
    terminal = UserTerminal()
    session = threading.Thread(target=terminal.take)
    with terminal.lent():
        session.start()
        session.join(0.2)
        assert not terminal.taken
    session.join(20)
    assert terminal.taken


@pytest.mark.usefixtures("terminal_on_stdin")
def test_a_plugin_that_has_to_ask_fails_in_a_session(tmp_path: Path) -> None:
    terminal = UserTerminal()
    terminal.take()

    with pytest.raises(BadConfig, match=r"needs a terminal \(interactiveMode: Always\), but a session is using it"):
        connected(tmp_path, f"echo '{credential(token='t')}'", terminal=terminal, interactiveMode="Always")
