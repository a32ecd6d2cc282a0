"""`cleanup` ends what it should: of any tool, of one user, of clients that are gone; and the app notices nothing."""

from __future__ import annotations

import json
import re
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import DEBUG_NOSHELL, STATIC, app
from .traces import Before

if TYPE_CHECKING:
    from .apiserver import ApiServer
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell, Result

RBAC = Path(__file__).parents[2] / "manifests/rbac"
BUSYBOX = "busybox:1.37"
LOOP = ("sh", "-c", "while true; do sleep 1; done")


def kubectl_debug(pod: Pod, name: str, *command: str, target: bool = True) -> None:
    words = ("debug", pod.name, "-n", pod.namespace, f"--image={BUSYBOX}", f"--container={name}", "--profile=general")
    pod.cluster.kubectl(*words, *(("--target=app",) if target else ()), "--", *command)


def by_hand(pod: Pod, name: str, image: str, *command: str, **fields: object) -> None:
    entry = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "targetContainerName": "app", **fields}
    body: Json = {"spec": {"ephemeralContainers": [{**entry, **({"command": list(command)} if command else {})}]}}
    words = ("patch", "pod", pod.name, "-n", pod.namespace, "--subresource=ephemeralcontainers", "--type=strategic")
    pod.cluster.kubectl(*words, "-p", json.dumps(body))


def wait_running(pod: Pod, count: int) -> None:
    wait_until(lambda: len(running(pod)) == count, 60, f"{count} debug containers of {pod.name}")


def running(pod: Pod) -> set[str]:
    return {name for name, one in pod.debug_containers().items() if one.state == "running"}


def keep(dshell: Dshell, pods: list[Pod], count: int) -> None:
    """`count` kept debug containers in each of the pods, by as many clients at once."""
    with ExitStack() as stack:
        words = (*(pod.name for pod in pods), "-n", pods[0].namespace, "--new", "--keep", "10m", "--", "true")
        runs = [stack.enter_context(dshell.start(*words)) for _ in range(count)]
        for run in runs:
            _, err = run.communicate(timeout=120)
            assert run.returncode == 0, err


def lines(done: Result) -> set[str]:
    return set(done.stdout.decode().splitlines())


def items(done: Result) -> dict[str, Json]:
    return {item["name"]: item for item in json.loads(done.stdout)["items"]}


def test_debug_containers_of_other_tools_end_and_the_app_notices_nothing(make_pod: MakePod, dshell: Dshell) -> None:
    before = Before.of(make_pod(app(STATIC, "-signals")))
    pod = before.pod
    kubectl_debug(pod, "program", "sleep", "1000")
    kubectl_debug(pod, "script", *LOOP)
    by_hand(pod, "as-the-app", BUSYBOX, *LOOP, securityContext={"runAsUser": 65532, "runAsGroup": 65532})
    by_hand(pod, "stubborn", BUSYBOX, "sh", "-c", "trap '' INT HUP TERM; exec sleep 1000")
    by_hand(pod, "shell", BUSYBOX, "sh", "-i", stdin=True, tty=True)
    wait_running(pod, 5)

    left = dshell("cleanup")
    named = dshell("cleanup", "program")
    assert (left.stdout, left.code) == (b"", 0)
    assert "skipped 5 created by other tools (--any-tool ends them too)" in left.stderr
    assert (lines(named), named.code) == (
        {
            f"{pod.namespace}/{pod.name} program could not be ended: it was not created by dshell (--any-tool ends it too)"
        },
        69,
    )
    assert len(running(pod)) == 5

    done = dshell("cleanup", pod.name, "--any-tool", timeout=120)

    ended = {f"{pod.namespace}/{pod.name} {name} ended" for name in pod.debug_containers()}
    assert (lines(done), done.code) == (ended, 0), done.stderr
    assert "5 ended, 0 failed. Ended debug containers stay listed" in done.stderr
    assert running(pod) == set()
    before.assert_untouched()


