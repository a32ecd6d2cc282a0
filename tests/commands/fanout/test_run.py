"""One command in many pods, without a cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from kubectl_dshell.commands.fanout.run import ManyRequest, run_many
from kubectl_dshell.commands.fanout.targets import SelectedPod
from kubectl_dshell.domain.debug_container.spec import tools_of
from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream
from kubectl_dshell.errors import DshellError, Interrupted, NameTaken, OutputFailed, PodNotFound, Unavailable
from kubectl_dshell.terminal.signals import Signals
from tests.commands.world import (
    CLOSED,
    LENDS,
    STEPPED_DOWN,
    Exec,
    FakeClock,
    FakeCluster,
    FakeStream,
    FakeStreams,
    World,
    request,
)
from tests.pods import Json, pod_json
from tests.terminal.rig import thread
from tests.waiting import wait_until

Script = Callable[[str], list[Event]]


class Pods(FakeCluster):
    """`a`, `b`, `c` ..."""

    def __init__(self, names: str) -> None:
        super().__init__()
        self.pods = {name: self._pod(name) for name in names}
        self.read: list[str] = []
        self.asked_who = 0
        self.lock = threading.Lock()

    @staticmethod
    def _pod(name: str) -> Json:
        pod = pod_json()
        pod["metadata"]["name"] = name
        return pod

    def get_pod(self, namespace: str, name: str) -> Json:
        self.read.append(name)
        if name not in self.pods:
            raise PodNotFound(f'no pod "{name}" in namespace {namespace}')
        return self.pods[name]

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield from self.pods.values()

    def whoami(self) -> str:
        self.asked_who += 1
        return "ada"

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        with self.lock:
            self.added.append(container)
            changed = self.pods[pod] = deepcopy(self.pods[pod])
            changed["spec"]["ephemeralContainers"].append(container)
            running = {"name": container["name"], "state": {"running": {}}}
            changed["status"]["ephemeralContainerStatuses"].append(running)
            return changed

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        while True:
            yield self.pods[name]


class Commands(FakeStreams):
    """`script` gives what the command of a pod prints, and how it ends."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script
        self.ran: list[str] = []
        self.lock = threading.Lock()

    def answer(self, asked: Exec) -> Stream:
        if asked.mode == "tether" or asked.container in self.vanished:
            return super().answer(asked)
        assert (asked.mode, asked.half_close) == ("run", False), "without stdin"
        with self.lock:
            self.ran.append(asked.pod)
        return FakeStream(self.script(asked.pod))


class RealClock(FakeClock):
    """Threads that wait would make the other one run."""

    lock = threading.Lock()

    def monotonic(self) -> float:
        return time.monotonic()

    def random_letters(self, letters: str, count: int) -> str:
        with self.lock:
            return super().random_letters(letters, count)


class Cluster(World):
    """Many pods in which commands run."""

    def __init__(self, pods: str | Pods, script: Script) -> None:
        self.many = Pods(pods) if isinstance(pods, str) else pods
        self.commands = Commands(script)
        super().__init__(cluster=self.many, streams=self.commands, clock=RealClock())

    @property
    def pods(self) -> dict[str, Json]:
        return self.many.pods

    @property
    def ran(self) -> list[str]:
        return self.commands.ran


@dataclass
class Notebook:
    """A Report that remembers."""

    wrote: dict[str, bytes] = field(default_factory=dict)
    ended: list[RunResult] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    failure: DshellError | None = None

    def begin(self, place: ContainerRef) -> Any:
        return _Page(self, place)

    def end(self, result: RunResult) -> None:
        self.ended.append(result)

    def say(self, place: ContainerRef, text: str) -> None:
        self.said.append((place.pod, text))

    def progress(self, text: str) -> None: ...


class _Page:
    full = False

    def __init__(self, book: Notebook, place: ContainerRef) -> None:
        self.book, self.place = book, place

    def check(self) -> None:
        if self.book.failure:
            raise self.book.failure

    def write(self, output: Output) -> None:
        self.book.wrote[self.place.pod] = self.book.wrote.get(self.place.pod, b"") + output.data


def found(pods: str, world: Cluster | None = None) -> list[SelectedPod]:
    now = time.monotonic()
    return [SelectedPod(ContainerRef("shop", name, "app"), world.pods[name] if world else None, now) for name in pods]


def job(*, concurrency: int = 4, fail_fast: bool = False, once: str = "", **more: Any) -> ManyRequest:
    def again(namespace: str, pod: str) -> str:
        return f"kubectl dshell {pod} -n {namespace}"

    if once:
        more |= {"name": once, "once": True, "new": True}
    return ManyRequest(lambda _namespace: request(stdin=False, tty=False, **more), again, concurrency, fail_fast)


