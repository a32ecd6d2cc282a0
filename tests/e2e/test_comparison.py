"""The table in README.md that compares kubectl exec, kubectl debug and kubectl dshell: a test for each row."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from .pods import RESTRICTED, app

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell

DEBUG = ("--image=busybox:1.37", "--target=app")
SECRET = "only the app reads this\n"  # app/secret.txt, mode 0600, of the app's user
TOOLS = app("busybox:1.37", "1000", name="tools", command=["sleep"])  # for kubectl exec, which needs a program
ENDED_WITHIN = 60


def kubectl(pod: Pod, *words: str) -> subprocess.CompletedProcess[str]:
    return pod.cluster.kubectl(words[0], "-n", pod.namespace, *words[1:], check=False)


def output_of_debug(pod: Pod, name: str, *words: str) -> str:
    """What kubectl debug's container printed, from its log: a client that attaches late misses the beginning."""
    profile = [word for word in words if word.startswith("--profile")]
    command = [word for word in words if word not in profile]
    kubectl(pod, "debug", pod.name, *DEBUG, *profile, "-c", name, "--", *command)
    pod.wait_terminated(name, 60)
    return kubectl(pod, "logs", pod.name, "-c", name).stdout


def test_a_shell_in_an_image_without_one(shared_pod: Pod, dshell: Dshell) -> None:
    executed = kubectl(shared_pod, "exec", shared_pod.name, "--", "sh")
    ours = dshell(shared_pod.name, "--", "sh", "-c", "echo here")

    assert 'exec: "sh": executable file not found' in executed.stderr
    assert output_of_debug(shared_pod, "shell", "sh", "-c", "test -e /app || echo there") == "there\n"
    assert ours.stdout == b"here\n"


def test_reading_the_files_of_the_app(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    read = ("sh", "-c", "cat /proc/1/root/app/secret.txt 2>&1")

    ours = dshell(pod.name, "--", "cat", "app/secret.txt")

    assert output_of_debug(pod, "general", *read) == SECRET
    assert "Permission denied" in output_of_debug(pod, "baseline", "--profile=baseline", *read)
    assert ours.stdout.decode() == SECRET


def test_a_namespace_that_enforces_restricted(make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell) -> None:
    pod = make_pod(app(securityContext=RESTRICTED), namespace=make_namespace("restricted"))

    debugged = kubectl(pod, "debug", pod.name, *DEBUG, "--", "true")
    ours = dshell(pod.name, "-n", pod.namespace, "--", "cat", "app/secret.txt")

    assert 'violates PodSecurity "restricted' in debugged.stderr
    assert ours.stdout.decode() == SECRET


def test_the_exit_code_of_a_command(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(), TOOLS)
    script = ("--", "sh", "-c", "sleep 1; exit 42")

    assert kubectl(pod, "exec", pod.name, "-c", "tools", *script).returncode == 42
    assert kubectl(pod, "debug", "-i", pod.name, *DEBUG, *script).returncode == 0
    assert dshell(pod.name, *script).code == 42


def test_output_in_the_logs_of_the_pod(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(), TOOLS)

    executed = kubectl(pod, "exec", pod.name, "-c", "tools", "--", "echo", "password")
    ours = dshell(pod.name, "--", "echo", "password")

    assert executed.stdout == "password\n"
    assert kubectl(pod, "logs", pod.name, "-c", "tools").stdout == ""
    assert output_of_debug(pod, "debugger", "echo", "password") == "password\n"
    assert ours.stdout == b"password\n"
    (name,) = set(pod.debug_containers()) - {"debugger"}
    assert kubectl(pod, "logs", pod.name, "-c", name).stdout == ""


def kill(client: subprocess.Popen[bytes]) -> None:
    """Once its command runs."""
    assert client.stdout
    assert b"on\n" in iter(client.stdout.readline, b"")
    client.kill()


def test_after_the_client_is_killed(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(), TOOLS)
    program = [pod.cluster.kubectl_program, "--kubeconfig", str(pod.cluster.kubeconfig), "-n", pod.namespace]
    script = "echo on; exec sleep 2000"
    for words in (
        [*program, "exec", "-i", pod.name, "-c", "tools", "--", "sh", "-c", script],
        [*program, "debug", "-i", pod.name, *DEBUG, "-c", "debugger", "--", "sh", "-c", f"sleep 2; {script}"],
    ):
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            kill(client)
    with dshell.start(pod.name, "--", "sh", "-c", script) as client:
        kill(client)

    (name,) = set(pod.debug_containers()) - {"debugger"}
    pod.wait_terminated(name, ENDED_WITHIN)
    assert "sleep 2000" in kubectl(pod, "exec", pod.name, "-c", "tools", "--", "ps").stdout
    assert pod.debug_containers()["debugger"].state == "running"


def test_copying_files_out_of_an_image_without_tar(shared_pod: Pod, dshell: Dshell, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"

    copied = kubectl(shared_pod, "cp", f"{shared_pod.name}:/etc/app.yaml", str(theirs))

    assert copied.returncode != 0
    assert 'exec: "tar": executable file not found' in copied.stderr
    assert dshell("cp", f"{shared_pod.name}:/etc/app.yaml", str(ours)).code == 0
    assert ours.read_text() == "greeting: hello\n"
