"""How one debug container is ended, by a word or by signals, and when that is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from kubectl_dshell.commands.manage.terminate import terminate
from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream
from kubectl_dshell.errors import (
    ApiError,
    ConnectionLost,
    ContainerNotRunning,
    DshellError,
    PermissionDenied,
    PodNotFound,
)
from kubectl_dshell.remote import script
from tests.commands.world import Exec, FakeClock, FakeCluster, FakeStream, FakeStreams, World, running_holder
from tests.domain.runtime.recorded import NO_SUCH_EXEC, NO_SUCH_EXEC_OF_CRUN
from tests.pods import STARTER, TOOLS, Json, pod_json


@pytest.fixture
def stop() -> Iterator[Stop]:
    made = Stop()
    yield made
    made.close()


@pytest.fixture
def no_pauses() -> Iterator[Stop]:
    """Ends every pause at once, and says to nobody that it is over."""

    class Impatient(Stop):
        def is_set(self) -> bool:
            return False

    made = Impatient()
    made.set()
    yield made
    made.close()


class Streams(FakeStreams):
    """`scripts` are the shells that were opened for a script, each of which says `answer`."""

    def __init__(self, answer: list[Event], refusals: list[DshellError]) -> None:
        super().__init__()
        self.says, self.refusals = answer, refusals
        self.scripts: list[FakeStream] = []
        self.asked: list[tuple[str, ...]] = []

    def answer(self, asked: Exec) -> Stream:
        if self.refusals:
            raise self.refusals.pop(0)
        self.asked.append(asked.argv)
        if not asked.mode:
            self.scripts.append(FakeStream(list(self.says)))
            return self.scripts[-1]
        return super().answer(asked)


class Cluster(FakeCluster):
    """Shows the pod each second."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        while self.clock.monotonic() < deadline:
            self.clock.time += 1
            yield self.get_pod(namespace, name)


ENDED: list[Event] = [Output(Channel.STDOUT, b"dshell-end ended\n"), Exit(0)]


class Container(World):
    """One debug container. Its end by the word or by the script can be switched off."""

    def __init__(
        self,
        *,
        hears: bool = True,
        mortal: bool = True,
        answer: list[Event] = ENDED,
        refusals: Sequence[DshellError] = (),
    ) -> None:
        self.hears, self.mortal = hears, mortal
        self.execs, clock = Streams(answer, list(refusals)), FakeClock()
        super().__init__(cluster=Cluster(clock), streams=self.execs, clock=clock)
        self.cluster.on_get = self.look

    def look(self, pod: Json) -> None:
        told = self.hears and any(b"end\n" in tether.sent for tether in self.tethers)
        if told or (self.mortal and any(script.sent for script in self.execs.scripts)):
            for status in pod["status"]["ephemeralContainerStatuses"]:
                status["state"] = {"terminated": {"exitCode": 0}}


def session_of(world: World, *, ours: bool = True) -> DebugContainer:
    running_holder(world)
    [container] = debug_containers(parse_pod(world.pod))
    return replace(container, ours=ours)


def test_a_holder_is_told_and_nothing_is_signalled(stop: Stop) -> None:
    world = Container()

    ended = terminate(session_of(world), world.ports(), stop)

    assert (ended.outcome, ended.why, world.execs.scripts) == (CleanupOutcome.ENDED, "", [])


@pytest.mark.parametrize("hears", [True, False])
def test_one_of_the_app_s_image_is_ended_by_the_shell_that_it_borrows(stop: Stop, *, hears: bool) -> None:
    world = Container(hears=hears)

    ended = terminate(replace(session_of(world), tools=TOOLS), world.ports(), stop)

    assert ended.outcome is CleanupOutcome.ENDED
    assert {asked[: len(TOOLS.shell_words)] for asked in world.execs.asked} == {TOOLS.shell_words}
    assert len(world.execs.scripts) == (not hears)


def test_one_whose_holder_does_not_obey_is_signalled(stop: Stop) -> None:
    world = Container(hears=False)

    assert terminate(session_of(world), world.ports(), stop).outcome is CleanupOutcome.ENDED
    assert world.execs.scripts[0].sent == script.end().encode()


@pytest.mark.parametrize(("patience", "seconds"), [(1, 20), (12, 60)])
def test_there_is_time_left_to_signal_one_whose_holder_does_not_obey(stop: Stop, patience: int, seconds: float) -> None:
    world = Container(hears=False)
    world.clock.patience = patience

    assert terminate(session_of(world), world.ports(), stop, seconds).outcome is CleanupOutcome.ENDED
    assert world.clock.time < seconds