def codes(results: list[RunResult]) -> dict[str, int | str]:
    return {r.place.pod: r.exit_code if r.exit_code is not None else r.why for r in results}


def prints(code: int) -> Script:
    return lambda pod: [Output(Channel.STDOUT, pod.encode()), Exit(code)]


def test_each_pod_gets_a_session_and_its_result() -> None:
    world, book = Cluster("abcdefgh", prints(0)), Notebook()

    results = run_many(found("abcdefgh"), job(), world.ports(), book)

    assert codes(results) == dict.fromkeys("abcdefgh", 0)
    assert book.wrote == {pod: pod.encode() for pod in "abcdefgh"}
    assert sorted(book.ended, key=str) == sorted(results, key=str)
    assert all(r.identity == (65532, 65532) and r.debug_container.startswith("dshell-") for r in results)
    assert world.tethers == []  # each said goodbye itself


def test_a_goodbye_is_said_for_a_command_that_may_have_been_killed() -> None:
    for code in (128, 137, 143, 255):
        world = Cluster("a", prints(code))

        results = run_many(found("a"), job(), world.ports(), Notebook())

        assert codes(results) == {"a": code}
        (tether,) = world.tethers
        assert tether.sent.splitlines()[-1].startswith(b"bye ")


def test_each_pod_gets_a_pair_where_the_app_s_image_is_asked_for() -> None:
    world, book = Cluster("abc", prints(3)), Notebook()
    world.facts = [LENDS]

    results = run_many(found("abc"), job(app_image=True), world.ports(), book)

    assert codes(results) == dict.fromkeys("abc", 3)
    assert book.wrote == {pod: pod.encode() for pod in "abc"}
    assert len(world.added) == 6
    own = {entry["name"] for entry in world.added if tools_of(entry)}
    assert {r.debug_container for r in results} == own
    assert all(b"bye" not in tether.sent for tether in world.tethers), "each said goodbye itself"


@pytest.mark.parametrize("code", [71, 72, 73])
def test_a_command_s_own_exit_code_is_told_from_a_refusal_to_begin(code: int) -> None:
    world = Cluster("a", prints(code))

    results = run_many(found("a"), job(), world.ports(), Notebook())

    assert codes(results) == {"a": code}
    assert (world.ran, world.tethers) == (["a"], [])


def test_another_user_is_taken_where_the_first_is_refused() -> None:
    codes_told = iter([Exit(72), Exit(0)])
    world, book = Cluster("a", lambda _pod: [next(codes_told)]), Notebook()
    world.facts = [STEPPED_DOWN]
    for pod in world.pods.values():
        pod["status"]["containerStatuses"][0]["user"]["linux"] |= {"uid": 0, "gid": 0}

    results = run_many(found("a"), job(), world.ports(), book)

    assert codes(results) == {"a": 0}
    assert [entry["securityContext"]["runAsUser"] for entry in world.added] == [0, 101]
    assert [tether.sent.splitlines()[-1][:4] for tether in world.tethers] == [b"bye "]


def test_a_root_that_stays_closed_is_told_from_an_exit_code() -> None:
    world = Cluster("a", lambda _pod: [Exit(72)])
    world.facts = [CLOSED]

    results = run_many(found("a"), job(), world.ports(), Notebook())

    assert codes(results) == {"a": "FORBIDDEN"}


def test_nothing_is_asked_twice() -> None:
    world = Cluster("abc", prints(0))

    run_many(found("abc", world), job(), world.ports(), Notebook())

    assert world.many.read == []
    assert world.many.asked_who == 1
    assert len(world.commands.checked) == 1


def test_where_no_exec_gets_through_nothing_is_added_to_any_pod() -> None:
    world = Cluster("abc", prints(0))
    world.commands.refusal = Unavailable("cannot open a stream to the pod: x")

    results = run_many(found("abc"), job(), world.ports(), Notebook())

    assert codes(results) == dict.fromkeys("abc", "UNAVAILABLE")
    assert world.added == []
    assert [result.debug_container for result in results] == [""] * 3


def test_one_line_says_how_it_was() -> None:
    world = Cluster("ab", lambda pod: [Exit(0 if pod == "a" else 3)])

    run_many(found("abx"), job(), world.ports(), Notebook())

    assert world.said[0] in (
        "1 ok, 2 failed: b (exit code 3), x (NOT_FOUND)",
        "1 ok, 2 failed: x (NOT_FOUND), b (exit code 3)",
    )
    assert len(world.said) == 2
    assert world.said[1].startswith("List them with: kubectl get pods")


