"""What is told of an end that nobody here asked for is what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.debug_container.spec import environment
from kubectl_dshell.domain.stream import Companion, Exit
from kubectl_dshell.errors import (
    ApiError,
    ConnectionLost,
    DshellError,
    NotFound,
    PermissionDenied,
    PodNotFound,
    Unavailable,
)
from tests.commands.world import FakeCluster, FakeStreams, World, request
from tests.pods import Json, running
from tests.waiting import wait_until

KILLED: Json = {"exitCode": 137, "reason": "Error", "message": "7 1 100 0 900\n"}


def ended(message: str = "", **how: Any) -> Json:
    return {"exitCode": 0, "reason": "Completed", "message": f"{message}\n", **how}


class Ending(World):
    """Its session ends with `code` as its debug container does; `happens` is what the pod shows of it then."""

    def __init__(self) -> None:
        super().__init__()
        self.code = self.tether_code = 137
        self.away = 0.0
        self.terminated: Json = KILLED
        self.happens: Callable[[Json], object] = lambda _pod: None
        self.terminal.session = self._session

    def _session(self, companion: Companion) -> Exit:
        wait_until(lambda: self._is_tied(companion), 10)
        name = self.added[0]["name"]
        self.vanished.add(name)
        self.tethers[0].events.append(Exit(self.tether_code))
        for status in self.pod["status"]["ephemeralContainerStatuses"]:
            status["state"] = {"terminated": self.terminated}
        self.happens(self.pod)
        self.time += self.away
        return Exit(self.code)

    def _is_tied(self, companion: Companion) -> bool:
        companion.service(self.clock.monotonic())
        return any(tether.sent for tether in self.tethers)


def told(world: Ending, terminated: Json = KILLED) -> DshellError:
    world.terminated = terminated
    with pytest.raises(DshellError) as raised:
        open_session(request(), world.ports())
    return raised.value


@pytest.mark.parametrize(
    ("terminated", "kind", "said"),
    [
        pytest.param(KILLED, Unavailable, "the debug container dshell-00000 was killed", id="killed"),
        pytest.param(
            {**KILLED, "message": "7 new\n"},
            Unavailable,
            "the debug container dshell-00000 was killed",
            id="killed before it had the text of its holder",
        ),
        pytest.param(
            {**KILLED, "reason": "OOMKilled"},
            Unavailable,
            "the debug container dshell-00000 was killed: out of memory (OOMKilled)",
            id="no memory",
        ),
        pytest.param(
            ended("ended at its limit of 5 s"),
            Unavailable,
            "the debug container dshell-00000 ended at its limit of 5 s",
            id="limit",
        ),
        pytest.param(
            ended("ended by a client"),
            Unavailable,
            "the debug container dshell-00000 was ended by kubectl dshell cleanup (run by a user or the janitor)",
            id="cleanup",
        ),
        pytest.param(
            ended("ended after 50 s without a client"),
            ConnectionLost,
            "the debug container dshell-00000 ended after 50 s without a client",
            id="lease",
        ),
        pytest.param(
            ended("ended by the cluster"),
            Unavailable,
            "the debug container dshell-00000 was stopped by its node",
            id="stopped",
        ),
        pytest.param(
            ended("\x1b[2J" + "x" * 5000),
            Unavailable,
            "the debug container dshell-00000 [2J" + "x" * 251 + "…",
            id="forged",
        ),
    ],
)
def test_the_end_of_the_debug_container(terminated: Json, kind: type[DshellError], said: str) -> None:
    error = told(Ending(), terminated)

    assert (type(error), error.message) == (kind, said)
    assert error.advice == ("Retry with: kubectl dshell web -n shop",)


def deleted(pod: Json) -> None:
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:30Z"


def evicted(pod: Json) -> None:
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory.\n"}
    app_ended(pod)


def app_ended(pod: Json) -> None:
    state = {"exitCode": 1, "reason": "Error"}
    pod["status"]["containerStatuses"] = [{**running(), "state": {"terminated": state}}]


def app_restarted(pod: Json) -> None:
    again = running(id_="b" * 64)
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    pod["status"]["containerStatuses"] = [{**again, "lastState": last}]


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (deleted, "pod web is being deleted, which ended this session"),
        (
            evicted,
            "the node terminated pod web: Evicted (The node was low on resource: memory.), which ended this session",
        ),
        (app_ended, "container app ended (exit code 1, Error), which ended this session"),
        (app_restarted, "container app restarted (exit code 137, OOMKilled), which ended this session"),
    ],
)
def test_the_end_of_the_app_or_its_pod(happens: Any, said: str) -> None:
    world = Ending()
    world.happens = happens

    assert told(world).message == said


def hidden_by(error: DshellError) -> Ending:
    """Its pod is not to be seen once the session has ended."""
    world = Ending()

    def look(_pod: Json) -> None:
        if world.vanished:
            raise error

    world.cluster.on_get = look
    return world


def test_a_pod_that_is_no_more() -> None:
    error = told(hidden_by(PodNotFound("no pod")))

    assert (type(error), error.message) == (NotFound, "pod web was deleted, which ended this session")


@pytest.mark.parametrize(
    "refusal", [PermissionDenied("ada", "get", "pods", "shop"), ApiError(503, "", "later")], ids=["forbidden", "busy"]
)
def test_a_pod_that_cannot_be_looked_at_is_not_called_deleted(refusal: DshellError) -> None:
    error = told(hidden_by(refusal))

    assert (type(error), error.message) == (Unavailable, "the debug container dshell-00000 was killed")


@pytest.mark.parametrize(("code", "tether_code"), [(130, 138), (3, 138), (137, 138)])
def test_a_session_that_its_holder_ended_in_our_absence_is_no_end_of_its_command(code: int, tether_code: int) -> None:
    world = Ending()
    world.code, world.tether_code, world.away = code, tether_code, 70.0

    error = told(world)

    assert isinstance(error, ConnectionLost)
    assert "was ended after 50 s without a client: this client was silent for 1m1" in error.message


@pytest.mark.parametrize("code", [130, 137, 73, 0, 3])
def test_a_command_that_ended_by_itself_in_our_absence_keeps_its_exit_code(code: int) -> None:
    world = Ending()
    world.code, world.tether_code, world.away, world.terminated = (
        code,
        140,
        70.0,
        ended("ended after 50 s without a client"),
    )

    assert open_session(request(), world.ports()) == code


def test_where_no_tether_tells_the_debug_container_does() -> None:
    world = Ending()
    world.code, world.away = 130, 70.0

    error = told(world, ended("ended after 50 s without a client"))

    assert isinstance(error, ConnectionLost)
    assert error.message == "the debug container dshell-00000 ended after 50 s without a client"


def test_a_signal_s_exit_code_is_the_command_s_as_long_as_we_were_heard() -> None:
    world = Ending()
    world.code, world.away, world.terminated = 130, 20.0, ended("ended after 50 s without a client")

    assert open_session(request(), world.ports()) == 130


class Late(FakeCluster):
    """Its debug containers end before we reach them, the first `count` of them."""

    def __init__(self, streams: FakeStreams, count: int = 1, *, seen_running: bool = True) -> None:
        super().__init__()
        self.streams, self.count, self.seen_running = streams, count, seen_running

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        made = super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)
        if len(self.added) <= self.count:
            self.streams.vanished.add(container["name"])
            seconds = environment(container)["DSHELL_PROTOCOL"].split()[2]
            state = {"terminated": ended(f"ended after {seconds} s without its first client")}
            self.pod["status"]["ephemeralContainerStatuses"][-1]["state"] = state
        return made

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Any:
        started: Json = {**self.pod, "status": {**self.pod["status"], "ephemeralContainerStatuses": []}}
        for entry in self.pod["spec"]["ephemeralContainers"]:
            started["status"]["ephemeralContainerStatuses"].append({"name": entry["name"], "state": {"running": {}}})
        gone = len(self.added) <= self.count
        if self.seen_running or not gone:
            yield started
        yield self.pod


def late(count: int = 1, *, seen_running: bool = True) -> World:
    streams = FakeStreams()
    return World(cluster=Late(streams, count, seen_running=seen_running), streams=streams)


@pytest.mark.parametrize("seen_running", [True, False])
@pytest.mark.parametrize(("given", "second"), [(None, "dshell-"), ("dshell-review", "dshell-review-2")])
def test_who_comes_too_late_for_the_first_gets_a_second_that_waits_longer(
    given: str | None, second: str, *, seen_running: bool
) -> None:
    world = late(seen_running=seen_running)

    assert open_session(request(name=given), world.ports()) == 0

    waits = [environment(container)["DSHELL_PROTOCOL"].split()[2] for container in world.added]
    assert waits == ["4", "50"]
    assert world.added[1]["name"].startswith(second)
    assert any("without its first client; starting another one, which waits 50 s" in line for line in world.said)


def test_there_is_no_third() -> None:
    world = late(2)

    with pytest.raises(Unavailable, match="ended after 50 s without its first client"):
        open_session(request(), world.ports())

    assert len(world.added) == 2


def test_of_many_each_is_waited_for_a_whole_lease_and_there_is_no_second() -> None:
    world = late()

    with pytest.raises(Unavailable, match="ended after 50 s without its first client"):
        open_session(request(task=True, stdin=False), world.ports())

    assert len(world.added) == 1


@pytest.mark.parametrize("seen_running", [True, False])
def test_where_the_runtime_lets_no_session_begin_there_is_no_second_and_kubectl_s_own_way(
    *, seen_running: bool
) -> None:
    world = late(2, seen_running=seen_running)
    world.cluster.pod["spec"]["runtimeClassName"] = "gvisor"

    with pytest.raises(Unavailable, match=r"session begins$") as told:
        open_session(request(), world.ports())

    assert len(world.added) == 1
    assert "ended after 4 s without its first client: by the name of its runtime class (gvisor), " in told.value.message
    debug = "kubectl debug -it web -n shop --image busybox:1.37 --target app --profile general"
    assert told.value.advice == (f"See the app's files as root, in /proc/PID/root: {debug}",)
