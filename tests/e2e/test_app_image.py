"""`--app-image`: a session whose root directory is the app's own image, with tools borrowed from another container."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import (
    DEBUG_ALPINE,
    DEBUG_BASH,
    DEBUG_DASH,
    DEBUG_DEBIAN,
    PYTHON,
    RESTRICTED,
    STATIC,
    STATIC_ROOT,
    STATIC_SCRATCH,
    Pod,
    app,
)
from .processes import app_state, processes_of, zombies_below

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

IMAGE = "--app-image"
OWN_BYTES = 1200
VARIABLES = [
    {"name": "GREETING", "value": "hello world"},
    {"name": "LOG", "value": "/of/the/app"},
    {"name": "TWO_LINES", "value": "one\ntwo"},
]
PAIR = r"(dshell-\w+) in {pod} as 65532:65532 \(.*\); / is the app's image, tools are busybox:1.37 \((dshell-\w+)\)\."


@pytest.fixture(scope="module")
def restricted(make_namespace: MakeNamespace, cluster: Cluster) -> str:
    name = make_namespace("restricted")
    data = {"app.yaml": "of the app\n", "sub.yaml": "by its path\n"}
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": data}, namespace=name)
    return name


def furnished(image: str = STATIC, **security: object) -> Json:
    return app(
        image,
        env=VARIABLES,
        securityContext={**RESTRICTED, "readOnlyRootFilesystem": True, **security},
        volumeMounts=[
            {"name": "conf", "mountPath": "/etc/conf"},
            {"name": "conf", "mountPath": "/etc/sub.yaml", "subPath": "sub.yaml"},
            {"name": "data", "mountPath": "/data"},
        ],
    )


VOLUMES = [{"name": "conf", "configMap": {"name": "conf"}}, {"name": "data", "emptyDir": {}}]


def ended_well(pod: Pod, seconds: float = 10) -> None:
    """Both have ended because the last session said goodbye."""
    for name in pod.debug_containers():
        assert pod.wait_terminated(name, seconds)["message"].strip() == "ended by its last session"


def names(pod: Pod) -> tuple[str, str]:
    """The debug container of the app's image, and the one whose tools it uses."""
    by_kind = {
        any(one["name"] == "DSHELL_TOOLS" for one in container.spec["env"]): name
        for name, container in pod.debug_containers().items()
    }
    assert len(pod.debug_containers()) == 2
    return by_kind[True], by_kind[False]


@pytest.mark.nodes
def test_a_command_has_the_app_s_image_volumes_variables_and_user(
    make_pod: MakePod, dshell: Dshell, restricted: str
) -> None:
    pod = make_pod(furnished(), namespace=restricted, volumes=VOLUMES)
    before = app_state(pod)
    script = (
        "cat /etc/os-release /etc/conf/app.yaml /app/secret.txt; id -u; id -g; pwd; "
        'echo "$GREETING,$LOG,$TWO_LINES"; echo note >/data/note; ls /etc/sub.yaml; cat "$DSHELL_ROOT/etc/sub.yaml"; '
        "exit 7"
    )

    ran = dshell(pod.name, "-n", restricted, IMAGE, "--", "sh", "-c", script)

    assert ran.stdout.decode().splitlines() == [
        'PRETTY_NAME="distroless look-alike"',
        "ID=dshell-test",
        "of the app",
        "only the app reads this",
        "65532",
        "65532",
        "/",
        "hello world,/of/the/app,one",
        "two",
        "by its path",
    ]
    assert (ran.code, ran.stderr.strip()) == (7, "ls: /etc/sub.yaml: No such file or directory")
    ended_well(pod)
    assert app_state(pod) == before
    assert zombies_below(before.pid) == []
    seen = dshell(pod.name, "-n", restricted, "--", "cat", "data/note")
    assert seen.stdout == b"note\n", "the volume is the app's own"


def test_the_entry_is_as_small_as_others_but_for_the_volumes(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(env=VARIABLES))
    assert dshell(pod.name, IMAGE, "--", "true").code == 0
    own, _ = names(pod)
    entry = dict(pod.debug_containers()[own].spec)

    mounts = entry.pop("volumeMounts")

    assert len(json.dumps(entry, separators=(",", ":"))) <= OWN_BYTES
    assert [one["mountPath"] for one in mounts] == ["/var/run/secrets/kubernetes.io/serviceaccount"]
    assert "GREETING" not in json.dumps(entry)