def test_of_other_tools_only_signals_are_used(stop: Stop) -> None:
    world = Container()

    assert terminate(session_of(world, ours=False), world.ports(), stop).outcome is CleanupOutcome.ENDED
    assert world.tethers == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([Output(Channel.STDOUT, b"dshell-end first\n"), Exit(0)], "its first process is PID 1"),
        ([Output(Channel.STDOUT, b"dshell-end none\n"), Exit(0)], "may not signal any of its processes"),
        ([Output(Channel.STDOUT, b"dshell-end blind\n"), Exit(0)], "no cgroup is visible"),
        ([Exit(None, 'exec: "sh": executable file not found in $PATH')], "its image has no shell"),
        *(([Exit(None, line.short)], "its image has no shell") for line in NO_SUCH_EXEC),
        (
            [Output(Channel.STDERR, NO_SUCH_EXEC_OF_CRUN.text.encode()), Exit(255, "command terminated")],
            "its image has no shell",
        ),
        ([Output(Channel.STDERR, b"sh: out of memory"), Exit(255, "command terminated")], "it is still running"),
        ([Exit(127)], "its image has no shell"),
        ([Output(Channel.STDOUT, b"dshell-end ended\n"), Exit(0)], "it is still running"),
        ([Exit(137)], "it is still running"),
    ],
)
def test_why_it_could_not_be_ended_comes_with_two_ways_out(stop: Stop, answer: list[Event], why: str) -> None:
    world = Container(mortal=False, answer=answer)

    ended = terminate(session_of(world, ours=False), world.ports(), stop)

    assert ended.outcome is CleanupOutcome.FAILED
    assert why in ended.why
    assert ended.advice == (
        "wait until it ends, or attach to it and exit: kubectl attach -it web -n shop -c dshell-abcde",
        "replace the pod: kubectl delete pod web -n shop",
    )


@pytest.mark.parametrize(("patience", "outcome"), [(1, CleanupOutcome.FAILED), (5, CleanupOutcome.ENDED)])
def test_the_end_is_waited_for_as_long_as_the_nodes_are_slow(
    stop: Stop, patience: int, outcome: CleanupOutcome
) -> None:
    """The kubelet of a busy node needed more than 15 s to show the end of one of five."""

    class Slow(Container):
        def look(self, pod: Json) -> None:
            if self.clock.time > 40:
                super().look(pod)

    world = Slow()
    world.clock.patience = patience

    assert terminate(session_of(world, ours=False), world.ports(), stop).outcome is outcome


def test_who_may_not_exec_is_told_the_verb_and_the_resource(stop: Stop) -> None:
    world = Container(refusals=[PermissionDenied("ada", "create", "pods/exec", "shop")])

    ended = terminate(session_of(world), world.ports(), stop)

    assert (ended.outcome, ended.why) == (CleanupOutcome.FAILED, "ada may not create pods/exec in namespace shop")


def test_one_that_has_ended_meanwhile_is_not_touched(stop: Stop) -> None:
    world = Container()
    container = session_of(world)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}

    assert terminate(container, world.ports(), stop).outcome is CleanupOutcome.ALREADY_ENDED
    assert world.opened == []


@pytest.mark.parametrize("vanish", [lambda w: w.pod["spec"].update(ephemeralContainers=[]), None], ids=["new", "gone"])
def test_a_pod_that_is_gone_or_another_counts_as_ended(stop: Stop, vanish: Callable[[World], None] | None) -> None:
    world = Container()
    container = session_of(world)
    if vanish:
        vanish(world)
        world.pod["status"]["ephemeralContainerStatuses"] = []
    else:
        container = replace(container, pod="elsewhere")

    ended = terminate(container, world.ports(), stop)

    assert (ended.outcome, ended.why) == (CleanupOutcome.ENDED, "its pod is gone")


def test_what_has_its_name_in_the_pod_that_came_after_is_not_touched(stop: Stop) -> None:
    """As with --name in the pods of a StatefulSet, some time after they were listed."""
    world = Container()
    container = session_of(world)
    world.pod["metadata"]["uid"] = "u-2"

    ended = terminate(container, world.ports(), stop)

    assert (ended.outcome, ended.why) == (CleanupOutcome.ENDED, "its pod is gone")
    assert world.opened == []


