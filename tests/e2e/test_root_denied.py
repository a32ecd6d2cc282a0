"""Apps whose files the kernel opens to no debug container of their own user: the reason, and the flag that does it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import STATIC, STATIC_FILECAPS, STATIC_ROOT, app

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Json
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

OWN = "-fill=/tmp/own=16"  # a file of mode 0600 that belongs to the app, or to root before it steps down
ASKED = "Enter as root with SYS_PTRACE instead? It is allowed in this namespace [y/N]:"
QUESTION = re.escape(ASKED) + " $"
NOT_DUMPABLE = "the app's process is not dumpable (it changed user without exec, or set PR_SET_DUMPABLE to 0)"
FILE_CAPABILITY = "the app holds the capability NET_BIND_SERVICE (from its binary), which a debug container of the same user cannot hold"
GENERAL = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False, "capabilities": {"add": ["SYS_PTRACE"]}}

closed_apps = pytest.mark.parametrize(
    ("container", "we_are", "reason"),
    [
        pytest.param(app(STATIC_ROOT, OWN, "setuid"), "0:0", NOT_DUMPABLE, id="setuid without exec"),
        pytest.param(app(STATIC, OWN, "undumpable"), "65532:65532", NOT_DUMPABLE, id="PR_SET_DUMPABLE 0"),
        pytest.param(app(STATIC_FILECAPS, OWN), "65532:65532", FILE_CAPABILITY, id="file capability"),
    ],
)


@closed_apps
def test_a_command_is_refused_with_the_reason_and_root_may_run_it(
    make_pod: MakePod, dshell: Dshell, container: Json, we_are: str, reason: str
) -> None:
    pod = make_pod(container)
    pod.wait_log("serving as")

    refused = dshell(pod.name, "--", "cat", "tmp/own")
    (entry,) = pod.debug_containers().values()
    name = entry.spec["name"]

    assert (refused.code, refused.stdout) == (77, b"")
    assert refused.stderr.splitlines() == [
        f"error: {name} in {pod.name} runs as {we_are} and cannot read the app's files: {reason}",
        f"Enter as root with SYS_PTRACE: kubectl dshell {pod.name} -n {pod.namespace} --profile general",
    ]
    wait_until(lambda: pod.debug_containers()[name].state == "terminated", 5, "the refused debug container has ended")

    entered = dshell(pod.name, "--profile", "general", "--", "sh", "-c", "id -u; wc -c <tmp/own")

    assert (entered.code, entered.stdout, entered.stderr) == (0, b"0\n16\n", "")
    (root,) = [one for one in pod.debug_containers().values() if one.spec["name"] != name]
    assert root.spec["securityContext"] == GENERAL


@closed_apps
def test_a_person_who_wants_no_root_gets_the_reason_and_a_shell_in_the_debug_image(
    make_pod: MakePod, dshell: Dshell, container: Json, we_are: str, reason: str
) -> None:
    pod = make_pod(container)
    pod.wait_log("serving as")

    with dshell.terminal(pod.name, columns=400) as session:
        session.expect(QUESTION)
        session.send("n\n")
        session.expect(r"debug image:/ \$ $")
        shown = session.text
        session.send("echo uid $(id -u) of $(cat /proc/$DSHELL_PID/comm)\n")
        session.expect(r"uid \d+ of server")
        session.send("exit 3\n")
        code = session.wait()

    (entry,) = pod.debug_containers().values()
    why = f"{entry.spec['name']} in {pod.name} runs as {we_are} and cannot read the app's files: {reason}"
    what = f"Enter as root with SYS_PTRACE: kubectl dshell {pod.name} -n {pod.namespace} --profile general"
    assert f"{why}\n{ASKED} n\n{what}\n" in shown.replace("\r", "")  # a slow start is told before
    assert code == 3


@closed_apps
def test_a_person_who_agrees_is_root_in_the_files_of_the_app(
    make_pod: MakePod, dshell: Dshell, container: Json, we_are: str, reason: str
) -> None:
    pod = make_pod(container)
    pod.wait_log("serving as")

    with dshell.terminal(pod.name, columns=400) as session:
        session.expect(re.escape(f"runs as {we_are} and cannot read the app's files: {reason}"))
        session.expect(QUESTION)
        before = pod.debug_containers()
        session.send("y\n")
        session.expect(rf"{pod.name}/app:/ \$ $")
        session.send("echo $(id -u) $(wc -c <tmp/own)\n")
        session.expect(r"\n0 16\r")
        session.send("exit 3\n")
        code = session.wait()

    assert code == 3
    assert session.modes() == session.modes_before
    (refused,) = before
    (root,) = [entry for name, entry in pod.debug_containers().items() if name != refused]
    assert root.spec["securityContext"] == GENERAL
    pod.wait_terminated(refused, 10)


def test_a_command_at_a_terminal_asks_too_and_with_no_answer_it_is_refused(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_FILECAPS, OWN))
    command = (pod.name, "--", "wc", "-c", "tmp/own")

    with dshell.terminal(*command, columns=400) as session:
        session.expect(QUESTION)
        session.send("\x04")  # Ctrl-D
        refused = session.wait()
    with dshell.terminal(*command, columns=400) as session:
        session.expect(QUESTION)
        session.send("y\n")
        session.expect(r"\n16 tmp/own\r")
        entered = session.wait()
    with dshell.terminal("-q", *command, columns=400) as session:
        quiet = session.wait()

    assert (refused, entered, quiet) == (77, 0, 77)
    assert "[y/N]" not in session.text


def test_a_copy_at_a_terminal_asks_too(make_pod: MakePod, dshell: Dshell, tmp_path: Path) -> None:
    pod = make_pod(app(STATIC_FILECAPS, OWN))

    with dshell.terminal("cp", f"{pod.name}:tmp/own", str(tmp_path / "own"), columns=400) as session:
        session.expect(QUESTION)
        session.send("y\n")
        code = session.wait()

    assert (code, (tmp_path / "own").stat().st_size) == (0, 16)


def test_who_types_ctrl_c_at_the_question_leaves_nothing_running(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_FILECAPS))

    with dshell.terminal(pod.name, columns=400) as session:
        session.expect(QUESTION)
        session.send("\x03")
        code = session.wait()

    assert code == 130
    (name,) = pod.debug_containers()
    pod.wait_terminated(name, 10)


def test_heartbeats_go_on_while_nobody_answers(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_FILECAPS))
    idle: list[int] = []

    def heard_again() -> bool:
        (listed,) = json.loads(dshell("ls", pod.name, "-n", pod.namespace, "-o", "json").stdout)["items"]
        idle.append(listed["idleSeconds"])
        return idle[-1] < max(idle)

    with dshell.terminal(pod.name, columns=400) as session:
        session.expect(QUESTION)
        wait_until(heard_again, 120, "a heartbeat while the question is open")
        session.send("n\n")
        session.expect(r"debug image:/ \$ $")
        session.send("exit\n")

        assert session.wait() == 0


def test_what_the_namespace_does_not_allow_is_not_asked(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(app(STATIC_FILECAPS), namespace=make_namespace("baseline"))

    with dshell.terminal(pod.name, "-n", pod.namespace, columns=400) as session:
        session.expect(r"debug image:/ \$ $")
        session.send("exit\n")
        session.wait()

    shown = session.text.replace("\r", "")
    assert "[y/N]" not in shown
    assert f"cannot read the app's files: {FILE_CAPABILITY}\n" in shown
    assert 'Root with SYS_PTRACE could read them, but the namespace\'s Pod Security level "baseline"' in shown
    assert len(pod.debug_containers()) == 1


def test_root_is_refused_by_a_policy_that_is_named_and_nothing_is_added(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(app(STATIC_FILECAPS), namespace=make_namespace("baseline"))

    refused = dshell(pod.name, "-n", pod.namespace, "--profile", "general", "--", "true")

    assert (refused.code, refused.stdout) == (77, b"")
    first, servers, claim, advice = refused.stderr.splitlines()
    assert first == 'error: the namespace\'s Pod Security level "baseline" does not allow the debug container:'
    assert servers.startswith(f'  pods "{pod.name}" is forbidden: violates PodSecurity "baseline:latest"')
    assert 'must not include "SYS_PTRACE" in securityContext.capabilities.add' in servers
    assert claim == "Nothing was added to the pod."
    assert advice == (
        "An administrator of the namespace can allow it: kubectl label namespace "
        f"{pod.namespace} pod-security.kubernetes.io/enforce=privileged --overwrite"
    )
    assert pod.debug_containers() == {}


@pytest.mark.parametrize(
    ("image", "run_as", "reason", "right"),
    [
        pytest.param(
            STATIC, "1234", "the app runs as user 65532 and the debug container as 1234", "65532:65532", id="user"
        ),
        pytest.param(
            STATIC, "65532:0", "the app runs as group 65532 and the debug container as 0", "65532:65532", id="group"
        ),
        pytest.param(
            STATIC_ROOT, "65532", "the app runs as user 0 and the debug container as 65532", "0:0", id="not root"
        ),
    ],
)
def test_a_wrong_user_is_refused_and_the_right_one_is_named(
    make_pod: MakePod, dshell: Dshell, image: str, run_as: str, reason: str, right: str
) -> None:
    pod = make_pod(app(image))

    refused = dshell(pod.name, "--run-as", run_as, "--", "true")

    assert (refused.code, refused.stdout) == (77, b"")
    first, advice = refused.stderr.splitlines()
    assert first.endswith(f" and cannot read the app's files: {reason}")
    assert advice == f"Enter as the app's user: kubectl dshell {pod.name} -n {pod.namespace} --run-as {right}"
    assert len(pod.debug_containers()) == 1  # what the user says is not corrected


def test_a_refused_command_leaves_the_shell_that_it_found_there(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_FILECAPS))

    with dshell.terminal(pod.name) as session:
        session.expect(QUESTION)
        session.send("n\n")
        session.expect(r"debug image:/ \$ $")
        refused = dshell(pod.name, "--", "true")
        session.send("sleep 1; echo still $((6 * 7))\n")
        session.expect("still 42")
        session.send("exit 3\n")

        assert refused.code == 77
        assert session.wait() == 3
    assert len(pod.debug_containers()) == 1
