"""What one opponent can make a run of the janitor wait for: their own, and no one else's."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kubectl_dshell.commands.manage.cleanup import CleanupRequest, choose, end_all
from kubectl_dshell.commands.manage.list import ListRequest, list_chosen
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.domain.stream import Channel, Exit, Output, Stream
from kubectl_dshell.output.cleanup_report import not_ended
from tests.commands.world import OPEN, Exec, FakeClock, FakeCluster, FakeStream, FakeStreams, World
from tests.pods import STARTER, Json, pod_json

STALE = "dshell-state holder=ok sessions=1 silent=99 kept=0 left=100"
NAME = "dshell-abcde"
TIMEOUT = 480.0
"""As the janitor's manifest has it."""
WANTED = DebugSpec("app", "busybox:1.37", None, {"runAsUser": 65532}, "ada", "0.1.0", 28800, ())


def pod_in(namespace: str, name: str) -> Json:
    runs = {"name": NAME, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    pod = pod_json(ephemeral=[container_spec(NAME, WANTED, ["sh"], STARTER)], ephemeral_statuses=[runs])
    pod["metadata"] |= {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"}
    return pod


class OwnClock(FakeClock):
    """Each thread has its own: waits are parallel."""

    def __init__(self) -> None:
        super().__init__()
        self.local = threading.local()
        self.latest = 0.0

    def monotonic(self) -> float:
        time: float = getattr(self.local, "time", 0.0) + 0.05
        self.local.time, self.latest = time, max(self.latest, time)
        return time

    def wait(self, deadline: float) -> None:
        self.local.time = max(self.local.time, deadline)

    def random_letters(self, letters: str, count: int) -> str:
        return "abcd2345"[:count]


class Streams(FakeStreams):
    """Containers in `aaa` hang, and the one in `zzz` is good."""

    def __init__(self, *, answers_state: bool) -> None:
        super().__init__()
        self.answers_state = answers_state
        self.good: list[FakeStream] = []

    def answer(self, asked: Exec) -> Stream:
        if asked.mode == "state" and (asked.namespace == "zzz" or self.answers_state):
            return FakeStream([Output(Channel.STDOUT, f"{STALE}\n".encode()), Exit(0)])
        if asked.namespace == "zzz":
            self.good.append(FakeStream([Output(Channel.STDOUT, f"{OPEN}\n".encode())], echo=True))
            return self.good[-1]
        return FakeStream([])


class Pods(FakeCluster):
    """Many in `aaa`, and a good one in `zzz`."""

    def __init__(self, count: int, streams: Streams, clock: OwnClock) -> None:
        super().__init__()
        self.streams, self.clock = streams, clock
        self.pods = {("aaa", f"evil-{n:04d}"): pod_in("aaa", f"evil-{n:04d}") for n in range(count)}
        self.pods["zzz", "good"] = pod_in("zzz", "good")

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield from self.pods.values()

    def get_pod(self, namespace: str, name: str) -> Json:
        if namespace == "zzz" and any(b"end\n" in stream.sent for stream in self.streams.good):
            self.pods["zzz", "good"]["status"]["ephemeralContainerStatuses"][0]["state"] = {"terminated": {}}
        return self.pods[namespace, name]

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        self.clock.wait(deadline)
        return iter(())


class Hostile(World):
    def __init__(self, count: int, *, answers_state: bool) -> None:
        self.own = OwnClock()
        streams = Streams(answers_state=answers_state)
        super().__init__(cluster=Pods(count, streams, self.own), streams=streams, clock=self.own)

    @property
    def latest(self) -> float:
        return self.own.latest


def run(world: Hostile, timeout: float = TIMEOUT, concurrency: int = 16) -> list[CleanupResult]:
    request = CleanupRequest(stale=True, deadline=world.clock.monotonic() + timeout, concurrency=concurrency)
    chosen = choose(request, world.ports())
    return [*chosen.settled, *end_all(chosen.containers, request, world.ports(), lambda _ending: None)]


def outcomes(endings: list[CleanupResult]) -> dict[str, set[CleanupOutcome]]:
    return {ns: {e.outcome for e in endings if e.container.namespace == ns} for ns in ("aaa", "zzz")}


@pytest.mark.parametrize("answers_state", [True, False], ids=["that say they are stale", "that say nothing"])
@pytest.mark.parametrize("concurrency", [16, 1])
def test_two_hundred_that_hang_do_not_keep_another_namespace_s_from_being_ended(
    answers_state: bool, concurrency: int
) -> None:
    world = Hostile(200, answers_state=answers_state)

    endings = run(world, concurrency=concurrency)

    assert outcomes(endings)["zzz"] == {CleanupOutcome.ENDED}
    assert world.latest < TIMEOUT + 60, "the Job's own deadline"
    assert CleanupOutcome.ENDED not in outcomes(endings)["aaa"]


def test_what_there_was_no_time_for_is_told_and_where() -> None:
    world = Hostile(3000, answers_state=True)

    endings = run(world, timeout=60)

    assert outcomes(endings)["zzz"] == {CleanupOutcome.ENDED}
    left = [e for e in endings if e.outcome is CleanupOutcome.LEFT]
    assert len(endings) == 3001
    assert left
    assert {e.why for e in left} == {"no time left to end it", "no time left to check whether it is in use"}
    assert not_ended(endings, []) == ["Not ended: 3000 in namespace aaa."]
    assert world.latest < 120


def test_one_that_hangs_takes_no_more_than_its_time() -> None:
    world = Hostile(1, answers_state=True)

    [failed] = [e for e in run(world) if e.container.namespace == "aaa"]

    assert failed.outcome is CleanupOutcome.FAILED
    assert world.latest < 45


def test_a_list_is_there_in_time_and_says_who_was_not_asked() -> None:
    world = Hostile(3000, answers_state=False)

    listed = list_chosen(ListRequest(None), world.ports())

    assert len(listed.found) == 3001
    assert [one.container.live is not None for one in listed.found if one.container.namespace == "zzz"] == [True]
    assert world.latest < 85, "60 s, those that were being asked, and 3000 looks at the clock"
    assert any("running debug containers were not asked for their clients" in line for line in world.said)