@pytest.mark.parametrize(
    "tools", ["busybox:1.37", DEBUG_ALPINE, DEBUG_DEBIAN, DEBUG_BASH], ids=["static", "alpine", "debian", "bash"]
)
def test_the_app_s_interpreter_runs_and_the_tools_of_any_image(make_pod: MakePod, dshell: Dshell, tools: str) -> None:
    pod = make_pod(app(PYTHON, env=VARIABLES))
    flags = (pod.name, IMAGE, "--image", tools, "--keep", "60s", "--")
    program = "import os, ssl; print(os.environ['TWO_LINES'], os.path.exists('/app/app.py'), bool(ssl.OPENSSL_VERSION))"

    python = dshell(*flags, "python3.11", "-c", program)
    listed = dshell(*flags, "ls", "/app")
    piped = dshell(*flags, "cat", input=b"through\n")
    script = dshell(*flags, "sh", input=b"ls /app | cat; cat /app/secret.txt; exit 3\n")
    absent = dshell(*flags, "no-such-program")

    assert (python.stdout, python.code) == (b"one\ntwo True True\n", 0), python.stderr
    assert (listed.stdout, listed.code) == (b"app.py\nsecret.txt\n", 0), listed.stderr
    assert (piped.stdout, piped.code) == (b"through\n", 0), piped.stderr
    assert (script.stdout, script.code) == (b"app.py\nsecret.txt\nonly the app reads this\n", 3), script.stderr
    assert (absent.stdout, absent.code) == (b"", 127)
    assert len(pod.debug_containers()) == 2, "all five used the same pair"


@pytest.mark.parametrize("tools", ["busybox:1.37", DEBUG_ALPINE, DEBUG_DEBIAN], ids=["static", "alpine", "debian"])
def test_a_shell_stands_in_the_image_and_has_the_tools(
    make_pod: MakePod, dshell: Dshell, restricted: str, tools: str
) -> None:
    pod = make_pod(furnished(PYTHON), namespace=restricted, volumes=VOLUMES)
    with dshell.terminal(pod.name, "-n", restricted, IMAGE, "--image", tools, columns=200) as session:
        session.expect(r"/ is the app's image, tools are [\w.:-]+ \(dshell-\w+\)\.")
        session.expect(r"files that the app wrote outside its volumes are only there, and /etc/sub.yaml \(subPath\)")
        session.expect(rf"{pod.name}/app image:/ \$ ")
        session.send('cd /etc; grep -c of conf/app.yaml; python3.11 -c "print(6 * 7)"; echo "<$LOG>"\n')
        session.expect(r"\n1\r\n42\r\n</of/the/app>\r\n")
        session.expect(rf"{pod.name}/app image:/etc \$ ")
        session.send("cd $DSHELL_ROOT/etc; ls sub.yaml\n")
        session.expect(r"\nsub.yaml\r\n")
        session.expect(rf"{pod.name}/app:/etc \$ ")
        session.send("cd; pwd; exit 5\n")
        session.expect(r"\n/\r\n")
        assert session.wait() == 5
    ended_well(pod)


