"""The tools of the other tests do what they promise: a broken one would make those pass for nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from . import node
from .audit import Request, requests_of
from .cluster import Cluster
from .node import read_file, read_files, run
from .older_runtime import OlderRuntime, without_users
from .pods import STATIC, app
from .processes import app_state, every_process, processes_of
from .tcp_proxy import TcpProxy
from .terminal import TerminalSession
from .users import create_user, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import MakePod, MakeUser
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
READYZ = ("get", "--raw=/readyz")


def terminal_session(program: str, tmp_path: Path) -> TerminalSession:
    return TerminalSession([sys.executable, "-c", program], {"TERM": "xterm"}, tmp_path)


def through(cluster: Cluster, kubeconfig: Path) -> Cluster:
    return Cluster(kubeconfig, cluster.kubectl_program)


def test_a_terminal_shows_text_without_escapes_and_takes_what_is_typed(tmp_path: Path) -> None:
    program = r"import sys; print('\x1b[31mname\x1b[0m?', flush=True); print('so', input()); sys.exit(3)"

    with terminal_session(program, tmp_path) as session:
        session.expect(r"^name\?")
        session.send("ann\n")
        session.expect("so ann")

        assert session.wait() == 3


def test_a_terminal_tells_the_program_its_new_size(tmp_path: Path) -> None:
    program = (
        "import os, signal; winch = [signal.SIGWINCH]; signal.pthread_sigmask(signal.SIG_BLOCK, winch);"
        "print('ready', flush=True); signal.sigwait(winch); print(os.get_terminal_size(0))"
    )

    with terminal_session(program, tmp_path) as session:
        session.expect("ready")
        session.resize(40, 132)
        session.expect(r"columns=132, lines=40")


def test_a_terminal_left_raw_is_seen(tmp_path: Path) -> None:
    with terminal_session("import tty; tty.setraw(0)", tmp_path) as session:
        session.wait()

        assert session.modes() != session.modes_before


def test_a_terminal_left_as_it_was_is_seen(tmp_path: Path) -> None:
    program = "import termios, tty; was = termios.tcgetattr(0); tty.setraw(0); termios.tcsetattr(0, 0, was)"
    with terminal_session(program, tmp_path) as session:
        session.wait()

        assert session.modes() == session.modes_before


def test_ctrl_c_reaches_the_program_on_the_terminal(tmp_path: Path) -> None:
    with terminal_session("print('ready', flush=True); import signal; signal.pause()", tmp_path) as session:
        session.expect("ready")
        session.send("\x03")

        assert session.wait() in {-signal.SIGINT, 130}


def test_a_proxy_leads_kubectl_to_the_cluster_until_it_refuses(cluster: Cluster, tmp_path: Path) -> None:
    with TcpProxy(cluster.address()) as proxy:
        seen = through(cluster, proxy.kubeconfig(tmp_path / "k", cluster, cluster.credentials(), "default"))

        assert seen.kubectl(*READYZ).stdout == "ok"
        proxy.refuse()
        assert seen.kubectl(*READYZ, check=False).returncode != 0
        proxy.restore()
        assert seen.kubectl(*READYZ).stdout == "ok"


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """The address of a server that sends back what it gets."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                while data := self.request.recv(65536):
                    self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield ("127.0.0.1", server.server_address[1])
        server.shutdown()
        thread.join()