@pytest.mark.nodes(quick=True)
def test_what_cannot_be_ended_is_told_with_two_ways_out_and_left_as_it_is(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell
) -> None:
    before = Before.of(make_pod(app(STATIC, "-signals")))
    pod = before.pod
    by_hand(pod, "no-shell", DEBUG_NOSHELL)
    kubectl_debug(pod, "own-pids", *LOOP, target=False)
    wait_running(pod, 2)
    where = f"{pod.name} -n {pod.namespace}"

    done = dshell("cleanup", pod.name, "--any-tool", "-o", "json", "--explain", timeout=120)

    results = items(done)
    assert done.code == 69
    assert {one["outcome"] for one in results.values()} == {"failed"}
    assert results["no-shell"]["why"] == "its image has no shell to end it with"
    assert "its first process is PID 1" in results["own-pids"]["why"]
    assert results["no-shell"]["advice"] == [
        f"wait until it ends, or attach to it and exit: kubectl attach -it {where} -c no-shell",
        f"replace the pod: kubectl delete pod {where}",
    ]
    assert f"  replace the pod: kubectl delete pod {where}\n" in done.stderr
    assert "Kubernetes cannot remove an ephemeral container from a pod" in done.stderr
    _, kubeconfig = make_user("looks", RBAC / "ls.yaml")
    looker = dshell.with_kubeconfig(kubeconfig)
    denied = items(looker("cleanup", "own-pids", "--any-tool", "-o", "json"))["own-pids"]
    assert denied["outcome"] == "failed"
    assert re.search("may not (get|create) pods/exec in namespace", denied["why"])
    assert running(pod) == {"no-shell", "own-pids"}
    before.assert_untouched()


def test_of_thirty_sessions_mine_ends_only_mine_and_the_rest_end_with_pods_that_go(
    make_namespace: MakeNamespace, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path
) -> None:
    namespace = make_namespace()
    pods = [make_pod(namespace=namespace, wait=False) for _ in range(5)]
    role = tmp_path / "roles.yaml"
    role.write_text("---\n".join((RBAC / name).read_text() for name in ("session.yaml", "cleanup.yaml")))
    users = {name: make_user(name, role, namespace)[1] for name in ("ada", "ben", "eve")}
    for pod in pods:
        pod.wait_ready()
    for kubeconfig in users.values():
        keep(dshell.of_somebody_else(kubeconfig), pods, 2)
    assert sum(len(running(pod)) for pod in pods) == 30

    done = dshell.of_somebody_else(users["ben"])("cleanup", "--mine", "-o", "json", timeout=120)

    results = items(done)
    assert (done.code, len(results)) == (0, 10), done.stderr
    assert {(one["owner"], one["outcome"]) for one in results.values()} == {
        (f"system:serviceaccount:{namespace}:ben", "ended")
    }
    assert set.union(*(running(pod) for pod in pods)).isdisjoint(results)
    assert sum(len(running(pod)) for pod in pods) == 20

    with dshell.start("cleanup", "-n", namespace, "--concurrency", "2", "-o", "json") as rest:
        for pod in pods[:3]:
            pod.delete()
        out, err = rest.communicate(timeout=120)

    assert rest.returncode == 0, (out, err)
    assert {item["outcome"] for item in json.loads(out)["items"]} <= {"ended", "alreadyEnded"}
    assert set.union(*(running(pod) for pod in pods[3:])) == set()


