"""The app's own files are entered as the app's own user, with the least that enters and no flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import STATIC, STATIC_NAMED, STATIC_ROOT, STATIC_SCRATCH, DebugContainer, Pod, app

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakePod
    from .program import Dshell

RUNTIME_DEFAULT = {"type": "RuntimeDefault"}
OWN = "-fill=/tmp/own=16"  # a file of mode 0600 that belongs to the app, whoever it is
WHO = ("--", "sh", "-c", "id -u; id -g; wc -c <tmp/own")


def least(uid: int, gid: int, **capabilities: list[str]) -> Json:
    """The securityContext expected; without `capabilities`, that of a user who has none."""
    ours = capabilities or ({"drop": ["ALL"]} if uid else {})
    return {
        "runAsUser": uid,
        "runAsGroup": gid,
        "runAsNonRoot": uid != 0,
        "allowPrivilegeEscalation": False,
        "seccompProfile": RUNTIME_DEFAULT,
        **({"capabilities": ours} if ours else {}),
    }


OF_PRIVILEGED = {"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"type": "spc_t"}}


def security(container: DebugContainer) -> Json:
    found: Json = container.spec["securityContext"]
    return found


@pytest.mark.parametrize(
    ("container", "spec", "expected"),
    [
        pytest.param(app(STATIC, OWN), {}, least(65532, 65532), id="image USER, nothing in the spec"),
        pytest.param(
            app(STATIC, OWN, securityContext={"runAsNonRoot": True}),
            {},
            least(65532, 65532),
            id="runAsNonRoot, the UID only in the image",
        ),
        pytest.param(
            app(STATIC, OWN, securityContext={"runAsUser": 10001}),
            {},
            least(10001, 0),
            id="runAsUser without runAsGroup",
        ),
        pytest.param(app(STATIC_NAMED, OWN), {}, least(65532, 65532), id="image USER by name"),
        pytest.param(app(STATIC_SCRATCH, OWN), {}, least(65532, 0), id="USER 65532:65532 without a passwd"),
        pytest.param(
            app(STATIC, OWN),
            {"securityContext": {"runAsUser": 10001, "runAsGroup": 10002, "fsGroup": 2000}},
            least(10001, 10002),
            id="ids of the pod",
            marks=pytest.mark.nodes,
        ),
        pytest.param(app(STATIC, OWN), {"hostUsers": False}, least(65532, 65532), id="own user namespace"),
        pytest.param(app(STATIC_ROOT, OWN), {"hostUsers": False}, least(0, 0), id="own user namespace, root"),
        pytest.param(app(STATIC_ROOT, OWN), {}, least(0, 0), id="root with default capabilities"),
        pytest.param(
            app(STATIC_ROOT, OWN, securityContext={"capabilities": {"drop": ["ALL"]}}),
            {},
            least(0, 0, drop=["ALL"]),
            id="root with drop ALL",
        ),
        pytest.param(
            app(STATIC_ROOT, OWN, securityContext={"capabilities": {"add": ["NET_ADMIN"], "drop": ["MKNOD"]}}),
            {},
            least(0, 0, add=["NET_ADMIN"], drop=["MKNOD"]),
            id="root with capabilities of its own",
        ),
        pytest.param(
            app(STATIC_ROOT, OWN, securityContext={"privileged": True}),
            {},
            least(0, 0, add=["ALL"]) | OF_PRIVILEGED,
            id="privileged root",
        ),
        pytest.param(
            app(STATIC_ROOT, OWN, securityContext={"privileged": True, "runAsUser": 0, "runAsGroup": 0}),
            {},
            least(0, 0, add=["ALL"]) | OF_PRIVILEGED,
            id="privileged root by its spec",
            marks=pytest.mark.nodes(quick=True),
        ),
    ],
)
def test_an_app_is_entered_as_itself(
    make_pod: MakePod, dshell: Dshell, container: Json, spec: Json, expected: Json
) -> None:
    pod = make_pod(container, **spec)

    entered = dshell(pod.name, *WHO)

    assert (entered.code, entered.stderr) == (0, "")
    assert entered.stdout.decode().split() == [str(expected["runAsUser"]), str(expected["runAsGroup"]), "16"]
    assert [security(entry) for entry in pod.debug_containers().values()] == [expected]


def test_a_read_only_root_is_entered_and_stays_read_only(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, securityContext={"readOnlyRootFilesystem": True}))

    read = dshell(pod.name, "--", "cat", "app/secret.txt")
    written = dshell(pod.name, "--", "touch", "tmp/new")

    assert (read.code, read.stdout, read.stderr) == (0, b"only the app reads this\n", "")
    assert (written.code, written.stderr) == (1, "touch: tmp/new: Read-only file system\n")


def test_a_sidecar_is_entered_by_name(make_pod: MakePod, dshell: Dshell) -> None:
    ids = {"runAsUser": 10001, "runAsGroup": 10002}
    sidecar = app(STATIC, OWN, "-port=", name="proxy", restartPolicy="Always", securityContext=ids)
    pod = make_pod(app(), initContainers=[sidecar])

    entered = dshell(pod.name, "-c", "proxy", *WHO)

    assert (entered.code, entered.stdout.split(), entered.stderr) == (0, [b"10001", b"10002", b"16"], "")
    (entry,) = pod.debug_containers().values()
    assert (entry.spec["targetContainerName"], security(entry)) == ("proxy", least(10001, 10002))


@pytest.mark.nodes
def test_with_shared_processes_each_container_is_entered_as_its_own_user(make_pod: MakePod, dshell: Dshell) -> None:
    one = app(STATIC, "-fill=/tmp/one=1", name="one")
    other = app(STATIC, "-fill=/tmp/other=1", "-port=", name="other", securityContext={"runAsUser": 10001})
    pod = make_pod(one, other, shareProcessNamespace=True)
    look = ("--", "sh", "-c", "id -u; id -g; ls tmp; wc -c <tmp/$0")

    first = dshell(pod.name, "-c", "one", *look, "one")
    second = dshell(pod.name, "-c", "other", *look, "other")

    assert (first.code, first.stdout.split(), first.stderr) == (0, [b"65532", b"65532", b"one", b"1"], "")
    assert (second.code, second.stdout.split(), second.stderr) == (0, [b"10001", b"0", b"other", b"1"], "")


@pytest.mark.nodes
def test_with_the_processes_of_the_host_it_is_still_this_pod_and_no_other(make_pod: MakePod, dshell: Dshell) -> None:
    """The same user in both: the kernel would open either."""
    pods = [make_pod(app(STATIC, f"-fill=/tmp/{name}=1"), hostPID=True) for name in ("one", "other")]

    seen = [dshell(pod.name, "--", "sh", "-c", "ls tmp; id -u; [ $DSHELL_PID -gt 1 ] && echo host") for pod in pods]

    assert [(result.code, result.stdout, result.stderr) for result in seen] == [
        (0, b"one\n65532\nhost\n", ""),
        (0, b"other\n65532\nhost\n", ""),
    ]
    for pod in pods:
        assert [security(entry) for entry in pod.debug_containers().values()] == [least(65532, 65532)]


def test_beside_a_root_master_and_a_worker_of_another_user_the_master_is_entered(
    make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(app(STATIC_ROOT, OWN, "nginx"))
    pod.wait_log("serving as 101:101")

    entered = dshell(pod.name, *WHO)

    assert (entered.code, entered.stdout.split(), entered.stderr) == (0, [b"0", b"0", b"16"], "")
    assert [security(entry) for entry in pod.debug_containers().values()] == [least(0, 0)]


def stepped_down(make_pod: MakePod) -> Pod:
    """The status says 0:0, and 101:101 is true."""
    pod = make_pod(app(STATIC_ROOT, "step-down"))
    pod.wait_log("serving as 101:101")
    return pod


ENVIRON = ("--", "sh", "-c", "id -u; id -g; head -c 5 /proc/$DSHELL_PID/environ")  # for the app's own user alone


def test_an_app_that_stepped_down_is_measured_once(make_pod: MakePod, dshell: Dshell) -> None:
    pod = stepped_down(make_pod)

    first = dshell(pod.name, *ENVIRON)

    assert (first.code, first.stdout, first.stderr) == (0, b"101\n101\nPATH=", "")
    guess, right = sorted(pod.debug_containers().values(), key=lambda entry: str(security(entry)["runAsUser"]))
    assert (security(guess), security(right)) == (least(0, 0), least(101, 101))
    wait_until(
        lambda: {entry.state for entry in pod.debug_containers().values()} == {"terminated"}, 5, "both have ended"
    )

    second = dshell(pod.name, "--keep", "1m", *ENVIRON)
    third = dshell(pod.name, *ENVIRON)

    assert (second.code, second.stdout, second.stderr) == (0, b"101\n101\nPATH=", "")
    assert (third.code, third.stdout, third.stderr) == (0, b"101\n101\nPATH=", "")
    uids = sorted(security(entry)["runAsUser"] for entry in pod.debug_containers().values())
    assert uids == [0, 101, 101]  # the second guessed no more, the third joined the second


def test_a_user_given_with_a_flag_is_taken_as_it_is(make_pod: MakePod, dshell: Dshell) -> None:
    pod = stepped_down(make_pod)

    entered = dshell(pod.name, "--run-as", "101:101", *ENVIRON)

    assert (entered.code, entered.stdout, entered.stderr) == (0, b"101\n101\nPATH=", "")
    assert [security(entry) for entry in pod.debug_containers().values()] == [least(101, 101)]


def test_a_user_given_without_its_group_gets_the_app_s(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_NAMED, OWN))

    entered = dshell(pod.name, "--run-as", "65532", *WHO)

    assert (entered.code, entered.stdout.split(), entered.stderr) == (0, [b"65532", b"65532", b"16"], "")


def test_a_person_is_told_who_they_are_and_how_that_is_known(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    def told(*flags: str) -> str:
        with dshell.terminal(pod.name, *flags, "--", "true", columns=200) as session:
            assert session.wait() == 0
        return session.text.strip().partition(f" in {pod.name} as ")[2]

    assert told() == "65532:65532 (from the container's status)"
    assert told("--run-as", "65532:65532") == "65532:65532 (from --run-as)"
    assert told("--profile", "general") == "0:0 (from --profile)"
