"""What is said while a debug container starts, and how the wait ends when it does not."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.images.archive import ARCHITECTURE
from tests.waiting import wait_until

from .local_registry import local_registry
from .pods import DEBUG_NOSHELL, DEBUG_OTHER_ARCHITECTURE, Pod
from .program import Result
from .registry_program import FOREIGN, PRIVATE
from .silent_registry import silent_registry

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from .cluster import Cluster
    from .conftest import MakePod, MakeUser
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
AT_ONCE, SECOND_REPORT = 10.0, 25.0  # seconds, on a busy machine; the kubelet looks at a pod every 10 to 15
STAYS = r"\((dshell-\w{5}) never ran, but stays listed in the pod\)"
USE_ANOTHER = "Use another image: --image, or set DSHELL_IMAGE."
OTHER_IMAGE = r"Use another image: --image, or set DSHELL_IMAGE\."


@pytest.fixture
def dshell(dshell: Dshell) -> Dshell:
    """As patient as it is for everybody."""
    return replace(dshell, patience=1)


@pytest.fixture(scope="module")
def hanging_image(cluster: Cluster) -> Iterator[str]:
    with silent_registry(cluster) as image:
        yield image


@pytest.mark.parametrize(
    ("flags", "seconds", "said"),
    [
        pytest.param(
            ("--image", "dshell.test/none:1"),
            SECOND_REPORT,
            rf"error: the node cannot pull dshell\.test/none:1: [^(]+ {STAYS}\n{OTHER_IMAGE}",
            id="cannot be pulled",
        ),
        pytest.param(
            ("--image", "dshell.test/none:1", "--image-pull-policy", "Never"),
            AT_ONCE,
            rf"error: dshell\.test/none:1 is not on the node and the pull policy is Never {STAYS}\n"
            r"Let the node pull it: --image-pull-policy IfNotPresent",
            id="may not be pulled",
        ),
        pytest.param(
            ("--image", "NOT//AN_IMAGE"),
            AT_ONCE,
            rf"error: the node cannot use the image NOT//AN_IMAGE: [^\n]*invalid reference format[^\n]* {STAYS}\n"
            rf"{OTHER_IMAGE}",
            id="invalid name",
        ),
        pytest.param(
            ("--image", DEBUG_NOSHELL),
            AT_ONCE,
            rf'error: {DEBUG_NOSHELL} has no shell: "sh": executable file not found in \$PATH {STAYS}\n'
            rf"dshell needs an image with [^\n]+\. {OTHER_IMAGE}",
            id="no shell in it",
        ),
    ],
)
def test_a_hopeless_image_ends_the_wait_at_once_with_the_fix(
    make_pod: MakePod, dshell: Dshell, flags: tuple[str, ...], seconds: float, said: str
) -> None:
    pod = make_pod()
    began = time.monotonic()

    failed = dshell(pod.name, *flags, "--", "true")

    assert time.monotonic() - began < seconds
    assert (failed.code, failed.stdout) == (69, b"")
    error = failed.stderr[failed.stderr.index("error:") :]  # a slow node is waited for, and that is said
    assert (named := re.fullmatch(f"{said}\n", error)), error
    (name,) = pod.debug_containers()
    assert named[1] == name
    assert pod.debug_containers()[name].state == "waiting"


def test_without_a_terminal_the_wait_is_told_in_lines_and_ends_with_its_reason(
    make_pod: MakePod, dshell: Dshell, hanging_image: str
) -> None:
    pod = make_pod()

    failed = dshell(pod.name, "--image", hanging_image, "--timeout", "8s", "--", "true")

    (name,) = pod.debug_containers()
    assert (failed.code, failed.stdout) == (75, b"")
    assert failed.stderr.splitlines() == [
        f"{pod.name}: pulling image {hanging_image}",
        f"error: {name} in {pod.name} did not start within 8 s: pulling image {hanging_image}",
        f"See why: kubectl describe pod {pod.name} -n {pod.namespace}; wait longer with --timeout 5m",
    ]


def test_quiet_waits_without_a_word(make_pod: MakePod, dshell: Dshell, hanging_image: str) -> None:
    pod = make_pod()

    failed = dshell(pod.name, "-q", "--image", hanging_image, "--timeout", "4s", "--", "true")

    assert failed.code == 75
    assert failed.stderr.startswith("error: ")


def test_on_a_terminal_the_wait_is_one_line_that_is_replaced_and_gone_in_the_end(
    make_pod: MakePod, dshell: Dshell, hanging_image: str
) -> None:
    pod = make_pod()

    with dshell.terminal(pod.name, "--image", hanging_image, "--timeout", "5s", columns=200) as session:
        for seconds in (2, 3, 4):
            session.expect(re.escape(f"{pod.name}: pulling image {hanging_image} ({seconds} s)"))
        waiting = session.output
        code = session.wait()
        assert session.modes() == session.modes_before

    assert b"\n" not in waiting  # it was not scrolled
    assert code == 75
    (name,) = pod.debug_containers()
    left_on_screen = session.output.rpartition(b"\x1b[2K")[2].decode()
    assert left_on_screen.lstrip("\r").startswith(f"error: {name} in {pod.name} did not start within 5 s: ")


def start_waiting(dshell: Dshell, pod: Pod, *flags: str) -> subprocess.Popen[bytes]:
    """Started, and its debug container is in the spec."""
    process = dshell.start(pod.name, *flags, "--", "true")
    wait_until(pod.debug_containers, 20, "a debug container in the spec")
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["INT", "TERM", "HUP"]
)
def test_a_signal_ends_the_wait_at_once_and_quietly(
    make_pod: MakePod, dshell: Dshell, hanging_image: str, number: int, code: int
) -> None:
    pod = make_pod()
    process = start_waiting(dshell, pod, "--image", hanging_image)
    began = time.monotonic()

    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=10)

    assert time.monotonic() - began < 2
    assert (process.returncode, stdout, stderr) == (code, b"", b"")


def test_ctrl_c_on_a_terminal_ends_the_wait_and_leaves_the_terminal_as_it_was(
    make_pod: MakePod, dshell: Dshell, hanging_image: str
) -> None:
    pod = make_pod()

    with dshell.terminal(pod.name, "--image", hanging_image, columns=200) as session:
        session.expect("pulling image")
        session.send("\x03")
        code = session.wait(5)

        assert code == 130
        assert session.modes() == session.modes_before
        assert session.output.rfind(b"\x1b[?25h") > session.output.rfind(b"\x1b[?25l") >= 0  # the cursor is back


def test_what_starts_after_its_client_was_interrupted_ends_by_itself(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    process = start_waiting(dshell, pod)

    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)

    assert (process.returncode, stdout, stderr) == (130, b"", b"")
    (name,) = pod.debug_containers()
    wait_until(lambda: pod.debug_containers()[name].state == "terminated", 15, f"the end of {name}")


def test_a_pod_deleted_meanwhile_ends_the_wait(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, hanging_image: str
) -> None:
    """Its app takes its whole grace period to end, and is not waited for."""
    pod = make_pod(
        {"name": "app", "image": "busybox:1.37", "command": ["sleep", "1000"]}, terminationGracePeriodSeconds=30
    )
    process = start_waiting(dshell, pod, "--image", hanging_image)
    began = time.monotonic()

    pod.delete()
    stdout, stderr = process.communicate(timeout=20)

    assert time.monotonic() - began < 10
    (name,) = pod.debug_containers()
    assert (process.returncode, stdout) == (66, b"")
    assert stderr.decode().splitlines()[-1] == (f"error: pod {pod.name} is being deleted; {name} will not start in it")
    cluster.kubectl("delete", "pod", pod.name, "-n", pod.namespace, "--force", "--grace-period=0", check=False)


def errors(failed: Result) -> list[str]:
    """A slow node is waited for, and that is said before."""
    assert (failed.code, failed.stdout) == (69, b"")
    return failed.stderr[failed.stderr.index("error:") :].splitlines()


def test_an_image_for_another_architecture_is_told_from_one_without_a_shell(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    failed = dshell(pod.name, "--image", DEBUG_OTHER_ARCHITECTURE, "--", "true")

    node = pod.json()["spec"]["nodeName"]
    assert errors(failed) == [
        (
            f"error: {DEBUG_OTHER_ARCHITECTURE} is not built for the architecture of the pod's node {node} "
            f"({ARCHITECTURE}): its shell cannot run there (exec format error)"
        ),
        f"dshell needs an image for {ARCHITECTURE}, or a multi-platform one. {USE_ANOTHER}",
    ]


def test_a_registry_without_such_an_image_and_one_that_wants_credentials(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, make_user: MakeUser
) -> None:
    """The pod names a pull secret that does not exist, which is no obstacle to an image on the node."""
    pod = make_pod(imagePullSecrets=[{"name": "regcred"}])
    user, kubeconfig = make_user("puller", SESSION_ROLE)
    with local_registry(cluster, pod.namespace) as registry:
        foreign, private = f"{registry}/{FOREIGN}:1", f"{registry}/{PRIVATE}:1"

        with dshell.start(pod.name, "--image", private, "--", "true") as waits:  # a failed pull counts when repeated
            admin = dshell(pod.name, "--image", foreign, "--", "true")
            other = dshell.of_somebody_else(kubeconfig)(pod.name, "--image", foreign, "--", "true")
            stdout, stderr = waits.communicate(timeout=60)
            refused = Result(stdout, stderr.decode(), waits.returncode)

    node = pod.json()["spec"]["nodeName"]
    what = f"{foreign} is not built for the architecture of the pod's node {node}"
    why = "the node cannot pull it (no match for platform in manifest)"
    assert errors(admin) == [
        f"error: {what} ({ARCHITECTURE}): {why}",
        f"dshell needs an image for {ARCHITECTURE}, or a multi-platform one. {USE_ANOTHER}",
    ]
    assert errors(other) == [
        f"error: {what}: {why}",
        f"The node's architecture: kubectl get node {node} -o jsonpath='{{.status.nodeInfo.architecture}}'",
        f"dshell needs an image for that architecture, or a multi-platform one. {USE_ANOTHER}",
    ], f"{user} may not get nodes"
    first, secrets, last = errors(refused)
    assert first.startswith(f"error: the node cannot pull {private}: ")
    assert "401 Unauthorized" in first
    assert secrets == (
        "The registry wants credentials. A debug container cannot bring its own: the kubelet uses those of pod "
        f"{pod.name}, which has imagePullSecrets (regcred), its own or its service account's, and the node's."
    )
    assert last == USE_ANOTHER
