"""The situations of docs/kubectl-exec.md, each as a function that brings one program into it and tells what happened."""

from __future__ import annotations

import secrets
import signal
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hack.cluster.ports import free_port
from tests.waiting import wait_until

from .cluster import write_kubeconfig
from .exec_table import Outcome
from .pods import STATIC, Pod, app, pod_manifest
from .tcp_proxy import TcpProxy
from .terminal import TerminalSession
from .users import create_user, write_user_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cluster import Json
    from .program import Dshell

TOP = Path(__file__).parents[2]
ALL_BYTES = bytes(range(256)) * 100
ENDS, GOES_ON = "COMMAND ends", "COMMAND goes on"
_WATCHED = 4  # seconds after which what still runs is said to go on
_OURS = 30  # of ours, which ends within 2 if the machine has nothing else to do, and never goes on
_LEASE = 60
_CTRL_C, _CTRL_D, _CTRL_Z, _CTRL_BACKSLASH = "\x03", "\x04", "\x1a", "\x1c"


@dataclass(frozen=True, slots=True)
class Bench:
    """One of the two programs, and a pod for it: ours enters the container without a shell, kubectl exec the other."""

    ours: bool
    dshell: Dshell
    pod: Pod
    folder: Path
    keep: str = "10m"
    """One debug container for all that leave nothing in it."""

    def argv(self, *words: str, where: str = "", flags: tuple[str, ...] = ()) -> list[str]:
        """COMMAND of `words`, in the pod's container or at `where`."""
        target = where.split() or [self.pod.name, "-c", "app" if self.ours else "tools"]
        program = self.dshell.command(()) if self.ours else [self.pod.cluster.kubectl_program, "exec"]
        return [*program, *target, *flags, *(["--", *words] if words else [])]

    def run(
        self,
        *words: str,
        where: str = "",
        flags: tuple[str, ...] = (),
        shell: str = '"$@"',
        stdin: bytes = b"",
    ) -> tuple[Outcome, bytes]:
        """To its end, by a shell that may redirect its streams; the outcome, and stdout."""
        command = ["bash", "-c", shell, "bash", *self.argv(*words, where=where, flags=flags)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, env=self.environment(), timeout=90, check=False
        )
        return Outcome(done.returncode, done.stderr.decode(errors="replace")), done.stdout

    def start(self, *words: str, where: str = "") -> subprocess.Popen[bytes]:
        """With pipes, and given back once COMMAND has printed its first line."""
        client = subprocess.Popen(
            self.argv(*words, where=where, flags=() if self.ours else ("-i",)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(),
        )
        assert client.stdout
        assert client.stdout.readline() == b"on\n", client.communicate()
        return client

    def terminal(
        self, *words: str, flags: tuple[str, ...] = ("-it",), shell: str = 'exec "$@"', size: tuple[int, int] = (24, 80)
    ) -> TerminalSession:
        command = ["bash", "-c", shell, "bash", *self.argv(*words, flags=flags)]
        return TerminalSession(command, self.environment(), TOP, rows=size[0], columns=size[1])

    def with_kubeconfig(self, kubeconfig: Path) -> Bench:
        return replace(self, dshell=self.dshell.with_kubeconfig(kubeconfig))

    def runs(self, command: str) -> bool:
        """Whether this is a process where COMMANDs of this program run; an exec that fails says nothing about it."""
        exec_ = ("exec", self.pod.name, "-n", self.pod.namespace)

        def listed() -> list[str]:
            """With the head of ps, also where there is no container to ask; [] when an exec failed."""
            containers = self._debug_containers() if self.ours else ["tools"]
            ps = [
                self.pod.cluster.kubectl(*exec_, "-c", one, "--", "ps", "-o", "args", check=False) for one in containers
            ]
            if any(done.returncode for done in ps):
                return []  # one has ended, and the pod's status will say so soon
            return ["COMMAND", *(line.strip() for done in ps for line in done.stdout.splitlines())]

        return command in wait_until(listed, 30, "an exec of ps")

    def wait_for(self, command: str) -> None:
        wait_until(lambda: self.runs(command), 30, command)

    def fate(self, command: str, ours: float = _OURS) -> str:
        try:
            wait_until(lambda: not self.runs(command), ours if self.ours else _WATCHED)
        except AssertionError:
            assert self.runs(command), f"{command} has ended too late"
            return GOES_ON
        return ENDS

    def _debug_containers(self) -> list[str]:
        return [name for name, one in self.pod.debug_containers().items() if one.state == "running"]

    def environment(self) -> dict[str, str]:
        return self.dshell.environment({"DSHELL_KEEP": self.keep})


def ends_with(script: str, bench: Bench) -> Outcome:
    return bench.run("sh", "-c", script)[0]


def runs_program(program: str, bench: Bench) -> Outcome:
    return bench.run(program)[0]


def with_words(words: str, bench: Bench) -> Outcome:
    """The same words after the name of the program, but for the flags that COMMAND follows."""
    return bench.run("true", where=words.replace("POD", bench.pod.name))[0]


def lasting() -> tuple[str, tuple[str, ...]]:
    """What does not end by itself, and the COMMAND that becomes it."""
    sleep = f"sleep {secrets.randbelow(10**8) + 10**8}"
    return sleep, ("sh", "-c", f"echo on; exec {sleep}")


def _exit_code(client: subprocess.Popen[bytes]) -> int:
    code = client.wait(90)  # a client gives up after the 50 s of a lease
    return 128 - code if code < 0 else code


def is_sent(number: signal.Signals, bench: Bench, *, watched: float = _OURS) -> Outcome:
    """To the client; COMMAND neither reads nor writes."""
    sleep, command = lasting()
    bench = replace(bench, keep="0s")
    with bench.start(*command) as client:
        bench.wait_for(sleep)
        client.send_signal(number)
        code = _exit_code(client)
        assert client.stderr
        said = client.stderr.read().decode()
    if number == signal.SIGQUIT and not bench.ours:
        said = said.splitlines()[0]
    return Outcome(code, said, frozenset({bench.fate(sleep, watched)}))


def is_ignored(number: signal.Signals, bench: Bench) -> Outcome:
    with bench.start("sh", "-c", "echo on; read line; exit 7") as client:
        client.send_signal(number)
        _, said = client.communicate(b"line\n", timeout=60)
    return Outcome(client.returncode, said.decode())


def is_sent_at_a_terminal(number: signal.Signals | None, bench: Bench) -> Outcome:
    """None: the window is closed."""
    sleep, command = lasting()
    with bench.terminal(*command) as session:
        session.expect("on\r?\n")
        bench.wait_for(sleep)
        if number:
            session.process.send_signal(number)
        else:
            session.hang_up()
        code = session.wait()
        restored = session.modes() == session.modes_before
        facts = {bench.fate(sleep), "the terminal is restored" if restored else "the terminal stays raw"}
    return Outcome(128 - code if code < 0 else code, session.text, frozenset(facts), on_terminal=True)


def reads(shell: str, flags: tuple[str, ...], bench: Bench) -> Outcome:
    """What COMMAND finds on its stdin."""
    outcome, out = bench.run("wc", "-c", flags=flags, shell=shell, stdin=b"12345")
    found = {b"5": "COMMAND reads it", b"0": "COMMAND reads nothing"}[out.strip()]
    return replace(outcome, facts=frozenset({found}))


def passes_bytes(bench: Bench) -> Outcome:
    script = "tee /tmp/bytes; cat /tmp/bytes >&2"
    with subprocess.Popen(
        bench.argv("sh", "-c", script, flags=("-i",)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=bench.environment(),
    ) as client:
        out, err = client.communicate(ALL_BYTES, timeout=60)
    unchanged = (out, err) == (ALL_BYTES, ALL_BYTES)
    return Outcome(client.returncode, "", frozenset({"every byte arrives" if unchanged else "bytes are lost"}))


def has_a_held_stdin(bench: Bench) -> Outcome:
    with bench.start("sh", "-c", "echo on; exit 3") as client:
        code = _exit_code(client)
        return Outcome(code, client.communicate()[1].decode())


def has_a_reader_that_leaves(bench: Bench) -> Outcome:
    word = secrets.token_hex(4)
    outcome, _ = bench.run("yes", word, shell='"$@" | head -1; exit ${PIPESTATUS[0]}')
    return replace(outcome, facts=frozenset({bench.fate(f"yes {word}")}))


def redirects(shell: str, bench: Bench) -> Outcome:
    return bench.run("echo", "lost", shell=shell)[0]


def separates(flags: tuple[str, ...], bench: Bench) -> Outcome:
    """Stdout and stderr, of a client whose stdin is a terminal."""
    out, err = bench.folder / "out", bench.folder / "err"
    shell = f'"$@" >{out} 2>{err}'
    with bench.terminal("sh", "-c", "echo out; echo err >&2", flags=flags, shell=shell) as session:
        code = session.wait()
    written = out.read_bytes()
    facts = {"stderr is in stdout" if b"err" in written else "stderr is apart"}
    facts.add("lines end in CR LF" if b"\r\n" in written else "lines end in LF")
    said = "" if err.read_bytes() == b"err\n" else err.read_text()
    return Outcome(code, said, frozenset(facts))


def is_asked_for_a_terminal(shell: str, flags: tuple[str, ...], bench: Bench) -> Outcome:
    outcome, out = bench.run(
        "sh", "-c", "test -t 1 && echo terminal || echo pipe; cat", flags=flags, shell=shell, stdin=b"in\n"
    )
    facts = {"COMMAND has a terminal" if b"terminal" in out else "COMMAND has pipes"}
    if b"in\n" in out:
        facts.add("COMMAND reads its input")
    return replace(outcome, facts=frozenset(facts))


def at_a_terminal(flags: tuple[str, ...], bench: Bench) -> Outcome:
    """What COMMAND gets of a terminal on stdin and stdout."""
    script = "test -t 1 && echo is terminal || echo is pipe; read word; echo got $word"
    with bench.terminal("sh", "-c", script, flags=flags) as session:
        kind = session.expect(r"is (terminal|pipe)")[1]
        session.send("word\n")
        session.expect(r"got")
        code = session.wait()
        keys = "got word" in session.text.replace("\r", "")
        restored = session.modes() == session.modes_before
    assert restored
    facts = {f"COMMAND has {'a terminal' if kind == 'terminal' else 'pipes'}"}
    facts.add("COMMAND reads the keys" if keys else "COMMAND reads nothing")
    return Outcome(code, session.text, frozenset(facts), on_terminal=True)


def is_resized(bench: Bench) -> Outcome:
    wait = 'until [ "$(stty size)" = "$1" ]; do sleep 0.1; done; shift'
    script = f"{wait}; echo ready; {wait}; exit 4"
    with bench.terminal("sh", "-c", script, "sh", "33 111", "50 160", size=(33, 111)) as session:
        session.expect("ready")
        session.resize(50, 160)
        return Outcome(session.wait(), session.text, frozenset({"both sizes arrive"}), on_terminal=True)


def has_a_key(key: str, bench: Bench) -> Outcome:
    """In a COMMAND that runs alone on its terminal."""
    sleep, command = lasting()
    with bench.terminal(*command) as session:
        session.expect("on\r?\n")
        bench.wait_for(sleep)
        session.send(key)
        code = session.wait()
        assert session.modes() == session.modes_before
        return Outcome(code, session.text, frozenset({bench.fate(sleep)}), on_terminal=True)


def has_ctrl_z_in_a_shell(bench: Bench) -> Outcome:
    with bench.terminal("sh") as session:
        session.expect(r"[$#] ")
        session.send("sh -c 'echo started; exec sleep 1000'\n")
        session.expect(r"\nstarted")
        session.send(_CTRL_Z)
        session.expect("Stopped")
        session.send("kill %1; exit 5\n")
        session.expect("exit 5")
        session.send("exit 5\n")
        return Outcome(session.wait(), session.text, frozenset({"the shell's job stops"}), on_terminal=True)


def has_ctrl_d_in_a_reader(bench: Bench) -> Outcome:
    with bench.terminal("sh", "-c", "echo on; cat; exit 6") as session:
        session.expect("on\r?\n")
        session.send(_CTRL_D)
        return Outcome(session.wait(), session.text, frozenset({"COMMAND reads the end"}), on_terminal=True)


def is_without_command(bench: Bench) -> Outcome:
    """At a terminal."""
    with bench.terminal(flags=()) as session:
        if bench.ours:
            session.expect(r" \$ ")
            session.send("exit 8\n")
        return Outcome(session.wait(), session.text, on_terminal=True)


def is_for_nobody(bench: Bench) -> Outcome:
    """A user without rights."""
    name = f"nobody-{secrets.token_hex(3)}"
    create_user(bench.pod.cluster, bench.pod.namespace, name, None)
    kubeconfig = write_user_kubeconfig(bench.folder / "nobody", bench.pod.cluster, bench.pod.namespace, name)
    return bench.with_kubeconfig(kubeconfig).run("true")[0]


def has_no_server(bench: Bench) -> Outcome:
    cluster = bench.pod.cluster
    away = {**cluster.connection(), "server": f"https://127.0.0.1:{free_port()}"}
    kubeconfig = write_kubeconfig(bench.folder / "away", away, cluster.credentials(), bench.pod.namespace)
    return bench.with_kubeconfig(kubeconfig).run("true")[0]


def has_a_broken_kubeconfig(bench: Bench) -> Outcome:
    kubeconfig = bench.folder / "broken"
    kubeconfig.write_text("not: [a kubeconfig")
    return bench.with_kubeconfig(kubeconfig).run("true")[0]


def loses_its_connection(bench: Bench) -> Outcome:
    cluster, (sleep, command), bench = bench.pod.cluster, lasting(), replace(bench, keep="0s")
    with TcpProxy(cluster.address()) as proxy:
        kubeconfig = proxy.kubeconfig(bench.folder / "cut", cluster, cluster.credentials(), bench.pod.namespace)
        with bench.with_kubeconfig(kubeconfig).start(*command) as client:
            bench.wait_for(sleep)
            proxy.refuse()
            code = _exit_code(client)
            said = client.communicate()[1].decode()
    return Outcome(code, said, frozenset({bench.fate(sleep, _LEASE)}))


END = "/data/end"  # a file that ends both containers of `mortal`


def mortal(bench: Bench, **spec: Any) -> Pod:
    """A pod whose containers end at a file, with exit code 3."""
    mount: Json = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    loop = f"until [ -e {END} ]; do sleep 0.1; done; exit 3"
    pod = Pod(bench.pod.cluster, bench.pod.namespace, f"mortal-{secrets.token_hex(3)}")
    containers = (
        app(STATIC, f"-exit-file={END}", "-exit-code=3", **mount),
        {**app("busybox:1.37", name="tools", **mount), "args": [], "command": ["sh", "-c", loop]},
    )
    pod.create(pod_manifest(pod.name, *containers, volumes=[{"name": "data", "emptyDir": {}}], **spec))
    pod.wait_ready()
    return pod


def is_cut_short(event: Callable[[Pod], object], bench: Bench) -> Outcome:
    """By what happens to its pod."""
    pod = mortal(bench)
    _, command = lasting()
    try:
        with replace(bench, pod=pod).start(*command) as client:
            event(pod)
            code = _exit_code(client)
            return Outcome(code, client.communicate()[1].decode())
    finally:
        pod.delete()


def restart(pod: Pod) -> None:
    pod.cluster.kubectl("exec", "-n", pod.namespace, pod.name, "-c", "tools", "--", "touch", END)


def is_in_a_completed_pod(bench: Bench) -> Outcome:
    pod = mortal(bench, restartPolicy="Never")
    try:
        restart(pod)
        wait_until(lambda: pod.json()["status"]["phase"] == "Failed", 60, "the end of the pod")
        return replace(bench, pod=pod).run("true")[0]
    finally:
        pod.delete()


NOWHERE = {"nodeSelector": {"no-such": "node"}}
BOTH = (app(), {**app("busybox:1.37", name="tools"), "args": ["sleep", "1000"]})


def is_in_a_pending_pod(bench: Bench, *, waits: bool = False) -> Outcome:
    """With the flags by which each program waits, or without."""
    pod = Pod(bench.pod.cluster, bench.pod.namespace, f"pending-{secrets.token_hex(3)}")
    pod.create(pod_manifest(pod.name, *BOTH, **NOWHERE))
    flags = ("--wait-for-start", "--timeout=2s") if bench.ours else ("--pod-running-timeout=2s",)
    try:
        return replace(bench, pod=pod).run("true", flags=flags if waits else ())[0]
    finally:
        pod.delete()


def is_in_a_pending_deployment(bench: Bench) -> Outcome:
    name = f"pending-{secrets.token_hex(3)}"
    spec = {**pod_manifest(name, app())["spec"], **NOWHERE}
    deployment: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }
    cluster, namespace = bench.pod.cluster, bench.pod.namespace
    cluster.apply(deployment, namespace=namespace)
    wait_until(lambda: cluster.get("pods", "-n", namespace, "-l", f"app={name}")["items"], 30, "its pod")
    flags = () if bench.ours else ("--pod-running-timeout=2s",)
    return bench.run("true", where=f"deploy/{name}", flags=flags)[0]


SITUATIONS: dict[str, Callable[[Bench], Outcome]] = {
    "COMMAND exits with 0": partial(ends_with, "exit 0"),
    "COMMAND exits with 1": partial(ends_with, "exit 1"),
    "COMMAND exits with 42": partial(ends_with, "exit 42"),
    "COMMAND exits with 126": partial(ends_with, "exit 126"),
    "COMMAND exits with 127": partial(ends_with, "exit 127"),
    "COMMAND exits with 255": partial(ends_with, "exit 255"),
    "COMMAND is killed by SIGKILL": partial(ends_with, "kill -9 $$"),
    "COMMAND is killed by SIGTERM": partial(ends_with, "kill $$"),
    "COMMAND is no program of the image": partial(runs_program, "no-such-program"),
    "COMMAND is a file that is not executable": partial(runs_program, "/etc/passwd"),
    "COMMAND writes to stderr": partial(ends_with, "echo oops >&2"),
    "SIGINT to the client": partial(is_sent, signal.SIGINT),
    "SIGTERM to the client": partial(is_sent, signal.SIGTERM),
    "SIGHUP to the client": partial(is_sent, signal.SIGHUP),
    "SIGQUIT to the client": partial(is_sent, signal.SIGQUIT),
    "SIGPIPE to the client": partial(is_ignored, signal.SIGPIPE),
    "SIGKILL to the client": partial(is_sent, signal.SIGKILL, watched=_LEASE),
    "SIGINT to the client, with `-it`": partial(is_sent_at_a_terminal, signal.SIGINT),
    "SIGTERM to the client, with `-it`": partial(is_sent_at_a_terminal, signal.SIGTERM),
    "SIGHUP to the client, with `-it`": partial(is_sent_at_a_terminal, signal.SIGHUP),
    "SIGQUIT to the client, with `-it`": partial(is_sent_at_a_terminal, signal.SIGQUIT),
    "the terminal's window is closed, with `-it`": partial(is_sent_at_a_terminal, None),
    "stdin is a pipe, without `-i`": partial(reads, '"$@"', ()),
    "stdin is a pipe, with `-i`": partial(reads, '"$@"', ("-i",)),
    "stdin is closed (`<&-`), with `-i`": partial(reads, '"$@" <&-', ("-i",)),
    "stdin is `/dev/null`, with `-i`": partial(reads, '"$@" </dev/null', ("-i",)),
    "all 256 bytes, both ways and on stderr, with `-i`": passes_bytes,
    "COMMAND ends, and stdin stays open": has_a_held_stdin,
    "the reader of stdout leaves (`\\| head -1`)": has_a_reader_that_leaves,
    "stdout is closed (`>&-`)": partial(redirects, '"$@" >&-'),
    "stdout is full (`>/dev/full`)": partial(redirects, '"$@" >/dev/full'),
    "`-t`, and stdin is a pipe": partial(is_asked_for_a_terminal, '"$@"', ("-t",)),
    "`-it`, and stdin is a pipe": partial(is_asked_for_a_terminal, '"$@"', ("-it",)),
    "`-it`, and stdout is a file": partial(separates, ("-it",)),
    "`-i`, and stdout is a file": partial(separates, ("-i",)),
    "neither `-i` nor `-t`, at a terminal": partial(at_a_terminal, ()),
    "`-i`, at a terminal": partial(at_a_terminal, ("-i",)),
    "`-it`, at a terminal": partial(at_a_terminal, ("-it",)),
    "the window has a size, and gets another, with `-it`": is_resized,
    "Ctrl-C, with `-it`": partial(has_a_key, _CTRL_C),
    "Ctrl-\\, with `-it`": partial(has_a_key, _CTRL_BACKSLASH),
    "Ctrl-Z in a shell, with `-it`": has_ctrl_z_in_a_shell,
    "Ctrl-D to a COMMAND that reads, with `-it`": has_ctrl_d_in_a_reader,
    "no COMMAND, at a terminal": is_without_command,
    "no such pod": partial(with_words, "no-such-pod"),
    "no such container": partial(with_words, "POD -c no-such-container"),
    "several containers, without `-c`": partial(with_words, "POD"),
    "no such flag": partial(with_words, "POD --no-such-flag"),
    "forbidden": is_for_nobody,
    "no API server at the address": has_no_server,
    "the kubeconfig is not valid": has_a_broken_kubeconfig,
    "the pod has not started": is_in_a_pending_pod,
    "the same, and waiting for 2 s": partial(is_in_a_pending_pod, waits=True),
    "no pod of a Deployment has started": is_in_a_pending_deployment,
    "the pod has completed": is_in_a_completed_pod,
    "the connection is lost in the midst": loses_its_connection,
    "the container restarts in the midst": partial(is_cut_short, restart),
    "the pod is deleted in the midst": partial(is_cut_short, Pod.delete),
}
