"""A pod gets no more entries than it needs, its user learns what they cost, and it never gets too large for its node."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.waiting import wait_until

from .pods import Pod, add_entries
from .silent_registry import silent_registry

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod
    from .program import Dshell

ETCD_BYTES, RESERVE = 1_572_864, 64 * 1024
TIP = r"this was the third debug container for a command in {} within 10m; with --keep 10m the next commands reuse one"
NEVER_RUNS = {"image": "dshell.test/none:1", "imagePullPolicy": "Never"}


def test_two_tries_at_a_slow_pull_add_one_entry(cluster: Cluster, make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with silent_registry(cluster) as image:
        words = (pod.name, "-q", "--image", image, "--timeout", "3s", "--", "true")
        first = dshell(*words)
        wait_until(lambda: pulls(pod, image), 30, "the kubelet pulls the image")
        second, another = dshell(*words), dshell(pod.name, "--new", *words[1:])

    assert (first.code, second.code, another.code) == (75, 75, 75)
    *names, other = (re.findall(r"error: (dshell-\w{5}) in ", done.stderr)[0] for done in (first, second, another))
    assert names[0] == names[1] != other
    assert set(pod.debug_containers()) == {names[0], other}
    failed, see, add = second.stderr.splitlines()
    assert failed == f"error: {names[0]} in {pod.name} did not start within 3 s: pulling image {image}"
    assert see in first.stderr.splitlines()
    assert add == f"Add another one: kubectl dshell {pod.name} -n {pod.namespace} --new"


def pulls(pod: Pod, image: str) -> bool:
    """Whether an event of the pod says so."""
    events = pod.cluster.get("events", "-n", pod.namespace, f"--field-selector=involvedObject.name={pod.name}")
    return any(one["reason"] == "Pulling" and image in one["message"] for one in events["items"])


def test_a_debug_container_that_was_given_up_on_is_joined_when_it_comes_up(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    with silent_registry(cluster) as image:  # the kubelet starts nothing else in the pod while it pulls
        blocking = dshell(pod.name, "-q", "--image", image, "--timeout", "2s", "--", "true")
        given_up = dshell(pod.name, "-q", "--timeout", "2s", "--", "true")
        there = set(pod.debug_containers())
        again = dshell.start(pod.name, "--", "cat", "etc/app.yaml", env={"DSHELL_PATIENCE": "1"})
        assert again.stderr
        waits = again.stderr.readline().decode()
    out, err = again.communicate(timeout=60)

    assert (blocking.code, given_up.code, len(there)) == (75, 75, 2)
    # once the kubelet has synchronized the pod, its status has the second one, too
    assert re.match(rf"{pod.name}: (waiting for the kubelet on |creating the debug container)", waits), waits
    assert (out, again.returncode) == (b"greeting: hello\n", 0), err.decode()
    assert set(pod.debug_containers()) == there


def test_the_third_command_on_a_terminal_is_told_of_keep_once(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    told = []
    for number in range(1, 5):
        with dshell.terminal(pod.name, "--", "echo", "done", columns=250) as session:
            assert session.wait() == 0
            told += [number] if re.search(rf"done\s+{TIP.format(pod.name)}", session.text) else []
        for name in pod.debug_containers():
            pod.wait_terminated(name, 10)  # the next one is not to meet it

    assert told == [3]
    assert len(pod.debug_containers()) == 4


def test_fifty_entries_are_told_to_a_person_and_not_to_each_script(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    add_entries(pod, [{**NEVER_RUNS, "name": f"debugger-{number}"} for number in range(50)])
    words = (pod.name, "--new", "--timeout", "2m", "--", "true")
    at_fifty, at_more = dshell(*words, timeout=130), dshell(*words, timeout=130)
    with dshell.terminal(*words, columns=250) as session:
        assert session.wait(130) == 0

    said = rf"{pod.name} has {{}} ephemeral containers: each change of its status sends all \d+ KiB of it to everyone"
    assert (at_fifty.code, at_more.code) == (0, 0)
    assert re.search(said.format(50), at_fifty.stderr)
    assert "ephemeral containers" not in at_more.stderr
    assert re.search(said.format(52), session.text)


def size(pod: Pod) -> int:
    whole = pod.cluster.get("--show-managed-fields", "pod", pod.name, "-n", pod.namespace)
    return len(json.dumps(whole, separators=(",", ":")))


def fill(pod: Pod, left: int) -> None:
    """Large entries of another tool, up to `left` bytes before the reserve for the node, and their reports."""
    names = [f"debugger-{number}" for number in range(3)]
    for name in names:
        room = ETCD_BYTES - RESERVE - left - size(pod)
        text = "x" * min(600_000, room - 4000)  # its managedFields and its status come later
        add_entries(pod, [{**NEVER_RUNS, "name": name, "env": [{"name": "BIG", "value": text}]}])
        wait_until(lambda name=name: pod.debug_containers()[name].state, 60, f"a report on {name}")  # type: ignore[misc]


def test_a_pod_that_would_get_too_large_is_refused_while_its_node_can_still_report(
    make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    fill(pod, 50_000)
    done = [dshell(pod.name, "--", "true")]
    while done[-1].code == 0:
        done.append(dshell(pod.name, "--new", "--", "true"))
        assert len(done) < 50

    *added, refused = done
    assert added
    assert refused.code == 69
    assert refused.stderr.startswith(
        f"error: {pod.name} cannot take another debug container: it is 1.4 MiB in size, with {3 + len(added)} ephemeral "
    )
    assert f"kubectl delete pod {pod.name} -n {pod.namespace}\n" in refused.stderr
    assert len(pod.debug_containers()) == 3 + len(added)
    for name in pod.debug_containers():
        if name.startswith("dshell-"):
            pod.wait_terminated(name, 30)
