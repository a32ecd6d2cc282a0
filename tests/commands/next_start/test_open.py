"""The decisions of one `kubectl dshell POD --wait-for-start`, without a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from kubectl_dshell.commands.next_start.open import open_at_next_start
from kubectl_dshell.domain.stream import Exit, Stream
from kubectl_dshell.errors import DshellError, Forbidden, Interrupted, NotFound, TimedOut, Unavailable
from tests.commands.world import CLOSED, OPEN, STEPPED_DOWN, Exec, FakeCluster, World, request
from tests.pods import APP_ID, Json, pod_json, running

LINUX = {"user": {"linux": {"uid": 65532, "gid": 65532}}}
ENDED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2025-12-31T23:59:50Z"}}


def crashed(back_off: str = "10s") -> Json:
    """Its back-off has ended at the time of the test's clock."""
    waiting = {"reason": "CrashLoopBackOff", "message": f"back-off {back_off} restarting failed container=app"}
    return {"name": "app", "state": {"waiting": waiting}, "lastState": ENDED, "containerID": "containerd://0", **LINUX}


Step = Callable[[Json], object]


def starts(pod: Json) -> None:
    pod["status"]["containerStatuses"] = [running()]


def crashes(pod: Json) -> None:
    pod["status"]["containerStatuses"] = [{"name": "app", "state": ENDED, "restartCount": 1}]


def in_turn(steps: list[Step]) -> Step:
    def step(pod: Json) -> None:
        steps.pop(0)(pod)

    return step


class Watched(FakeCluster):
    """Its pod changes as `steps` say, each with half a second of nothing before it."""

    def __init__(self, *steps: Step | DshellError | Interrupted) -> None:
        super().__init__()
        self.pod = pod_json(statuses=[crashed()])
        self.steps = list(steps)
        self.added_at_step: list[int] = []
        self._step = 0

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        self.added_at_step.append(self._step)
        return super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        if not self.steps:
            yield self.pod
        for step in self.steps:
            self._step += 1
            yield None
            if isinstance(step, BaseException):
                raise step
            step(self.pod)
            yield deepcopy(self.pod)
        self.steps = []


def wait(world: World, **changes: Any) -> int:
    return open_at_next_start(request(wait_for_start=600, **changes), world.ports())


def test_it_is_added_and_entered_when_the_app_has_started() -> None:
    cluster = Watched(lambda _pod: None, starts)
    world = World(cluster=cluster, ends=[Exit(42)])

    assert wait(world) == 42

    assert cluster.added_at_step == [2]
    (entry,) = cluster.added
    assert entry["targetContainerName"] == "app"
    assert world.opened[0] == (entry["name"], ["terminal", "24", "80", "true"])


def test_the_session_looks_for_the_process_of_the_new_container() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)
    seen: list[Exec] = []
    answer = world.streams.answer

    def remember(asked: Exec) -> Stream:
        seen.append(asked)
        return answer(asked)

    world.streams.answer = remember  # type: ignore[method-assign]

    wait(world)

    assert {exec_.words[1] for exec_ in seen if exec_.mode in ("terminal", "tether")} == {APP_ID}


def test_who_gives_up_leaves_nothing() -> None:
    cluster = Watched(lambda _pod: None, Interrupted(2))
    world = World(cluster=cluster)

    with pytest.raises(Interrupted):
        wait(world)

    assert cluster.added == []
    assert world.said == []


def test_one_that_has_never_started_is_entered_as_usual() -> None:
    cluster = Watched(starts)
    cluster.pod = pod_json(statuses=[{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}])
    world = World(cluster=cluster)

    assert wait(world) == 0


def test_one_that_runs_is_not_waited_for() -> None:
    world = World()

    assert wait(world) == 0
    assert len(world.added) == 1


def test_with_a_name_that_debug_container_is_made_or_joined() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)

    assert wait(world, name="dshell-mine") == 0

    assert cluster.added[0]["name"] == "dshell-mine"


def test_it_does_not_wait_forever() -> None:
    cluster = Watched(lambda _pod: None)
    cluster.pod = pod_json(statuses=[crashed("5m0s")])
    world = World(cluster=cluster)

    with pytest.raises(
        TimedOut, match=r"container app of web did not start within 10m: it is waiting \(CrashLoopBackOff\)"
    ):
        wait(world)


def test_one_that_is_not_started_again_is_said_at_once() -> None:
    cluster = Watched()
    cluster.pod = pod_json(spec={"restartPolicy": "Never"}, statuses=[{"name": "app", "state": ENDED}])

    with pytest.raises(NotFound, match="does not start again"):
        wait(World(cluster=cluster))


