"""A person at a terminal: a real one, and left as it was found whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .cluster import Cluster
from .conftest import MakePod
from .pods import Pod
from .processes import processes_of
from .program import Dshell
from .tcp_proxy import TcpProxy
from .terminal import TerminalSession

ALTERNATE_SCREEN = b"\x1b[?1049"
CTRL_C, CTRL_D, CTRL_U, CTRL_Z = "\x03", "\x04", "\x15", "\x1a"


def prompt(pod: Pod, folder: str = "/") -> str:
    return rf"{pod.name}/app:{folder} \$ "


@contextmanager
def shell(dshell: Dshell, pod: Pod, *flags: str) -> Iterator[TerminalSession]:
    """A session at its first prompt."""
    with dshell.terminal(pod.name, *flags) as session:
        session.expect(prompt(pod))
        yield session


def type_line(session: TerminalSession, line: str, pattern: str) -> str:
    """Type a line; what stands where `pattern` matches after its echo."""
    session.send(f"{line}\n")
    return session.expect(rf"\n{pattern}")[0].strip("\r\n")


WALK = [("cd app", "/app"), ("cd ..", "/"), ("cd ..", "/"), ("cd etc/../home", "/home"), ("cd ../..", "/"), ("cd", "/")]


@pytest.mark.nodes
def test_the_prompt_shows_the_path_as_the_app_sees_it(shared_pod: Pod, dshell: Dshell) -> None:
    with shell(dshell, shared_pod) as session:
        for line, folder in WALK:
            session.send(f"{line}\n")
            session.expect(rf"{line}\r?\n{prompt(shared_pod, folder)}")
        type_line(session, "cd /bin", r"debug image:/bin \$ ")
        type_line(session, "cd -", r".*\r?\n" + prompt(shared_pod))
        session.send("exit\n")

        assert session.wait() == 0
        assert session.modes() == session.modes_before


def test_the_far_side_knows_the_size_and_each_new_one(shared_pod: Pod, dshell: Dshell) -> None:
    with dshell.terminal(shared_pod.name, rows=33, columns=111) as session:
        session.expect(prompt(shared_pod))
        assert type_line(session, "stty size", r"\d+ \d+\r") == "33 111"
        session.send("sh -c 'trap \"stty size\" WINCH; echo ready; while :; do sleep 0.1; done'\n")
        session.expect(r"\nready")
        session.resize(50, 160)
        session.expect("50 160")
        session.resize(20, 60)
        session.expect("20 60")
        session.send(CTRL_C)
        session.expect(prompt(shared_pod))


def test_full_screen_programs_draw_and_leave(shared_pod: Pod, dshell: Dshell) -> None:
    with shell(dshell, shared_pod) as session:
        session.send("vi etc/app.yaml\n")
        session.expect("greeting: hello")
        session.expect(r"app\.yaml")
        session.send(":q!\n")
        session.expect(prompt(shared_pod))
        session.send("top -d 1\n")
        session.expect("Load average")
        session.expect("Load average")
        session.send("q")
        session.expect(prompt(shared_pod))
        session.send("exit\n")

        assert session.wait() == 0
        assert session.modes() == session.modes_before


def test_keys_mean_what_they_mean_in_a_shell(shared_pod: Pod, dshell: Dshell) -> None:
    with shell(dshell, shared_pod) as session:
        session.send("sh -c 'echo started; exec sleep 1000'\n")
        session.expect(r"\nstarted")
        session.send(CTRL_C)
        session.expect(prompt(shared_pod))
        type_line(session, "echo $?", r"130\r")
        session.send("sh -c 'echo again; exec sleep 1000'\n")
        session.expect(r"\nagain")
        session.send(CTRL_Z)
        session.expect(r"Stopped")
        session.send("bg; jobs\n")
        session.expect("Running +sh -c")
        session.send("kill %1; fg\n")
        session.expect(prompt(shared_pod))
        assert type_line(session, "echo grün 日本 | od -An -tx1", r"[0-9a-f ]+\r").split() == [
            f"{byte:02x}" for byte in "grün 日本\n".encode()
        ]
        session.send("sh -c 'exit 5'\n")
        session.expect(prompt(shared_pod))
        # before ash has switched its terminal it is no Ctrl-D, nor is it in a line with something in it: type it again
        for _ in range(30):
            session.send(CTRL_U + CTRL_D)
            with contextlib.suppress(AssertionError):
                session.wait(2)
                break

        assert session.wait(0) == 5
        assert session.modes() == session.modes_before


def test_what_is_typed_ahead_reaches_the_shell(shared_pod: Pod, dshell: Dshell) -> None:
    with dshell.terminal(shared_pod.name) as session:
        session.send("echo $((6 * 7)); pwd; exit 9\n")
        session.expect(r"\n42\r?\n/proc/1/root")

        assert session.wait() == 9


def kill(pod: Pod) -> None:
    """Kill the debug container from outside."""
    (name,) = pod.debug_containers()
    processes = processes_of(pod.container_id(name))
    if not processes:
        pytest.skip("the node of this cluster is another machine: its processes cannot be ended")
    os.kill(processes[0].pid, signal.SIGKILL)


# What ends a session: typed, a signal to the client, or what happens to the far side; its exit code and last word.
ENDS: dict[str, tuple[str | signal.Signals | None, int, str]] = {
    "exit": ("exit 4\n", 4, ""),
    "Ctrl-D": (CTRL_D, 0, ""),
    "SIGTERM": (signal.SIGTERM, 143, ""),
    "SIGHUP": (signal.SIGHUP, 129, ""),
    "killed": (None, 69, r"error: the debug container dshell-\w+ was killed"),
    "cut": (None, 76, r"error: connection to .* lost .*\nReattach with: kubectl dshell"),
}


@pytest.mark.parametrize("screen", ["prompt", "vi"])
@pytest.mark.parametrize("end", list(ENDS))
def test_the_terminal_is_left_as_it_was(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, tmp_path: Path, end: str, screen: str
) -> None:
    what, code, said = ENDS[end]
    pod = make_pod()
    with TcpProxy(cluster.address()) as proxy:
        network = proxy.kubeconfig(tmp_path / "proxied", cluster, cluster.credentials(), pod.namespace)
        with shell(dshell.with_kubeconfig(network) if end == "cut" else dshell, pod) as session:
            assert session.modes() != session.modes_before
            if screen == "vi":
                session.send("vi etc/app.yaml\n")
                session.expect(r"app\.yaml \[Readonly\]")
            if screen == "vi" and isinstance(what, str):
                session.send(":q!\n")
                session.expect(prompt(pod))
            if isinstance(what, signal.Signals):
                session.process.send_signal(what)
            elif what:
                session.send(what)
            elif end == "killed":
                kill(pod)
            else:
                proxy.cut()

            assert session.wait() == code, session.text
            assert session.modes() == session.modes_before
            assert re.search(said, session.text.replace("\r", "")) if said else "error" not in session.text
            assert session.output.rfind(ALTERNATE_SCREEN + b"h") <= session.output.rfind(ALTERNATE_SCREEN + b"l")


def test_one_line_says_who_and_where_unless_quiet(shared_pod: Pod, dshell: Dshell) -> None:
    with shell(dshell, shared_pod) as session:
        session.send("exit\n")
        session.wait()
        said = session.text
    with shell(dshell, shared_pod, "--quiet") as session:
        session.send("exit\n")
        session.wait()
        quiet = session.text

    assert "as 65532:65532 (from the container's status); app files are here, tools are busybox:1.37." in said
    assert "`exit` ends the session." in said
    assert "65532" not in quiet
    assert "exit` ends" not in quiet


@pytest.mark.parametrize(
    ("command", "shown", "keys"),
    [("vi etc/app.yaml", "greeting: hello", ":q!\n"), ("sh", r" \$ ", "exit\n"), ("top", "Load average", "q")],
    ids=["vi", "sh", "top"],
)
def test_a_command_gets_the_terminal_too(shared_pod: Pod, dshell: Dshell, command: str, shown: str, keys: str) -> None:
    with dshell.terminal(shared_pod.name, "--", *command.split()) as session:
        session.expect(shown)
        session.send(keys)

        assert session.wait() == 0
        assert session.modes() == session.modes_before
