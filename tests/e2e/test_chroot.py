"""`--chroot`: the app's live root directory as that of what is run, where the app's user may do that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import DEBUG_ALPINE, DEBUG_DEBIAN, PYTHON, STATIC, app
from .processes import app_state, processes_of, zombies_below

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

ROOT = {"runAsUser": 0, "runAsGroup": 0}
VARIABLES = [{"name": "GREETING", "value": "hello world"}]


@pytest.mark.parametrize("tools", ["busybox:1.37", DEBUG_ALPINE, DEBUG_DEBIAN], ids=["static", "alpine", "debian"])
def test_a_command_has_the_live_root_as_its_own(make_pod: MakePod, dshell: Dshell, tools: str) -> None:
    pod = make_pod(app(PYTHON, env=VARIABLES, securityContext=ROOT))
    before = app_state(pod)
    flags = (pod.name, "--chroot", "--image", tools, "--keep", "60s", "--")

    python = dshell(*flags, "python3.11", "-c", "import os; print(os.environ['GREETING'], os.listdir('/proc/1') != [])")
    tool = dshell(*flags, "cat", "/etc/app.yaml")
    script = dshell(*flags, "sh", "-c", "cat; ls /app | cat; exit 5", input=b"piped\n")
    absent = dshell(*flags, "no-such-program")

    assert (python.stdout, python.code) == (b"hello world True\n", 0), python.stderr
    assert (tool.stdout, tool.code) == (b"greeting: hello\n", 0), tool.stderr
    assert (script.stdout, script.code) == (b"piped\napp.py\nsecret.txt\n", 5), script.stderr
    assert (absent.stdout, absent.code) == (b"", 127)
    assert app_state(pod) == before
    assert zombies_below(before.pid) == []


def test_a_shell_has_it_too_and_what_it_runs_ends_with_the_session(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(PYTHON, securityContext=ROOT))
    assert dshell(pod.name, "--keep", "60s", "--", "true").code == 0
    (name,) = pod.debug_containers()
    with dshell.terminal(pod.name, "--chroot", "--keep", "60s", columns=120) as session:
        session.expect(r"/ is the app's live root, tools are busybox:1.37\.")
        session.expect(rf"{pod.name}/app:/ \$ ")
        session.send("cd /etc; cat /etc/app.yaml; python3.11 -V; sleep 1000 &\n")
        session.expect(r"greeting: hello\r\nPython 3.11")
        session.expect(rf"{pod.name}/app:/etc \$ ")
        wait_until(lambda: runs(pod, name, "sleep"), 10)
        session.process.kill()
    wait_until(lambda: not runs(pod, name, "sleep"), 70, "the shell of the vanished client has ended")

    assert pod.debug_containers()[name].state == "running", "it is kept"
    assert zombies_below(app_state(pod).pid) == []


@pytest.mark.parametrize(
    ("security", "why"),
    [
        ({"runAsUser": 65532}, "it takes the capability SYS_CHROOT, which user 65532 cannot have"),
        (
            ROOT | {"capabilities": {"drop": ["ALL"]}},
            "it takes the capability SYS_CHROOT, which the debug container drops",
        ),
    ],
)
def test_where_it_cannot_work_nothing_is_added(make_pod: MakePod, dshell: Dshell, security: Json, why: str) -> None:
    pod = make_pod(app(STATIC, securityContext=security))

    refused = dshell(pod.name, "--chroot", "--", "ls")

    assert (refused.code, refused.stdout) == (77, b"")
    assert refused.stderr.splitlines() == [
        f"error: --chroot cannot work in {pod.name}: {why}",
        f"Use a container of the app's image: kubectl dshell {pod.name} -n {pod.namespace} --app-image",
    ]
    assert pod.debug_containers() == {}


def runs(pod: Pod, name: str, program: str) -> bool:
    id_ = pod.debug_containers()[name].status["containerID"].partition("://")[2]
    return any(process.comm == program for process in processes_of(id_))