def test_a_proxy_passes_everything_both_ways(echo: tuple[str, int]) -> None:
    sent = os.urandom(3_000_000)
    with TcpProxy(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        writer = threading.Thread(target=client.sendall, args=(sent,))
        writer.start()
        received = b""
        while len(received) < len(sent):
            received += client.recv(65536)
        writer.join()

    assert received == sent


def test_a_cut_resets_the_connections_that_there_are_and_no_new_one(echo: tuple[str, int]) -> None:
    with TcpProxy(echo) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            proxy.cut()
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"


def test_a_black_hole_takes_everything_and_answers_nothing(echo: tuple[str, int]) -> None:
    with TcpProxy(echo) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            proxy.blackhole()
            client.sendall(b"y" * 1_000_000)
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(1)
        assert proxy.accepted == 1


def test_users_are_left_out_wherever_a_status_stands() -> None:
    status = {"ephemeralContainerStatuses": [{"name": "d", "user": {"linux": {"uid": 1}}}]}
    event = {"type": "MODIFIED", "object": {"spec": {"user": "kept"}, "status": status}}

    assert without_users([event]) == [
        {
            "type": "MODIFIED",
            "object": {"spec": {"user": "kept"}, "status": {"ephemeralContainerStatuses": [{"name": "d"}]}},
        }
    ]


def test_an_older_runtime_reports_no_users_and_passes_streams(
    cluster: Cluster, namespace: str, make_pod: MakePod, tmp_path: Path
) -> None:
    pod = make_pod({**app("busybox:1.37"), "command": ["sleep", "1000"]})
    create_user(cluster, namespace, "old", None)
    cluster.kubectl(
        "create", "rolebinding", "old", "--clusterrole=admin", f"--serviceaccount={namespace}:old", "-n", namespace
    )
    with OlderRuntime(cluster, tmp_path) as older:
        seen = through(cluster, older.kubeconfig(tmp_path / "k", token_of(cluster, namespace, "old"), namespace))

        (status,) = seen.get("pod", pod.name)["status"]["containerStatuses"]
        echoed = seen.kubectl("exec", "-i", pod.name, "--", "cat", stdin="through the tunnel")

    assert "user" in pod.status()
    assert "user" not in status
    assert echoed.stdout == "through the tunnel"


def test_a_user_may_only_what_its_role_says_and_is_audited(
    cluster: Cluster, make_pod: MakePod, make_user: MakeUser
) -> None:
    pod = make_pod()
    user, kubeconfig = make_user("session", SESSION_ROLE)
    limited = through(cluster, kubeconfig)

    def about(name: str) -> list[Request]:
        return [request for request in requests_of(cluster, user) if request.name == name]

    limited.kubectl("get", "pod", pod.name)
    refused = limited.kubectl("delete", "pod", pod.name, check=False)

    assert "cannot delete resource" in refused.stderr
    wait_until(lambda: len(about(pod.name)) > 1, 10, "both requests in the audit log")
    audited = [(request.short, request.code) for request in about(pod.name)]
    assert audited == [("get pods", 200), ("delete pods", 403)]


def test_the_state_of_an_app_tells_a_restart(make_pod: MakePod) -> None:
    pod = make_pod(app(STATIC, "-exit-after=4s"))
    before = app_state(pod)
    assert app_state(pod) == before

    wait_until(lambda: pod.status()["restartCount"] == 1 and "running" in pod.status()["state"], 30, "a restart")

    after = app_state(pod)
    assert after.pid != before.pid
    assert after.restart_count == before.restart_count + 1
    assert processes_of(before.container_id) == []


def test_a_node_that_is_another_machine_is_looked_at_through_its_entrance(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that leads to this machine, as ssh would: its words are joined, and split again by a shell there."""
    entrance = tmp_path / "enter"
    entrance.write_text('#!/bin/sh\nexec sh -c "$*"\n')
    entrance.chmod(0o700)
    here = (read_file("/proc/self/mountinfo") != b"", set(read_files("/proc/[0-9]*/cgroup")), run("echo a; pwd"))
    ours = next(process for process in every_process() if process.pid == os.getpid())

    monkeypatch.setattr(node, "_ENTRANCE", str(entrance))

    assert (read_file("/proc/self/mountinfo") != b"", run("echo a; pwd")) == (here[0], here[2])
    assert str(Path("/proc", str(os.getpid()), "cgroup")) in here[1] & set(read_files("/proc/[0-9]*/cgroup"))
    seen = next(process for process in every_process() if process.pid == os.getpid())
    assert (seen.started, seen.ppid, seen.comm) == (ours.started, ours.ppid, ours.comm)
    assert seen.cgroup.split() == ours.cgroup.split()
    assert seen.status()["Uid"] == ours.status()["Uid"]
    (tmp_path / "a").write_text("a\nb\n")
    (tmp_path / "b").touch()
    (tmp_path / "folder").mkdir()  # can be opened and not read, as a file of a process that has ended meanwhile
    assert read_files(f"{tmp_path}/folder", f"{tmp_path}/[ab]") == {f"{tmp_path}/a": b"a\nb\n"}
    with pytest.raises(FileNotFoundError):
        read_file("/proc/no such/stat")
    with pytest.raises(AssertionError, match="no such file"):
        run("cat 'no such file'")


def test_the_program_runs_with_pipes_and_on_a_terminal(dshell: Dshell) -> None:
    piped = dshell("--version")
    with dshell.terminal("--no-such-flag") as session:
        session.expect("no-such-flag")
        code = session.wait()

    assert piped.stdout.decode().startswith("kubectl-dshell")
    assert (piped.code, code) == (0, 64)