def test_another_pod_of_that_name_is_not_entered() -> None:
    def replaced(pod: Json) -> None:
        pod["metadata"]["uid"] = "another"

    with pytest.raises(NotFound, match="was replaced by another of the same name"):
        wait(World(cluster=Watched(replaced)))


def test_an_app_that_ends_before_the_session_begins_is_for_a_copy() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)
    reads: list[Step] = [lambda _pod: None, crashes]
    cluster.on_get = in_turn(reads)
    cluster.on_patch = lambda entry: world.streams.vanished.add(entry["name"])

    with pytest.raises(Unavailable, match="container app of web ended before a session could begin in it") as refusal:
        wait(world)

    assert refusal.value.advice[-1].endswith("--container app -n shop --copy")


def test_an_app_that_nobody_saw_running_is_one_of_these() -> None:
    def ran(pod: Json) -> None:
        pod["status"]["containerStatuses"] = [{**crashed(), "containerID": "containerd://1"}]

    cluster = Watched(lambda _pod: None, ran)

    with pytest.raises(Unavailable, match="ended before a session could begin in it"):
        wait(World(cluster=cluster))
    assert cluster.added == []


def test_an_app_that_ends_while_it_is_entered_as_usual_is_said_too() -> None:
    cluster = Watched(starts)
    cluster.pod = pod_json(statuses=[{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}])
    reads: list[Step] = [lambda _pod: None, crashes, lambda _pod: None]
    cluster.on_get = in_turn(reads)

    with pytest.raises(Unavailable, match="ended before a session could begin in it"):
        wait(World(cluster=cluster))


def test_a_debug_container_that_is_slow_to_start_is_waited_for_as_ever() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)
    cluster.on_patch = lambda entry: world.streams.vanished.add(entry["name"])
    reads: list[Step] = [lambda _pod: None, lambda _pod: world.streams.vanished.clear()]
    cluster.on_get = in_turn(reads)

    assert wait(world) == 0


def test_one_that_never_comes_is_said() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)
    cluster.on_patch = lambda entry: world.streams.vanished.add(entry["name"])

    with pytest.raises(Unavailable, match="ended before the session began"):
        wait(world)


def test_another_user_is_corrected_and_a_closed_root_is_told_as_ever() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)
    world.streams.facts = [CLOSED]
    with pytest.raises(Forbidden, match="cannot read the app's files"):
        wait(world, tty=False)

    root = Watched(lambda pod: pod["status"].update(containerStatuses=[running(user=(0, 0))]))
    root.pod["status"]["containerStatuses"][0]["user"] = {"linux": {"uid": 0, "gid": 0}}
    world = World(cluster=root)
    world.streams.facts = [STEPPED_DOWN, STEPPED_DOWN.replace("root=denied", "root=ok")]
    assert wait(world) == 0
    assert [entry["securityContext"]["runAsUser"] for entry in root.added] == [0, 101]


def test_who_was_too_slow_for_the_first_gets_another() -> None:
    cluster = Watched(starts)
    world = World(cluster=cluster)

    def ends_unmet(entry: Json) -> None:
        if entry["name"] != "dshell-00000":
            return
        world.streams.vanished.add(entry["name"])
        ended = {"terminated": {"exitCode": 0, "message": "ended after 4 s without its first client\n"}}
        cluster.pod["status"]["ephemeralContainerStatuses"] = [{"name": entry["name"], "state": ended}]

    cluster.on_patch = ends_unmet

    assert wait(world) == 0
    assert len(cluster.added) == 2
    assert any(said.endswith("; starting another one") for said in world.said), world.said


def test_as_root_it_is_the_container_that_was_waited_for() -> None:
    """By then it runs, and another one is down."""
    other = {**crashed(), "name": "other", "containerID": "containerd://1"}
    cluster = Watched(lambda pod: pod["status"].update(containerStatuses=[running(), other]))
    cluster.pod["spec"]["containers"].append({"name": "other", "image": "other"})
    cluster.pod["status"]["containerStatuses"].append(other)
    world = World(cluster=cluster)
    world.streams.facts = [CLOSED, OPEN]
    world.prompt.answer = True

    assert wait(world) == 0

    assert [entry["targetContainerName"] for entry in cluster.added] == ["app", "app"]


def test_a_key_that_cannot_be_trusted_is_told_once_though_it_is_entered_as_usual() -> None:
    world = World(secret=None, refused=True, trouble="KEY is open to others")

    assert wait(world) == 0

    assert [line for line in world.said if "key" in line] == [
        "your key cannot be used, so no debug container is reused: KEY is open to others"
    ]
