"""Which debug container a session gets: one that runs, one that is waited for, or a new one; and when --keep pays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import NotFound, TimedOut, Unavailable
from tests.commands.world import GONE, OPEN, OTHER_KEY, FakeCluster, OnePerMinute, World, request, running_holder
from tests.pods import Json

NAME = "dshell-abcde"
PULLING = {"waiting": {"reason": "ContainerCreating"}}
BACK_OFF = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
ENDED = {"terminated": {"exitCode": 0, "message": "ended by its last session\n"}}
TIP = (
    "this was the third debug container for a command in web within 10m; with --keep 10m the next commands reuse one: "
    "faster, and without another entry in the pod"
)


class Changing(FakeCluster):
    """While it is watched, the first debug container goes through `states`, and nothing happens in between."""

    def __init__(self, *states: Json, events: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.states = list(states)
        self.failures = events

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield None
        while self.states:
            self.pod["status"]["ephemeralContainerStatuses"][0]["state"] = self.states.pop(0)
            yield self.pod
        yield self.pod
        yield from [None] * 5000  # of a hundredth of a second each, on the clock of the World

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        path = {"fieldPath": f"spec.ephemeralContainers{{{NAME}}}"}
        return [{"involvedObject": path, "reason": "Failed", "message": message} for message in self.failures]


def waiting(cluster: FakeCluster, state: Json = PULLING, **changes: Any) -> World:
    """A pod in which an earlier try left one that does not run yet."""
    world = World(cluster=cluster, **changes)
    running_holder(world, NAME)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = state
    return world


@pytest.mark.parametrize("name", [None, NAME], ids=["any", "by its name"])
@pytest.mark.parametrize("state", [PULLING, BACK_OFF, {}], ids=["pulling", "backing off", "unreported"])
def test_one_that_still_waits_is_waited_for_and_joined(state: Json, name: str | None) -> None:
    world = waiting(Changing(PULLING, {"running": {}}), state)

    assert open_session(request(name=name), world.ports()) == 0

    assert world.added == []
    assert {container for container, _ in world.opened} == {NAME}
    assert world.said == [f"{NAME} (reused) in web as 65532:65532 (from the container's status)"]


def test_one_that_runs_is_preferred() -> None:
    world = waiting(Changing())
    running_holder(world, "dshell-fghij")

    assert open_session(request(), world.ports()) == 0
    assert {container for container, _ in world.opened} == {"dshell-fghij"}


@pytest.mark.parametrize(("patience", "seconds"), [(1, 4), (5, 20), (12, 48)])
def test_a_new_one_waits_for_its_first_client_as_long_as_the_nodes_are_slow(patience: int, seconds: int) -> None:
    world = World()
    world.clock.patience = patience

    open_session(request(), world.ports())

    (entry,) = world.added
    (protocol,) = (one["value"] for one in entry["env"] if one["name"] == "DSHELL_PROTOCOL")
    assert int(protocol.split()[2]) == seconds


def test_new_does_not_wait_for_it() -> None:
    world = waiting(FakeCluster())

    assert open_session(request(new=True), world.ports()) == 0
    assert {container for container, _ in world.opened} == {world.added[0]["name"]}


def test_somebody_else_s_is_not_waited_for() -> None:
    world = World()
    running_holder(world, NAME, OTHER_KEY)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = PULLING

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 1


def test_a_pull_that_fails_is_told_as_of_a_new_one_and_not_tried_with_another() -> None:
    failing = ('Failed to pull image "busybox:1.37": not found',)
    world = waiting(Changing(events=failing), BACK_OFF)

    with pytest.raises(Unavailable, match=rf"the node cannot pull busybox:1\.37: .* \({NAME} never ran, but stays"):
        open_session(request(), world.ports())
    assert world.added == []
    assert world.time > 16  # until then the reason may have been one of before


def test_a_new_report_of_the_failure_ends_the_wait_at_once() -> None:
    again = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    world = waiting(Changing(BACK_OFF, again), BACK_OFF)

    with pytest.raises(Unavailable, match=r"the node cannot pull busybox:1\.37: not found"):
        open_session(request(), world.ports())
    assert world.time < 1


def test_a_pull_that_works_by_now_is_waited_for_although_it_failed_before() -> None:
    failing = ('Failed to pull image "busybox:1.37": not found',)
    world = waiting(Changing(BACK_OFF, BACK_OFF, {"running": {}}, events=failing), BACK_OFF)

    assert open_session(request(), world.ports()) == 0
    assert world.added == []


def test_the_wait_has_an_end_and_a_way_out() -> None:
    world = waiting(Changing(), {})

    with pytest.raises(TimedOut, match=f"{NAME} in web did not start within 5 s: waiting for the kubelet") as late:
        open_session(request(timeout=5), world.ports())

    assert late.value.advice == (
        "See why: kubectl describe pod web -n shop; wait longer with --timeout 5m",
        "Add another one: kubectl dshell web -n shop --new",
    )
    assert world.added == []


def test_one_that_ended_before_it_could_be_joined_is_replaced() -> None:
    world = waiting(Changing(ENDED), vanished={NAME})

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 1


def test_one_that_is_ending_as_it_comes_up_is_replaced() -> None:
    world = waiting(Changing({"running": {}}), facts=[GONE, OPEN])

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 1


def test_the_one_with_the_name_that_ended_meanwhile_is_not_said_to_have_failed() -> None:
    world = waiting(Changing(ENDED), vanished={NAME})

    with pytest.raises(NotFound, match=f"{NAME} in web is ending; its name cannot be used again"):
        open_session(request(name=NAME), world.ports())


def tips(number: int, **changes: object) -> list[int]:
    """Which of so many sessions suggested --keep, in the last line of theirs."""
    world, told = World(cluster=OnePerMinute()), []
    for attempt in range(1, number + 1):
        world.said, world.ends = [], [Exit(attempt)]
        assert open_session(request(**changes), world.ports()) == attempt
        told += [attempt] if world.said[-1] == TIP else []
        assert TIP not in world.said[:-1]
    return told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, [3], id="a command, once"),
        pytest.param({"command": ("vi", "x"), "tty": True}, [3], id="on a terminal of its own"),
        pytest.param({"command": (), "tty": False}, [3], id="a script on stdin"),
        pytest.param({"command": (), "tty": True}, [], id="a shell"),
        pytest.param({"keep": 60}, [], id="who has said how long to keep it"),
        pytest.param({"new": True}, [], id="who wants a new one each time"),
        pytest.param({"ttl": 599}, [], id="who could not keep it for so long"),
    ],
)
def test_the_third_command_within_ten_minutes_is_told_of_keep(changes: dict[str, object], told: list[int]) -> None:
    assert tips(5, **changes) == told


def test_a_script_is_not_told_of_it() -> None:
    world = World(cluster=OnePerMinute())
    world.notices.terminal = False

    for _ in range(4):
        world.ends = [Exit(0)]
        open_session(request(), world.ports())

    assert world.said == []
