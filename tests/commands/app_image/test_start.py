"""The first of the two is kept while the second one starts, and told to end if that comes to nothing."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_dshell.commands.app_image.open import open_app_image
from kubectl_dshell.commands.app_image.start import of_app_image
from kubectl_dshell.commands.session.plan import plan
from kubectl_dshell.domain.debug_container.spec import environment, starter, tools_of
from kubectl_dshell.domain.stream import Exit, Stream
from kubectl_dshell.errors import ConnectionLost, DshellError, Forbidden, Interrupted, TimedOut, Unavailable
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import (
    GONE,
    LENDS,
    OPEN,
    Exec,
    FakeClock,
    FakeCluster,
    FakeStream,
    FakeStreams,
    World,
    refused,
    request,
    running_holder,
)
from tests.pods import Json

PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web")
PULLING = {"waiting": {"reason": "ContainerCreating"}}


def failing(world: World, kind: type[BaseException] = DshellError, **changes: Any) -> Any:
    with pytest.raises(kind) as caught:
        open_app_image(request(app_image=True, **changes), world.ports())
    return caught.value


def told(world: World) -> list[str]:
    """The first words of what the lender was told, and by which tether all along."""
    (lending,) = world.tethers
    assert lending.closed
    return [line.split()[0].decode() for line in lending.sent.splitlines()]


def test_the_second_waits_for_the_session_by_which_the_first_knows_it() -> None:
    world = World(facts=[LENDS, OPEN])

    assert open_app_image(request(app_image=True), world.ports()) == 0

    lender, own = world.added
    assert starter(own) == starter(lender)
    assert f"beat {starter(own)} 50".encode() in world.tethers[0].sent
    assert f"bye {starter(own)}".encode() in world.tethers[1].sent


def test_to_one_that_runs_it_is_a_session_of_its_own() -> None:
    world = World(facts=[LENDS, OPEN])
    running_holder(world)

    assert open_app_image(request(app_image=True), world.ports()) == 0

    (own,) = world.added
    assert starter(own) != starter(world.pod["spec"]["ephemeralContainers"][0])
    assert f"beat {starter(own)} 50".encode() in world.tethers[0].sent


def test_what_the_lender_has_measured_is_in_the_entry() -> None:
    world = World(facts=[LENDS, OPEN])

    open_app_image(request(app_image=True), world.ports())

    lender, own = world.added
    tools = tools_of(own)
    assert tools
    assert environment(own)["DSHELL_TOOLS"] == f"{lender['name']} 9 1234 . /bin"
    assert own["command"][:3] == ["/proc/9/root/bin/busybox", "sh", "-c"]
    assert own["command"][3:] == lender["command"][3:]


def test_the_command_is_read_by_the_borrowed_shell_after_its_prelude() -> None:
    asked = list[Exec]()

    class Streams(FakeStreams):
        def answer(self, one: Exec) -> Stream:
            asked.append(one)
            return super().answer(one)

    world = World(streams=Streams())
    world.facts = [LENDS, OPEN]

    open_app_image(request(app_image=True), world.ports())

    lender, own = world.added
    assert {one.argv[:3] for one in asked if one.container == own["name"]} == {("/proc/9/root/bin/busybox", "sh", "-c")}
    assert {one.argv[:2] for one in asked if one.container == lender["name"]} == {("sh", "-c")}


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(OPEN, id="nothing"),
        pytest.param(LENDS.replace("lends_shell=/bin/busybox", "lends_shell=/bin/$(id)"), id="an odd path"),
    ],
)
@pytest.mark.parametrize("joined", [False, True])
def test_tools_that_cannot_be_lent_are_refused_and_nothing_more_is_added(facts: str, *, joined: bool) -> None:
    world = World(facts=[facts])
    if joined:
        running_holder(world)

    error = failing(world, Unavailable)

    assert error.message == ("the shell of busybox:1.37 cannot be started from another container, as --app-image does")
    assert error.advice == ("Choose another image for the tools: --image busybox:1.37",)
    assert [entry["image"] for entry in world.added] == ["busybox:1.37"] * (not joined)
    assert told(world) == ["beat", "bye"]


def second(happens: Callable[[], object]) -> Callable[[Json], None]:
    """What happens at the patch that adds the second one."""
    count = itertools.count()

    def on_patch(_container: Json) -> None:
        if next(count):
            happens()

    return on_patch


def raise_(error: BaseException) -> None:
    raise error


def test_a_refusal_of_the_second_names_the_first_which_is_told_to_end() -> None:
    message = 'pods "web" is forbidden: violates PodSecurity "restricted:latest": x'
    world = World(facts=[LENDS], on_patch=second(lambda: raise_(refused(403, message, PATCH))))

    error = failing(world, Forbidden)

    (lender,) = world.added
    assert error.aftermath == f"{lender['name']} was added to web before; it has ended, or ends within 50 s."
    assert told(world) == ["beat", "bye"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_who_is_stopped_before_the_second_is_added_tells_the_first_to_end(number: signal.Signals) -> None:
    world = World(facts=[LENDS], on_patch=second(lambda: raise_(Interrupted(number))))

    assert failing(world, Interrupted).signal_number == number
    assert told(world) == ["beat", "bye"]


def test_who_is_stopped_while_the_first_is_asked_tells_it_to_end() -> None:
    class Clock(FakeClock):
        stopped = False

        def monotonic(self) -> float:
            if self.stopped and threading.current_thread() is threading.main_thread():  # who gets signals
                self.stopped = False
                raise Interrupted(signal.SIGINT)
            return super().monotonic()

    class Streams(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            clock.stopped = True
            return stream

    world = World(streams=Streams(), clock=(clock := Clock()), facts=[LENDS])

    failing(world, Interrupted)

    assert len(world.added) == 1
    assert told(world)[-1] == "bye"


class Slow(FakeCluster):
    """The second one goes through these states, so many seconds after each other."""

    def __init__(self, *states: Json | BaseException, seconds: float = 0.0) -> None:
        super().__init__()
        self.states, self.seconds = list(states), seconds
        self.clock: Any = None

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        answer = super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)
        if len(self.added) == 2:
            answer["status"]["ephemeralContainerStatuses"][-1]["state"] = PULLING
        return answer

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield self.pod if len(self.added) < 2 else None
        for state in self.states if len(self.added) == 2 else ():
            self.clock.sleep(self.seconds)
            if isinstance(state, BaseException):
                raise state
            self.pod["status"]["ephemeralContainerStatuses"][-1]["state"] = state
            yield self.pod


def slow(*states: Json | BaseException, seconds: float = 0.0) -> World:
    cluster = Slow(*states, seconds=seconds)
    world = World(cluster=cluster, facts=[LENDS, OPEN])
    cluster.clock = world.clock
    return world


@pytest.mark.parametrize(
    ("states", "kind", "said"),
    [
        pytest.param([Interrupted(signal.SIGINT)], Interrupted, "", id="Ctrl-C"),
        pytest.param([PULLING], TimedOut, "did not start within 60 s", id="it takes too long"),
        pytest.param(
            [{"waiting": {"reason": "RunContainerError", "message": "exec: not found"}}], DshellError, "exec: not found",
            id="it cannot start",
        ),
    ],
)  # fmt: skip
def test_where_the_second_does_not_start_the_first_is_told_to_end(
    states: list[Json | BaseException], kind: type[BaseException], said: str
) -> None:
    world = slow(*states)

    error = failing(world, kind)

    assert said in str(error)
    assert len(world.added) == 2
    assert told(world) == ["beat", "bye"]


def test_the_first_hears_of_us_while_the_second_starts_slowly() -> None:
    world = slow(*[PULLING] * 20, {"running": {}}, seconds=16)

    assert open_app_image(request(app_image=True, timeout=600), world.ports()) == 0

    words = [line.split()[0] for line in world.tethers[0].sent.splitlines()]
    assert words.count(b"beat") >= 20
    assert b"bye" not in words


def test_the_pod_is_watched_before_either_is_added() -> None:
    """As for any debug container: one round trip less."""

    class Watched(FakeCluster):
        def __init__(self) -> None:
            super().__init__()
            self.watches = threading.Semaphore(0)

        def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
            assert self.watches.acquire(timeout=10)
            return super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)

        def pod_changes(
            self, namespace: str, name: str, resource_version: str, deadline: float
        ) -> Iterator[Json | None]:
            self.watches.release()
            yield None
            yield self.pod

    world = World(cluster=Watched(), facts=[LENDS, OPEN])

    assert open_app_image(request(app_image=True), world.ports()) == 0
    assert len(world.added) == 2


def test_a_pair_that_missed_its_client_is_started_once_more_and_waits_longer() -> None:
    world = World(facts=[LENDS, GONE, LENDS, OPEN])

    assert open_app_image(request(app_image=True), world.ports()) == 0

    waits = [environment(entry)["DSHELL_PROTOCOL"].split()[2] for entry in world.added]
    assert waits == ["4", "4", "50", "50"]
    assert any("starting another one, which waits 50 s" in line for line in world.said)


def test_a_name_gets_another_end_then() -> None:
    world = World(facts=[LENDS, GONE, LENDS, OPEN])

    assert open_app_image(request(app_image=True, name="dshell-mine"), world.ports()) == 0

    assert [entry["name"] for entry in world.added if tools_of(entry)] == ["dshell-mine", "dshell-mine-2"]


class EndsAtOnce(FakeStreams):
    """The first so many tethers end with their debug container before they say anything."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.facts, self.number = [LENDS, OPEN], number

    def answer(self, asked: Exec) -> Stream:
        if asked.mode == "tether" and self.number:
            self.number -= 1
            return FakeStream([Exit(137)])
        return super().answer(asked)