def test_clients_that_were_killed_become_stale_and_are_ended_before_their_lease_is_over(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    namespace = make_namespace()
    pods = [make_pod(namespace=namespace) for _ in range(3)]
    commands = ("echo on; cat", "echo on; sleep 600", "echo on; sleep 600")
    with ExitStack() as stack:
        clients = [
            stack.enter_context(dshell.start(pod.name, "-n", namespace, "--", "sh", "-c", command))
            for pod, command in zip(pods, commands, strict=True)
        ]
        for client in clients:
            assert client.stdout
            assert client.stdout.readline() == b"on\n"
        keep(dshell, pods[2:], 1)
        used, *killed = clients
        for client in killed:
            client.kill()
        (lost,), (other,) = running(pods[1]), running(pods[2]) - kept(pods[2], dshell)
        ended: dict[str, Json] = {}

        def both_ended() -> bool:
            done = dshell("cleanup", "--stale", "-n", namespace, "-o", "json")
            assert done.code == 0, done
            ended.update(items(done))
            return len(ended) == 2

        wait_until(both_ended, 60, "the end of both")

        assert {name: one["outcome"] for name, one in ended.items()} == {lost: "ended", other: "ended"}
        for pod, name in zip(pods[1:], (lost, other), strict=True):
            assert pod.wait_terminated(name, 10)["message"].strip() == "ended by a client"
        assert len(running(pods[2])) == 1, "the kept one"
        assert used.stdin
        assert used.stdout
        used.stdin.write(b"still here\n")
        used.stdin.flush()
        assert used.stdout.readline() == b"still here\n"
        used.stdin.close()
        assert used.wait(60) == 0


def kept(pod: Pod, dshell: Dshell) -> set[str]:
    listed = json.loads(dshell("ls", pod.name, "-n", pod.namespace, "-o", "json").stdout)["items"]
    return {item["name"] for item in listed if item["keepSeconds"]}


def test_an_api_server_that_restarts_in_the_middle_is_waited_for(
    api_server: ApiServer,
    cluster: Cluster,
    make_namespace: MakeNamespace,
    make_pod: MakePod,
    dshell: Dshell,
    tmp_path: Path,
) -> None:
    pod = make_pod(namespace=make_namespace())
    keep(dshell, [pod], 5)
    kubeconfig = api_server.kubeconfig(tmp_path / "second", cluster.credentials(), pod.namespace)
    elsewhere = dshell.with_kubeconfig(kubeconfig)

    with elsewhere.start("cleanup", "--concurrency", "1") as cleaning:
        assert cleaning.stdout
        first = cleaning.stdout.readline()
        api_server.stop(abruptly=True)
        api_server.start()
        out, err = cleaning.communicate(timeout=180)

    assert cleaning.returncode == 0, err
    assert {line.split(b" ", 2)[2] for line in (first + out).splitlines()} <= {b"ended", b"already ended"}
    assert len((first + out).splitlines()) == 5
    assert running(pod) == set()


def test_ctrl_c_stops_and_says_what_was_done(make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(namespace=make_namespace())
    keep(dshell, [pod], 4)

    with dshell.start("cleanup", "-n", pod.namespace, "--concurrency", "1") as cleaning:
        assert cleaning.stdout
        first = cleaning.stdout.readline()
        cleaning.send_signal(signal.SIGINT)
        out, err = cleaning.communicate(timeout=60)

    assert cleaning.returncode == 130, err
    done = (first + out).decode().splitlines()
    assert done[0].endswith(" ended")
    assert "unfinished when interrupted" in err.decode()
    assert len(done) < 4
    assert len(running(pod)) >= 4 - len(done)


def test_at_a_terminal_it_asks_first_unless_it_was_told_what_to_end(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(namespace=make_namespace())
    keep(dshell, [pod], 1)
    (name,) = running(pod)
    where = ("-n", pod.namespace)

    with dshell.terminal("cleanup", *where) as session:
        session.expect(rf"{pod.name} {name} \(admin.*\)")
        session.expect(r"End it\? \[y/N\]: ")
        session.send("n\n")
        assert session.wait() == 0
    assert running(pod) == {name}

    dry = dshell("cleanup", *where, "--dry-run")
    assert (dry.stdout.decode(), dry.code) == (f"{pod.namespace}/{pod.name} {name} would be ended\n", 0)
    assert running(pod) == {name}

    with dshell.terminal("cleanup", *where, "-y") as session:
        session.expect(f"{name} ended")
        assert session.wait() == 0
    again = dshell("cleanup", *where, name)
    assert (lines(again), again.code) == ({f"{pod.namespace}/{pod.name} {name} already ended: by a client"}, 0)


@pytest.mark.parametrize("flags", [("-A",), ("-A", "--any-tool"), ("-A", "-o", "json")])
def test_a_script_that_would_end_everything_in_the_cluster_has_to_say_so(
    dshell: Dshell, flags: tuple[str, ...]
) -> None:
    done = dshell("cleanup", *flags)

    assert (done.stdout, done.code) == (b"", 64)
    assert "or confirm with -y" in done.stderr