def test_a_failure_is_one_pod_s_own() -> None:
    world, book = Cluster("ab", prints(0)), Notebook()

    results = run_many(found("axb"), job(), world.ports(), book)

    assert codes(results) == {"a": 0, "x": "NOT_FOUND", "b": 0}


def test_fail_fast_stops_those_that_run_and_begins_no_other() -> None:
    a_runs = threading.Event()

    def script(pod: str) -> list[Event]:
        if pod == "a":
            a_runs.set()
            return []
        assert a_runs.wait(10)
        return [Exit(5)]

    world, book = Cluster("abcdef", script), Notebook()

    results = run_many(found("abcdef"), job(concurrency=2, fail_fast=True), world.ports(), book)

    assert codes(results) == {"b": 5} | dict.fromkeys("acdef", "stopped")
    assert sorted(world.ran) == ["a", "b"]
    (tether,) = world.tethers  # for the one that was stopped
    assert tether.sent.splitlines()[-1].startswith(b"bye ")
    assert tether.closed


def test_a_signal_says_goodbye_to_all_and_tells_how_far_it_came() -> None:
    world, book = Cluster("abc", lambda pod: [Exit(0)] if pod == "a" else []), Notebook()

    def interrupt() -> None:
        wait_until(lambda: len(world.ran) == 3 and book.ended)
        os.kill(os.getpid(), signal.SIGTERM)

    with Signals(), thread(interrupt), pytest.raises(Interrupted):
        run_many(found("abc"), job(), world.ports(), book)

    assert codes(book.ended) == {"a": 0, "b": "stopped", "c": "stopped"}
    assert world.said == ["1 ok, 2 stopped, 0 failed"]
    assert all(t.closed for t in world.tethers)


class Late(Pods):
    """What waits runs at the second look at the pod."""

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield self.pods[name]
        for status in self.pods[name]["status"]["ephemeralContainerStatuses"]:
            status["state"] = {"running": {}}
        yield from super().pod_changes(namespace, name, resource_version, deadline)


def test_one_that_still_waits_from_an_earlier_run_is_waited_for() -> None:
    world = Cluster(Late("ab"), prints(0))
    run_many(found("ab", world), job(), world.ports(), Notebook())
    for pod in world.pods.values():
        pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"waiting": {"reason": "ImagePullBackOff"}}

    results = run_many(found("ab", world), job(), world.ports(), Notebook())

    assert codes(results) == {"a": 0, "b": 0}
    assert len(world.many.added) == 2
    assert {r.debug_container for r in results} == {entry["name"] for entry in world.many.added}


def test_a_pod_without_room_fails_alone() -> None:
    world, book = Cluster("abc", prints(0)), Notebook()
    big = {"name": "debugger-0", "env": [{"name": "BIG", "value": "x" * 1_510_000}]}
    world.many.pods["b"]["spec"]["ephemeralContainers"] += [big]

    results = run_many(found("abc", world), job(), world.ports(), book)

    assert codes(results) == {"a": 0, "b": "UNAVAILABLE", "c": 0}
    assert len(world.many.added) == 2


class SlowStart(Pods):
    """The debug container of `a` starts when something has ended, and a moment later."""

    def __init__(self, names: str, book: Notebook) -> None:
        super().__init__(names)
        self.book = book

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        answer = super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)
        if pod == "a":
            wait_until(lambda: self.book.ended, 10)
            time.sleep(0.2)  # until the failure of the other has been seen
        return answer


def test_a_debug_container_that_was_starting_gets_its_goodbye_and_no_command() -> None:
    book = Notebook()
    world = Cluster(SlowStart("ab", book), lambda _pod: [Exit(5)])

    results = run_many(found("ab"), job(fail_fast=True), world.ports(), book)

    assert codes(results) == {"a": "stopped", "b": 5}
    assert world.ran == ["b"]
    assert all(t.sent.splitlines()[-1].startswith(b"bye ") for t in world.tethers)


def test_what_cannot_be_written_ends_all() -> None:
    world, book = Cluster("ab", lambda _pod: []), Notebook(failure=OutputFailed("no space left"))

    with pytest.raises(OutputFailed):
        run_many(found("ab"), job(), world.ports(), book)
    assert all(t.closed for t in world.tethers)