def test_a_first_one_that_ended_at_once_is_started_once_more() -> None:
    world = World(streams=EndsAtOnce(1))

    assert open_app_image(request(app_image=True), world.ports()) == 0

    assert [bool(tools_of(entry)) for entry in world.added] == [False, False, True]


def test_one_that_ends_again_is_a_failed_start() -> None:
    world = World(streams=EndsAtOnce(2))

    error = failing(world, Unavailable)

    assert "ended before the session began" in error.message
    assert [bool(tools_of(entry)) for entry in world.added] == [False, False]


class Silent(FakeStreams):
    """No message reaches a debug container."""

    def answer(self, asked: Exec) -> Stream:
        return FakeStream([]) if asked.mode == "tether" else super().answer(asked)


@pytest.mark.parametrize(
    ("runtime_class", "kind", "said"),
    [
        (
            "gvisor",
            Unavailable,
            "ended before the session began: by the name of its runtime class (gvisor), gVisor lets",
        ),
        ("runc", ConnectionLost, "the debug container does not answer (waited 20 s)"),
    ],
)
def test_a_first_one_that_no_message_reaches_is_told_by_the_runtime_class(
    runtime_class: str, kind: type[DshellError], said: str
) -> None:
    world = World(streams=Silent(), clock=FakeClock())
    world.pod["spec"]["runtimeClassName"] = runtime_class

    error = failing(world, kind)

    assert said in error.message
    assert len(world.added) == 1


def test_in_many_pods_there_is_no_second_try() -> None:
    world = World(streams=EndsAtOnce(1))

    failing(world, Unavailable, tty=False, task=True)

    assert len(world.added) == 1


def test_the_plan_names_the_app_s_image_and_whose_tools_it_is_to_have() -> None:
    world, wish = World(), request(image="tools:2", pull_policy="Always", app_image=True)

    made = of_app_image(plan(wish, world.ports()), wish)

    assert (made.wanted.image, made.wanted.tools_image) == ("shop/web:1", "tools:2")
    assert made.wanted.pull_policy == "IfNotPresent"
