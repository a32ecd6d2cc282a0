"""Coming back to a debug container that still runs, and being in one together."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.waiting import wait_until

from .pods import DEBUG_BASH
from .tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
PROMPT = r"/app:/ \$ "
KEEP = "--keep=5m"


def kept(pod: Pod, dshell: Dshell, *flags: str) -> str:
    """A new live debug container, whose name is in its /tmp/note."""
    before = set(pod.debug_containers())
    done = dshell(pod.name, "-n", pod.namespace, KEEP, "--new", *flags, "--", "touch", "/tmp/note")
    assert done.code == 0, done.stderr
    (name,) = set(pod.debug_containers()) - before
    write = ("exec", pod.name, "-n", pod.namespace, "-c", name, "--", "sh", "-c", f"echo {name} >/tmp/note")
    pod.cluster.kubectl(*write)
    return name


@pytest.fixture
def sharing_role(tmp_path: Path) -> Path:
    """What it takes to be somebody's guest: the least role without the right to add anything."""
    role = yaml.safe_load(SESSION_ROLE.read_text())
    role["metadata"]["name"] = "guest"
    role["rules"] = [rule for rule in role["rules"] if "pods/ephemeralcontainers" not in rule["resources"]]
    path = tmp_path / "guest.yaml"
    path.write_text(yaml.safe_dump(role))
    return path


@pytest.mark.nodes
def test_the_printed_command_comes_back_after_a_lost_connection_and_the_state_is_there(
    cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path
) -> None:
    """As printed, by a user with the least role, to whom the network is that of two flags."""
    pod = make_pod()
    user = yaml.safe_load(make_user("cut", SESSION_ROLE)[1].read_text())["users"][0]["user"]
    with TcpProxy(cluster.address()) as proxy:
        far = proxy.kubeconfig(tmp_path / "far config", cluster, user, pod.namespace)
        flags = (f"--kubeconfig={far}", "--context=test")
        with dshell.terminal(pod.name, *flags) as session:
            session.expect(PROMPT)
            session.send("echo still here >/tmp/note; umask 0; x=1\n")
            session.expect(PROMPT)

            proxy.cut()

            assert session.wait(30) == 76
            printed = session.expect(r"Reattach with: (kubectl dshell attach [^\r\n]+)")[1]
        (name,) = pod.debug_containers()
        assert shlex.split(printed) == [
            *("kubectl", "dshell", "attach", f"{pod.name}/{name}", "-n", pod.namespace),
            *("--context", "test", "--kubeconfig", str(far)),
        ]

        with dshell.terminal(*shlex.split(printed)[2:]) as session:
            session.expect(rf"{name} \(reused\) in {pod.name} as 65532:65532 \(as created\); app files are here")
            session.expect(PROMPT)
            session.send("cat /tmp/note; exit 3\n")
            session.expect(r"\nstill here")
            assert session.wait() == 3
            assert session.modes() == session.modes_before

    assert list(pod.debug_containers()) == [name]


