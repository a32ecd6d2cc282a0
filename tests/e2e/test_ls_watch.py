"""`ls --watch` shows sessions as they come, are joined, and end, and outlives the API server."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .apiserver import ApiServer
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell


@contextmanager
def going_on(process: subprocess.Popen[bytes]) -> Iterator[Lines]:
    """What it prints, read while it runs; a Ctrl-C ends it, with 130, if the test has not."""
    with process:
        try:
            lines = Lines(process)
            yield lines
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            assert process.stdout is not None
            lines.rest += process.stdout.read()
        finally:
            process.kill()


class Lines:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._process, self._stdout = process, process.stdout
        self.rest = b""

    def next(self, seconds: float = 60) -> bytes:
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self._stdout], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no line within {seconds:g} s, only {self.rest!r}"
            read = os.read(self._stdout.fileno(), 65536)
            assert read, self._process.communicate()[1]
            self.rest += read
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def until(self, *kinds: str, **fields: Any) -> dict[str, Any]:
        """The next event of such a type whose object has these fields."""
        while True:
            event = json.loads(self.next())
            found: dict[str, Any] = event["object"]
            if event["type"] in kinds and fields.items() <= found.items():
                return found


def end(process: subprocess.Popen[bytes]) -> None:
    """A session ends as its person ends it."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.fixture
def alone(make_pod: MakePod, make_namespace: MakeNamespace) -> Pod:
    return make_pod(namespace=make_namespace())


def test_programs_see_a_session_come_be_joined_and_end(alone: Pod, dshell: Dshell) -> None:
    there = ("-n", alone.namespace)

    with going_on(dshell.start("ls", *there, "--watch", "--all", "-o", "json")) as lines:
        session = dshell.start(alone.name, *there, "--", "sleep", "1000")
        joined = lines.until("ADDED", "MODIFIED", state="running", clients=1)
        end(session)
        ended = lines.until("MODIFIED", state="ended")
        alone.delete()
        gone = lines.until("DELETED")

    assert (joined["apiVersion"], joined["kind"], joined["pod"]) == ("dshell/v1", "DebugContainer", alone.name)
    assert joined["name"] == ended["name"] == gone["name"]
    assert (ended["message"], ended["clients"]) == ("ended by its last session", None)
    assert gone["state"] == "ended"
    assert lines.rest == b""


@pytest.mark.parametrize("flags", [(), ("--state", "running")], ids=["usual", "running"])
def test_what_no_longer_matches_is_deleted_and_nothing_more_is_told_of_it(
    alone: Pod, dshell: Dshell, flags: tuple[str, ...]
) -> None:
    there = ("-n", alone.namespace)

    with going_on(dshell.start("ls", *there, "-w", "-o", "json", *flags, alone.name)) as lines:
        session = dshell.start(alone.name, *there, "--", "sleep", "1000")
        first = lines.until("ADDED", "MODIFIED", state="running", clients=1)["name"]
        end(session)
        ended = lines.until("DELETED")
        assert dshell(alone.name, *there, "--keep=5m", "--", "true").code == 0
        next_one = json.loads(lines.next())

    assert (ended["name"], ended["state"]) == (first, "ended")
    assert (next_one["type"], next_one["object"]["name"] == first) == ("ADDED", False)


def test_without_a_terminal_there_is_a_line_for_each_change(alone: Pod, dshell: Dshell) -> None:
    there = ("-n", alone.namespace)
    assert dshell(alone.name, *there, "--", "true").code == 0
    (first,) = alone.debug_containers()
    alone.wait_terminated(first, 30)

    process = dshell.start("ls", *there, "-w")
    assert process.stderr is not None
    with going_on(process) as lines:
        said = process.stderr.readline().decode()
        assert dshell(alone.name, *there, "--", "true").code == 0
        (second,) = set(alone.debug_containers()) - {first}
        head = lines.next().split()
        states = []
        while "ended" not in states:
            name, *_, state, _ = lines.next().decode().split()[1:]
            assert name == second
            states.append(state)

    assert head[:3] == [b"POD", b"NAME", b"TARGET"]
    none = f"no running or waiting debug containers in namespace {alone.namespace}"
    assert said == f"{none} (1 has ended: kubectl dshell ls --all -n {alone.namespace})\n"


def test_a_terminal_has_a_live_table_and_gets_its_cursor_back(alone: Pod, dshell: Dshell) -> None:
    there = ("-n", alone.namespace)

    with dshell.terminal("ls", *there, "--watch", columns=120) as screen:
        screen.expect(f"no debug containers in namespace {alone.namespace}")
        session = dshell.start(alone.name, *there, "--", "sleep", "1000")
        screen.expect(rf"POD +NAME +TARGET[^\n]*\n{alone.name} +dshell-\w+ +app[^\n]*running \(1 client\)", 60)
        end(session)
        screen.expect(rf"{alone.name} [^\n]*ended +\d+s *\r?\n1 has ended: kubectl dshell ls --all", 60)
        screen.expect(rf"no running or waiting debug containers in namespace {alone.namespace} \(1 has ended: ", 60)
        screen.send("\x03")
        assert screen.wait() == 130
        modes = screen.modes()

    assert modes == screen.modes_before
    assert screen.output.rindex(b"\x1b[?25h") > screen.output.rindex(b"\x1b[?25l")


def test_a_watch_outlives_the_api_server(
    cluster: Cluster, api_server: ApiServer, alone: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    there = ("-n", alone.namespace)
    assert dshell(alone.name, *there, "--", "true").code == 0
    (before,) = alone.debug_containers()
    alone.wait_terminated(before, 30)
    kubeconfig = api_server.kubeconfig(tmp_path / "second.kubeconfig", cluster.credentials(), alone.namespace)
    process = dshell.with_kubeconfig(kubeconfig).start("ls", "--watch", "--all", "-o", "json")
    assert process.stderr is not None

    with going_on(process) as lines:
        lines.until("ADDED", name=before)
        api_server.stop()
        told = process.stderr.readline().decode()
        assert dshell(alone.name, *there, "--", "true").code == 0  # the watch does not see it
        (after,) = set(alone.debug_containers()) - {before}
        alone.wait_terminated(after, 30)
        api_server.start()
        assert lines.until("ADDED", "MODIFIED", "DELETED")["name"] == after
        back = process.stderr.readline().decode()

    assert "cannot be reached" in told
    assert back == "reconnected to the API server\n"
