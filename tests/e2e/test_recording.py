"""--record: what was on the screen can be seen again, and nothing else can."""

from __future__ import annotations

import json
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest

from .tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Cluster
    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

PROMPT = r"/app:/ \$ "
PASSWORD = "correct horse battery"


def events(path: Path) -> list[Any]:
    """The lines after the header, all of them valid."""
    header, *found = [json.loads(line) for line in path.read_text().splitlines()]
    assert (header["version"], header["env"]["TERM"]) == (2, "xterm")
    assert all(kind in ("o", "r") for _, kind, _ in found)
    assert [at for at, _, _ in found] == sorted(at for at, _, _ in found)
    return found


def replayed(path: Path) -> bytes:
    return "".join(data for _, kind, data in events(path) if kind == "o").encode()


def test_a_session_replays_as_it_was_on_the_screen_without_what_was_typed_in_secret(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    path = tmp_path / "a b.cast"
    with dshell.terminal(shared_pod.name, f"--record={path}", rows=33, columns=111) as session:
        session.expect(PROMPT)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        session.send("echo grün 日本; read -s -p 'password: ' x; echo ${#x}\n")
        session.expect("password: ")
        session.send(f"{PASSWORD}\n")
        session.expect(rf"\n?{len(PASSWORD)}\r?\n")
        session.resize(20, 60)
        session.send("until stty size | grep -x '20 6[0]'; do sleep 0.1; done\n")
        session.expect("20 60")
        session.send("vi etc/app.yaml\n")
        session.expect(r"app\.yaml")
        session.send(":q!\n")
        session.expect(PROMPT)
        session.send("exit 3\n")
        assert session.wait() == 3
        assert session.text.rstrip().endswith(f"recorded in {path}; play it with: asciinema play '{path}'")
        screen = session.output

    header = json.loads(path.read_text().splitlines()[0])
    assert (header["width"], header["height"]) == (111, 33)
    assert ["r", "60x20"] in [event[1:] for event in events(path)]
    shown = replayed(path)
    assert shown
    before, found, after = screen.partition(shown)
    assert found, "the screen had something else"
    assert before.strip().endswith(b"`exit` ends the session.")
    assert after.startswith(b"recorded in ")
    assert "日本".encode() in shown
    assert PASSWORD not in path.read_text()
    assert PASSWORD.encode() not in shown


def test_a_command_without_a_terminal_is_recorded_with_both_its_outputs(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    path = tmp_path / "a.cast"
    command = ("sh", "-c", "cat; echo out; sleep 0.5; echo err >&2; sleep 0.5; printf grün; exit 4")

    done = dshell(shared_pod.name, f"--record={path}", "--", *command, input=b"secret is shown if it is printed\n")
    again = dshell(shared_pod.name, f"--record={path}", "--", "true")
    nowhere = dshell(shared_pod.name, f"--record={tmp_path}/no/a.cast", "--", "true")

    assert (done.stdout, done.code) == ("secret is shown if it is printed\nout\ngrün".encode(), 4)
    assert done.stderr.endswith(f"err\nrecorded in {path}; play it with: asciinema play {path}\n")
    assert replayed(path).decode() == "secret is shown if it is printed\r\nout\r\nerr\r\ngrün"
    assert (again.code, again.stderr) == (
        64,
        f"error: {path} already exists, and a recording never overwrites a file\n",
    )
    assert (nowhere.code, nowhere.stderr.splitlines()[0]) == (
        74,
        f"error: cannot record to {tmp_path}/no/a.cast: No such file or directory",
    )


def test_nothing_is_touched_and_nothing_left_where_there_can_be_no_session(
    make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod()
    taken = tmp_path / "taken"
    taken.write_text("mine")

    refused = dshell(pod.name, f"--record={taken}", "--", "true")
    misspelt = dshell(f"{pod.name}x", f"--record={tmp_path / 'new'}", "--", "true")

    assert (refused.code, misspelt.code) == (64, 66)
    assert (taken.read_text(), pod.debug_containers()) == ("mine", {})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("end", ["SIGINT", "SIGKILL", "lost"])
def test_whatever_ends_the_session_what_was_shown_is_there(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, tmp_path: Path, end: str
) -> None:
    pod, path = make_pod(), tmp_path / "a.cast"
    with TcpProxy(cluster.address()) as proxy:
        far = dshell.with_kubeconfig(proxy.kubeconfig(tmp_path / "far", cluster, cluster.credentials(), pod.namespace))
        command = ("sh", "-c", "echo on; while :; do sleep 1; done")
        with far.start(pod.name, "--keep=1m", f"--record={path}", "--", *command) as process:
            assert process.stdout
            assert process.stdout.readline() == b"on\n"
            if end == "lost":
                proxy.cut()
            else:
                process.send_signal(signal.Signals[end])
            _, err = process.communicate(timeout=60)

    assert process.returncode == {"SIGINT": 130, "SIGKILL": -9, "lost": 76}[end]
    assert (f"recorded in {path}" in err.decode()) == (end != "SIGKILL")
    assert replayed(path) == b"on\r\n"
    if end == "lost":
        back = dshell("attach", pod.name, f"--record={tmp_path / 'back'}", "--", "echo", "back")
        assert (back.stdout, back.code) == (b"back\n", 0)
        assert replayed(tmp_path / "back") == b"back\r\n"


def test_where_the_file_can_grow_no_more_the_session_goes_on(shared_pod: Pod, dshell: Dshell, tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    script = f'ulimit -f 8; exec "$@" --record={path} -- sh -c "for n in 1 2 3 4 5 6 7 8 9; do seq 1 1000; sleep 0.1; done; exit 6"'

    done = dshell.in_shell(script, shared_pod.name)

    assert (done.stdout, done.code) == ("".join(f"{n}\n" for n in range(1, 1001)).encode() * 9, 6)
    assert done.stderr.endswith(f"the recording stopped, the session continues: {path}: File too large\n")
    assert "recorded in" not in done.stderr
    assert 4096 < path.stat().st_size <= 8192
    assert replayed(path).startswith(b"1\r\n2\r\n")