def test_a_client_that_vanishes_is_waited_for_as_long_as_it_said(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    def kept_for() -> int:
        """Seconds, as the holder tells."""
        asked = json.loads(dshell("ls", pod.name, "-n", pod.namespace, "-o", "json").stdout)
        return int(asked["items"][0]["keepSeconds"] or 0)

    with dshell.start(pod.name, "--keep=2h", "--", "sh", "-c", "echo on; sleep 1000") as process:
        assert process.stdout
        assert process.stdout.readline() == b"on\n"
        wait_until(kept_for, 30, "the holder to know for how long it is kept")
        process.kill()
        process.communicate()

    assert 7000 < kept_for() <= 7200


def test_two_people_are_in_one_and_who_leaves_disturbs_nobody(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell, sharing_role: Path
) -> None:
    pod = make_pod()
    _, kubeconfig = make_user("guest", sharing_role)
    guest = dshell.of_somebody_else(kubeconfig)
    with dshell.terminal(pod.name) as host:
        host.expect(PROMPT)
        host.send("echo hello >/tmp/note; sleep 1000 &\n")
        host.expect(PROMPT)
        (name,) = pod.debug_containers()

        unnamed = guest("attach", pod.name, "--", "true")
        assert unnamed.code == 66
        first, heading, command = unnamed.stderr.splitlines()
        none = f"error: none of the debug containers running in {pod.name} was created by you on this machine"
        assert first.startswith(none)
        assert heading == "Created by others or on another machine (1); join one with:"
        printed = shlex.split(command.partition("  #")[0])[2:]
        with guest.terminal(*printed, columns=200) as visitor:
            shared = r"shared, owner \S+; not created by you on this machine"
            visitor.expect(rf"{name} \({shared}\) in {pod.name} as 65532:65532 \(as created\); app files")
            visitor.expect("`exit` ends only your session.")
            visitor.expect(PROMPT)
            visitor.send("cat /tmp/note; echo back >/tmp/answer; cat etc/app.yaml; exit 4\n")
            visitor.expect(r"\nhello\r?\ngreeting: hello")
            assert visitor.wait() == 4
            assert visitor.modes() == visitor.modes_before

        host.send("jobs; cat /tmp/answer\n")
        host.expect(r"Running +sleep 1000\r?\nback")
        other = dshell(pod.name, "--new", "--", "ls", "/tmp/note")
        assert (other.code, len(pod.debug_containers())) == (1, 2)
        again = guest("attach", f"{pod.name}/{name}", "--", "sh", "-c", "cat; exit 9", input=b"piped\n")
        assert (again.stdout, again.stderr, again.code) == (b"piped\n", "", 9)
        host.send("exit 7\n")
        assert host.wait() == 7

    assert pod.wait_terminated(name, 30)["message"].strip() == "ended by its last session"


def test_the_guest_keeps_it_when_the_host_leaves(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name) as host:
        host.expect(PROMPT)
        (name,) = pod.debug_containers()
        with dshell.terminal(
            "attach", name, "-n", pod.namespace, "--", "sh", "-c", "echo in; read x; echo $x"
        ) as guest:
            guest.expect("in")
            host.send("exit 2\n")
            assert host.wait() == 2
            guest.send("still\n")
            guest.expect(r"\nstill")
            assert guest.wait() == 0

    assert pod.wait_terminated(name, 30)["message"].strip() == "ended by its last session"


def test_it_is_found_by_name_by_pod_and_as_the_only_one(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    namespace = make_namespace()
    pod = make_pod(namespace=namespace)
    where = ("-n", namespace, "--", "cat", "/tmp/note")

    nothing = dshell("attach", *where)
    name = kept(pod, dshell)
    found = [dshell("attach", *words, *where) for words in ((), (name,), (pod.name,), (f"{pod.name}/{name}",))]
    second = kept(pod, dshell, "--name=review")
    newest = dshell("attach", pod.name, *where)
    several = dshell("attach", *where)
    chosen = re.findall(
        r"^  (kubectl dshell attach \S+ -n \S+)  # app, 65532:65532, \w+$", several.stderr, re.MULTILINE
    )
    short = dshell("attach", "review", *where)
    by_list = [dshell(*shlex.split(line)[2:], "--", "cat", "/tmp/note").stdout for line in chosen]

    assert (nothing.code, nothing.stderr.splitlines()[0]) == (
        66,
        f"error: you have no running debug container in namespace {namespace}",
    )
    assert [(result.stdout, result.stderr, result.code) for result in found] == [(f"{name}\n".encode(), "", 0)] * 4
    assert newest.stdout == f"{second}\n".encode()
    assert newest.stderr == f"attaching to {second} of {pod.name} (others: {name}; choose with {pod.name}/NAME)\n"
    assert several.code == 64
    assert several.stderr.startswith(
        f"error: 2 of your debug containers are running in namespace {namespace}; choose one:\n"
    )
    assert sorted(by_list) == sorted([f"{name}\n".encode(), f"{second}\n".encode()])
    assert short.stdout == f"{second}\n".encode()
    assert set(pod.debug_containers()) == {name, second}


def test_what_cannot_be_joined_says_why_and_what_to_type(cluster: Cluster, make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    name = kept(pod, dshell)
    assert dshell("cleanup", name).code == 0
    foreign = ("debug", pod.name, "-n", pod.namespace, f"--image={DEBUG_BASH}", "--container=other", "--target=app")
    cluster.kubectl(*foreign, "--image-pull-policy=IfNotPresent", "--", "sleep", "1000")
    wait_until(lambda: pod.debug_containers()["other"].state == "running", 60, "kubectl's debug container")

    ended = dshell("attach", name, "--", "true")
    by_pod = dshell("attach", pod.name, "--", "true")
    others = dshell("attach", f"{pod.name}/other", "--", "true")
    misspelt = dshell("attach", f"{pod.name}/othr", "--", "true")
    nowhere = dshell("attach", "dshell-zzzzz", "--", "true")
    advice = re.search(r"^  (kubectl exec .*)$", others.stderr, re.MULTILINE)
    assert advice
    shell = cluster.kubectl(*shlex.split(advice[1])[1:], "-c", "echo as it says", stdin="")

    assert [r.code for r in (ended, by_pod, others, misspelt, nowhere)] == [66] * 5
    assert re.fullmatch(
        rf"error: {name} in {pod.name} ended \(by a client\) \w+ ago and cannot be started again\n"
        rf"Start a new one: kubectl dshell {pod.name} -n {pod.namespace}\n",
        ended.stderr,
    )
    assert f"the last one, {name}, has ended (by a client)" in by_pod.stderr
    assert others.stderr.startswith(f"error: other in {pod.name} was not created by kubectl dshell")
    assert shell.stdout == "as it says\n"
    assert f'no debug container "othr" in {pod.name}; did you mean other?' in misspelt.stderr
    assert nowhere.stderr.startswith('error: no debug container or pod "dshell-zzzzz" in namespace')


def test_who_may_not_list_pods_names_the_pod(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell, sharing_role: Path
) -> None:
    pod = make_pod()
    name = kept(pod, dshell)
    _, kubeconfig = make_user("narrow", sharing_role)
    narrow = dshell.of_somebody_else(kubeconfig)

    by_name = narrow("attach", name, "--", "true")
    printed = by_name.stderr.splitlines()[-1].partition(": ")[2].replace("POD", pod.name)
    done = narrow(*shlex.split(printed)[2:], "--", "cat", "/tmp/note")

    assert by_name.code == 77
    assert "may not list pods" in by_name.stderr
    assert (done.stdout, done.stderr, done.code) == (f"{name}\n".encode(), "", 0)


def test_the_one_that_runs_is_meant_where_others_wait_for_an_image_that_cannot_be_pulled(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    namespace = make_namespace()
    pod = make_pod(namespace=namespace)
    where = ("-n", namespace)
    for _ in range(2):
        assert dshell(pod.name, *where, "--image=nosuch.invalid/t:1", "--timeout=3s", "--new", "--", "true").code != 0
    waiting = set(pod.debug_containers())
    name = kept(pod, dshell)

    done = dshell("attach", *where, "--", "cat", "/tmp/note")
    by_pod = dshell("attach", pod.name, *where, "--", "cat", "/tmp/note")
    listed = dshell("ls", "--mine", "--state", "waiting", *where)

    assert (done.stdout, done.code) == (f"{name}\n".encode(), 0)
    see = f"kubectl dshell ls --mine --state waiting -n {namespace}"
    assert done.stderr == f"2 more of your debug containers in namespace {namespace} are not running yet: {see}\n"
    assert (by_pod.stdout, by_pod.code) == (f"{name}\n".encode(), 0)
    assert {line.split()[1] for line in listed.stdout.decode().splitlines()[1:]} == waiting
    assert len(waiting) == 2
    wait_until(
        lambda: "cannot start: the image cannot be pulled" in dshell("ls", *where).stderr, 60, "the kubelet to give up"
    )