def test_what_is_to_run_once_is_not_run_where_an_earlier_run_has_begun_it() -> None:
    world, book = Cluster("abc", prints(0)), Notebook()
    run_many(found("ab"), job(once="dshell-fix"), world.ports(), book)
    world.notices.said.clear()

    results = run_many(found("abc"), job(once="dshell-fix"), world.ports(), book)

    assert sorted(world.ran) == ["a", "b", "c"]
    assert [entry["name"] for entry in world.added] == ["dshell-fix"] * 3
    before = {r.place.pod: r.earlier for r in results if r.earlier}
    assert set(before) == {"a", "b"}
    assert before["a"] == "an earlier run is running the command here, and has its output; dshell-fix: running"
    assert codes([r for r in results if not r.earlier]) == {"c": 0}
    assert world.said == ["1 ok, 2 already run, 0 failed"]


class Raced(Pods):
    """Another client is faster, in each pod."""

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        super().add_ephemeral_container(namespace, pod, container)
        raise NameTaken(f"{pod} already has a debug container {container['name']}")


def test_of_two_clients_that_begin_at_once_the_cluster_admits_one() -> None:
    world = Cluster(Raced("ab"), prints(0))

    results = run_many(found("ab"), job(once="dshell-fix"), world.ports(), Notebook())

    assert world.ran == []
    assert [bool(r.earlier) for r in results] == [True, True]


def test_a_command_that_has_not_run_before_is_a_failure_with_what_to_type() -> None:
    world = Cluster("a", prints(0))
    run_many(found("a"), job(once="dshell-fix"), world.ports(), Notebook())
    (status,) = world.pods["a"]["status"]["ephemeralContainerStatuses"]
    status["state"] = {"terminated": {"exitCode": 0, "message": "ended after 50 s without its first client"}}

    results = run_many(found("a"), job(once="dshell-fix"), world.ports(), Notebook())

    assert codes(results) == {"a": "UNAVAILABLE"}
    assert world.ran == ["a"]
    assert world.said[-1] == "Run it there under another name: kubectl dshell a -n shop --once OTHER -- COMMAND"


def root_first(world: Cluster) -> None:
    """The status of its pod says root, and the app has become another user since."""
    world.facts = [STEPPED_DOWN]
    for pod in world.pods.values():
        pod["status"]["containerStatuses"][0]["user"]["linux"] |= {"uid": 0, "gid": 0}


def test_a_corrected_user_s_second_container_counts_for_the_first() -> None:
    """The command was not run in the first one, whose user was not let in."""
    told = iter([Exit(72), Exit(0)])
    world = Cluster("a", lambda _pod: [next(told)])
    root_first(world)

    first = run_many(found("a"), job(once="dshell-fix"), world.ports(), Notebook())
    second = run_many(found("a"), job(once="dshell-fix"), world.ports(), Notebook())

    assert [entry["name"] for entry in world.added] == ["dshell-fix", "dshell-fix-2"]
    assert codes(first) == {"a": 0}
    assert second[0].earlier


def test_a_second_container_whose_name_is_taken_is_no_proof() -> None:
    """Its name is that of another run: `--once fix-2`."""
    told = iter([Exit(0), Exit(72)])
    world = Cluster("a", lambda _pod: [next(told)])
    run_many(found("a"), job(once="dshell-fix-2"), world.ports(), Notebook())
    root_first(world)

    (result,) = run_many(found("a"), job(once="dshell-fix"), world.ports(), Notebook())

    assert not result.earlier
    assert result.why == "UNAVAILABLE"
    assert len(world.ran) == 2


class Missed(Pods):
    """Every debug container says that nobody came."""

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        changed = super().add_ephemeral_container(namespace, pod, container)
        words = "ended after 4 s without its first client"
        changed["status"]["ephemeralContainerStatuses"][-1]["state"] = {"terminated": {"exitCode": 0, "message": words}}
        return changed


@pytest.mark.parametrize(("once", "added"), [("", 2), ("dshell-fix", 1)])
def test_with_keep_it_is_not_tried_a_second_time_either(once: str, added: int) -> None:
    """That nobody came in time is what the container itself says, and an app may forge it."""
    world = Cluster(Missed("a"), prints(0))
    world.vanished = {"dshell-fix", *(f"dshell-{n:05}" for n in range(9))}

    (result,) = run_many(found("a"), job(once=once, keep=600), world.ports(), Notebook())

    assert result.why == "UNAVAILABLE"
    assert len(world.added) == added


def test_the_summary_is_left_to_documents_that_have_it() -> None:
    world = Cluster("a", prints(3))

    run_many(found("a"), replace(job(), summary=False), world.ports(), Notebook())

    assert world.said == []