@pytest.mark.parametrize(
    "passing",
    [ConnectionLost("away"), ApiError(429, "TooManyRequests", "later"), ApiError(503, "ServiceUnavailable", "later")],
)
def test_what_passes_is_tried_again(no_pauses: Stop, passing: DshellError) -> None:
    world = Container(refusals=[passing, passing])

    assert terminate(session_of(world), world.ports(), no_pauses).outcome is CleanupOutcome.ENDED


def test_what_does_not_pass_is_given_up_after_a_while(no_pauses: Stop) -> None:
    world = Container()
    container = session_of(world)

    def away(_pod: Json) -> None:
        world.time += 7
        raise ConnectionLost("nobody answers")

    world.cluster.on_get = away

    ended = terminate(container, world.ports(), no_pauses)

    assert (ended.outcome, ended.why) == (CleanupOutcome.FAILED, "nobody answers")


def test_a_node_that_lets_nobody_in_is_believed_only_with_the_status(stop: Stop) -> None:
    world = Container(hears=False, mortal=False)
    container = session_of(world)
    world.vanished = {container.name}
    gone = ContainerNotRunning("container not found")
    world.execs.refusals = [gone, gone]

    ended = terminate(container, world.ports(), stop)

    assert ended.outcome is CleanupOutcome.FAILED
    assert "container not found" in ended.why


@pytest.mark.parametrize("gone", [True, False])
def test_a_pod_that_is_being_deleted_takes_it_along(stop: Stop, gone: bool) -> None:
    """Whatever came of our words: here its node lets nobody in any more."""

    world = Container(hears=False, mortal=False)
    container = session_of(world)
    world.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.vanished = {container.name}

    def leaves(pod: Json) -> None:
        if world.time > 40:
            if gone:
                raise PodNotFound('no pod "web" in namespace shop')
            pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"terminated": {"exitCode": 137}}

    world.cluster.on_get = leaves

    ended = terminate(container, world.ports(), stop)

    assert (ended.outcome, ended.why) == (CleanupOutcome.ENDED, "its pod is gone" if gone else "")


def test_told_to_stop_it_says_that_the_end_is_not_sure(stop: Stop) -> None:
    world = Container(hears=False, mortal=False)
    stop.set()

    assert terminate(session_of(world), world.ports(), stop).outcome is CleanupOutcome.INTERRUPTED


def copied(phase: str = "Running") -> World:
    """A world with a copy of a pod in it instead of the app's."""
    world = World()
    container = {
        "name": "dshell-abcde",
        "env": [{"name": "DSHELL_PROTOCOL", "value": f"2 {STARTER}"}, {"name": "DSHELL_TOOLS", "value": "/.dshell"}],
    }
    state = {"running": {}} if phase == "Running" else {"terminated": {"exitCode": 0}}
    world.pod = pod_json(
        spec={"containers": [container]}, statuses=[{"name": "dshell-abcde", "state": state}], phase=phase
    )
    return world


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
def test_a_copy_is_deleted_by_its_uid_whether_it_runs_or_not(stop: Stop, phase: str) -> None:
    world = copied(phase)
    (container,) = debug_containers(parse_pod(world.pod))

    def vanish(_pod: Json) -> None:
        if world.created.deleted:
            raise PodNotFound("it is gone")

    world.cluster.on_get = vanish

    result = terminate(container, world.ports(), stop)

    assert result.outcome is CleanupOutcome.ENDED
    assert world.created.deleted == [("web", "u-1")]
    assert world.opened == [], "nothing was run in it"


@pytest.mark.parametrize(
    ("phase", "outcome"), [("Running", CleanupOutcome.ENDED), ("Succeeded", CleanupOutcome.ALREADY_ENDED)]
)
def test_without_the_right_to_delete_it_is_ended_like_others(
    stop: Stop, monkeypatch: pytest.MonkeyPatch, phase: str, outcome: CleanupOutcome
) -> None:
    world = copied(phase)
    (container,) = debug_containers(parse_pod(world.pod))

    def refuse(*_: object) -> None:
        raise PermissionDenied("ada", "delete", "pods", "shop")

    def look(pod: Json) -> None:
        if any(b"end\n" in tether.sent for tether in world.tethers):
            pod["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}

    monkeypatch.setattr(world.created, "delete_pod", refuse)
    world.cluster.on_get = look

    result = terminate(container, world.ports(), stop)

    assert result.outcome is outcome
    assert ("may not delete pods" in result.why) == (outcome is CleanupOutcome.ALREADY_ENDED)