def test_both_are_listed_as_a_pair_joined_as_one_and_ended_as_one(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    assert dshell(pod.name, IMAGE, "--keep", "10m", "--", "true").code == 0
    own, lender = names(pod)

    listed = dshell("ls", pod.name).stdout.decode().splitlines()[1:]
    items = json.loads(dshell("ls", pod.name, "-o", "json").stdout)["items"]
    attached = dshell("attach", pod.name, "--", "cat", "/etc/os-release")

    assert [line.split()[1] for line in listed] == [own, lender]
    assert [re.search(r"running \(.*?\)", line)[0] for line in listed] == ["running (kept)", f"running (for {own})"]  # type: ignore[index]
    assert [(one["name"], one["toolsFrom"], one["toolsFor"]) for one in items] == [
        (own, lender, None),
        (lender, None, own),
    ]
    assert (attached.code, attached.stdout.decode().splitlines()[-1]) == (0, "ID=dshell-test")

    assert dshell("cleanup", f"{pod.name}/{own}", "--yes").code == 0

    assert pod.wait_terminated(own, 10)["message"].strip() == "ended by a client"
    assert pod.wait_terminated(lender, 10)["message"].strip() == "ended by its last session"


def test_the_end_of_the_one_with_the_tools_ends_the_other(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    assert dshell(pod.name, IMAGE, "--keep", "10m", "--", "true").code == 0
    own, lender = names(pod)

    assert dshell("cleanup", f"{pod.name}/{lender}", "--yes").code == 0

    assert pod.wait_terminated(own, 30)["message"].strip() == "ended with its tools"


def test_a_session_beside_it_keeps_the_tools_and_a_named_one_is_found_again(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name) as live:
        live.expect(r"/app:/ \$ ")
        (lender,) = pod.debug_containers()

        named = dshell(pod.name, IMAGE, "--name", "mine", "--keep", "60s", "--", "pwd")
        again = dshell(pod.name, IMAGE, "--name", "mine", "--", "pwd")
        refused = dshell(pod.name, "--name", "mine", "--", "pwd")

        assert (named.code, named.stdout, again.code, again.stdout) == (0, b"/\n", 0, b"/\n")
        assert names(pod) == ("dshell-mine", lender)
        assert refused.code == 69
        assert "its root directory is that of the app's image (--app-image)" in refused.stderr
        assert dshell("cleanup", f"{pod.name}/dshell-mine", "--yes").code == 0
        live.send("pwd; exit\n")
        assert live.wait() == 0
    assert pod.wait_terminated(lender, 10)["message"].strip() == "ended by its last session"


def test_in_many_pods(make_pod: MakePod, dshell: Dshell) -> None:
    pods = sorted((make_pod(metadata={"labels": {"app": "pairs"}}) for _ in range(3)), key=lambda pod: pod.name)

    ran = dshell("-l", "app=pairs", IMAGE, "-o", "json", "--", "cat", "/etc/os-release")

    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.code == 0
    assert sorted((one["pod"], one["exitCode"], "ID=dshell-test" in one["stdout"]) for one in lines) == [
        (pod.name, 0, True) for pod in pods
    ]
    for pod in pods:
        ended_well(pod)


def test_a_vanished_client_leaves_neither(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.start(pod.name, IMAGE, "--", "sleep", "1000") as client:
        wait_until(lambda: runs(pod, "sleep", "1000"), 30)
        client.kill()
    own, lender = names(pod)

    assert pod.wait_terminated(own, 70)["message"].strip() == "ended after 50 s without a client"
    assert pod.wait_terminated(lender, 15)["message"].strip() == "ended by its last session"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_both(make_pod: MakePod, dshell: Dshell, number: signal.Signals, code: int) -> None:
    pod = make_pod()
    with dshell.start(pod.name, IMAGE, "--", "sleep", "1000") as client:
        wait_until(lambda: runs(pod, "sleep", "1000"), 30)
        client.send_signal(number)
        client.communicate(timeout=30)
    assert client.returncode == code
    ended_well(pod)


@pytest.mark.parametrize(
    ("container", "spec", "user"),
    [
        pytest.param(app(STATIC_ROOT), {}, "0:0", id="root"),
        pytest.param(app(STATIC_SCRATCH), {}, "65532:0", id="scratch"),
        pytest.param(app(STATIC), {"shareProcessNamespace": True}, "65532:65532", id="shared PID namespace"),
        pytest.param(app(STATIC, "undumpable"), {}, "65532:65532", id="an app that nobody can enter"),
        pytest.param(app(STATIC_ROOT, "step-down"), {}, "101:101", id="an app that has become another user"),
    ],
)
def test_targets(make_pod: MakePod, dshell: Dshell, container: Json, spec: Json, user: str) -> None:
    pod = make_pod(container, **spec)
    pod.wait_log("serving as")
    root = ("--run-as", user) if user == "0:0" and "user" not in pod.status() else ()  # before Kubernetes 1.33

    ran = dshell(pod.name, IMAGE, *root, "--", "sh", "-c", "cat /etc/app.yaml; echo $(id -u):$(id -g)")

    assert (ran.code, ran.stdout.decode().splitlines()) == (0, ["greeting: hello", user]), ran.stderr
    for name in pod.debug_containers():
        pod.wait_terminated(name, 10)


def test_tools_without_a_fit_shell_are_refused(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    refused = dshell(pod.name, IMAGE, "--image", DEBUG_DASH, "--", "true")

    assert refused.code == 69
    assert "dshell needs an image with busybox ash or bash." in refused.stderr
    assert len(pod.debug_containers()) == 1, "nothing was spent on the app's image"


def test_who_needs_it_is_told_so_without_another_request(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(PYTHON))

    interpreter = dshell(pod.name, "--keep", "60s", "--", "python3.11", "-V")
    by_path = dshell(pod.name, "--keep", "60s", "--", "usr/bin/python3.11", "-V")
    file = dshell(pod.name, "--keep", "60s", "--", "cat", "/etc/app.yaml")
    nothing = dshell(pod.name, "--", "cat", "etc/app.yaml")

    assert (interpreter.code, interpreter.stderr) == (
        127,
        "dshell: python3.11: not found in the debug image, but in the app's: add --app-image\n",
    )
    assert by_path.code == 127
    assert "dshell: usr/bin/python3.11 needs the loader of the app's image: add --app-image\n" in by_path.stderr
    assert file.code == 1
    assert file.stderr.startswith(
        "dshell: /etc/app.yaml is looked up in the debug image; the app's is etc/app.yaml (or add --app-image)\n"
    )
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, b"greeting: hello\n", "")


def runs(pod: Pod, program: str, word: str) -> bool:
    """Whether the program runs in one of the pod's debug containers, with that word: our scripts sleep, too."""
    ids = [one.status.get("containerID", "//").partition("//")[2] for one in pod.debug_containers().values()]
    named = [process for id_ in ids if id_ for process in processes_of(id_) if process.comm == program]
    return any(word.encode() in words(process.pid) for process in named)


def words(pid: int) -> list[bytes]:
    """None of a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
