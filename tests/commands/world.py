"""A hand-written stand-in for each of the commands' ports, and a World of them.

The cluster has one pod, the streams speak the tether's language. A test changes the one that it is about.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.commands.request import OpenRequest
from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.debug_container.spec import Scripts
from kubectl_dshell.domain.pod.reference import Reference
from kubectl_dshell.domain.pod.watch_event import PodEvent
from kubectl_dshell.domain.stream import Channel, Companion, Event, Exit, Output, Stream, TerminalSize
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, PodNotFound
from kubectl_dshell.kube.refusals import ApiRequest, translate_api_error
from tests.pods import APP_ID, Json, pod_json, running

OPEN = (
    "dshell pid=7 uid=65532,65532,65532,65532 gid=65532,65532,65532,65532 caps=0 dumpable=yes root=ok "
    "our_uid=65532 our_gid=65532 our_caps=0 left=28800 holder=ok"
)
STEPPED_DOWN = (
    "dshell pid=7 uid=101,101,101,101 gid=101,101,101,101 caps=0 dumpable=yes root=denied "
    "our_uid=0 our_gid=0 our_caps=0 left=28800 holder=ok"
)
"""An app whose status says that it is root."""
CLOSED = OPEN.replace("caps=0 dumpable", "caps=400 dumpable").replace("root=ok", "root=denied")
GONE = OPEN.replace("holder=ok", "holder=gone")

KEY = Key(b"k" * 32)
OTHER_KEY = Key(b"o" * 32)


def root_pod() -> Json:
    """Its status says 0:0."""
    return pod_json(statuses=[running(user=(0, 0))])


def refused(code: int, message: str, request: ApiRequest) -> DshellError:
    """What `kube` raises where the API server answers `request` so."""
    return translate_api_error(ApiError(code, "", message), request)


class FakeStream:
    """Gives its events when polled; always readable, so that nobody waits."""

    def __init__(self, events: list[Event], *, echo: bool = False) -> None:
        self.events = events
        self.sent = b""
        self.closed = False
        self._echo = echo
        self._near, self._far = socket.socketpair()
        self._far.send(b"!")

    def fileno(self) -> int:
        return self._near.fileno()

    @property
    def wants_write(self) -> bool:
        return False

    @property
    def backlog(self) -> int:
        return 0

    def receive(self) -> list[Event]:
        if self.closed:
            raise ConnectionLost("closed")
        events, self.events = self.events, []
        return events

    def send(self, data: bytes) -> None:
        self.sent += data
        if self._echo:
            self.events.append(Output(Channel.STDOUT, data))

    def flush(self) -> None: ...
    def end_input(self) -> None: ...
    def resize(self, size: TerminalSize) -> None: ...

    def keepalive(self, now: float) -> float:
        return now + 15

    def idle(self, now: float) -> float:
        return now + 15

    def close(self) -> None:
        self.closed = True
        self._near.close()
        self._far.close()


@dataclass(frozen=True)
class Exec:
    """What a stream was asked for."""

    namespace: str
    pod: str
    container: str
    argv: tuple[str, ...]
    stdin: bool
    half_close: bool | None

    @property
    def mode(self) -> str:
        """Of the script that enters; "" where another is sent to a shell."""
        return self.argv[4] if len(self.argv) > 4 else ""


class FakeStreams:
    """`facts` are what successive tethers say, `vanished` the containers that nobody gets into."""

    def __init__(self) -> None:
        self.facts = [OPEN]
        self.state = "dshell-state holder=ok sessions=1 silent=3 kept=0 left=28700"
        self.vanished: set[str] = set()
        self.vanished_message = "container not found"
        self.opened: list[tuple[str, list[str]]] = []
        self.tethers: list[FakeStream] = []

    def open(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: Sequence[str],
        *,
        stdin: bool,
        tty: bool,
        half_close: bool | None = None,
        seconds: float | None = None,
    ) -> Stream:
        return self.answer(Exec(namespace, pod, container, tuple(argv), stdin, half_close))

    def answer(self, asked: Exec) -> Stream:
        """The stream of one exec; what a test changes."""
        if asked.container in self.vanished:
            request = ApiRequest("create", "pods/exec", asked.namespace, asked.pod)
            raise refused(500, self.vanished_message, request)
        self.opened.append((asked.container, [*asked.argv[4:5], *asked.argv[7:]]))
        match asked.mode:
            case "tether":
                line = self.facts.pop(0) if len(self.facts) > 1 else self.facts[0]
                self.tethers.append(FakeStream([Output(Channel.STDOUT, f"{line}\n".encode())], echo=True))
                return self.tethers[-1]
            case "state":
                return FakeStream([Output(Channel.STDOUT, f"{self.state}\n".encode()), Exit(0)])
            case _:
                return FakeStream([])


class FakeCluster:
    """One pod, `web` in `shop`, and what owns pods."""

    def __init__(self) -> None:
        self.pod = pod_json()
        self.added: list[Json] = []
        self.user = "ada"
        self.on_get: Callable[[Json], object] = lambda _pod: None  # may change the pod, or raise
        self.on_patch: Callable[[Json], object] = lambda _container: None
        self.happenings: list[PodEvent | None] = []
        self.workloads: dict[Reference, Json] = {}
        self.jobs: list[Json] = []

    def get_pod(self, namespace: str, name: str) -> Json:
        if (namespace, name) != ("shop", "web"):
            raise PodNotFound(f'no pod "{name}" in namespace {namespace}')
        self.on_get(self.pod)
        return self.pod

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield self.pod

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield self.pod

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        yield from self.happenings

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        self.on_patch(container)
        if not dry_run:
            self.added.append(container)
            self.pod["spec"]["ephemeralContainers"].append(container)
            running = {"name": container["name"], "state": {"running": {}}}
            self.pod["status"]["ephemeralContainerStatuses"].append(running)
        return self.pod

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield self.pod

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        return []

    def whoami(self) -> str:
        return self.user

    def get_workload(self, namespace: str, reference: Reference) -> Json:
        if reference not in self.workloads:
            kind = reference.kind
            raise refused(404, "not found", ApiRequest("get", kind.plural, namespace, reference.name, kind))
        return self.workloads[reference]

    def list_jobs(self, namespace: str) -> Iterator[Json]:
        yield from self.jobs


class FakeClock:
    """Goes on by a hundredth of a second each time it is looked at."""

    def __init__(self) -> None:
        self.time = 0.0
        self._names = itertools.count()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def elapsed(self) -> float:
        return self.monotonic()

    def monotonic(self) -> float:
        self.time += 0.01
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def random_letters(self, letters: str, count: int) -> str:
        return f"{next(self._names):08d}"[-count:]


class FakeTerminal:
    """Successive sessions end as `ends` says, unless a test gives `session`."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.ends = [Exit(0)]
        self.session: Callable[[Companion], Exit] = self._usual

    def size(self) -> TerminalSize | None:
        return TerminalSize(rows=24, columns=80)

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        return self.session(companion)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _usual(self, companion: Companion) -> Exit:
        companion.service(self.clock.monotonic())
        return self.ends.pop(0)


class FakeNotices:
    """What was said, whatever with; `terminal`: a person reads it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.terminal = True

    def identity(self, text: str) -> None:
        if self.terminal:
            self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)

    notice = interject = warn

    def progress(self, text: str) -> None: ...


class FakeKeyring:
    def __init__(self) -> None:
        self.secret: Key | None = KEY
        self.trouble = "no key has been made on this machine yet"
        self.refused = False

    def key(self, *, make: bool = False) -> Key | None:
        return self.secret


T = TypeVar("T")


class Of(Generic[T]):
    """An attribute of one of the parts of a World, as if it were the World's."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, world: object, _owner: type) -> T:
        value: T = getattr(getattr(world, self.part), self.name)
        return value

    def __set__(self, world: object, value: T) -> None:
        setattr(getattr(world, self.part), self.name, value)


class World:
    """A fake for each port, and what tests look at most; a keyword is one of the parts, or an attribute of one."""

    pod, added, happenings = Of[Json]("cluster"), Of[list[Json]]("cluster"), Of[list[PodEvent | None]]("cluster")
    on_patch = Of[Callable[[Json], object]]("cluster")
    opened, tethers = Of[list[tuple[str, list[str]]]]("streams"), Of[list[FakeStream]]("streams")
    facts, state, vanished = Of[list[str]]("streams"), Of[str]("streams"), Of[set[str]]("streams")
    vanished_message = Of[str]("streams")
    ends = Of[list[Exit]]("terminal")
    said = Of[list[str]]("notices")
    time = Of[float]("clock")
    secret, trouble, refused = Of["Key | None"]("keyring"), Of[str]("keyring"), Of[bool]("keyring")

    def __init__(
        self,
        *,
        cluster: FakeCluster | None = None,
        streams: FakeStreams | None = None,
        clock: FakeClock | None = None,
        **changes: Any,
    ) -> None:
        self.cluster = cluster or FakeCluster()
        self.streams = streams or FakeStreams()
        self.clock = clock or FakeClock()
        self.terminal = FakeTerminal(self.clock)
        self.notices = FakeNotices()
        self.keyring = FakeKeyring()
        for name, value in changes.items():
            assert isinstance(vars(World)[name], Of)
            setattr(self, name, value)

    def ports(self) -> Ports:
        scripts = Scripts("HOLDER", "ENTER")
        sides = (self.cluster, self.streams, self.terminal, self.notices, self.clock)
        return Ports(*sides, scripts, self.cluster, self.cluster, self.keyring)


def end_when_told(world: World) -> None:
    """The status shows the end of every debug container once `end` was said to a holder."""

    def look(pod: Json) -> None:
        if any(b"end\n" in tether.sent for tether in world.tethers):
            for status in pod["status"]["ephemeralContainerStatuses"]:
                status["state"] = {"terminated": {"exitCode": 0, "message": "ended by a client"}}

    world.cluster.on_get = look


def request(**changes: object) -> OpenRequest:
    usual: dict[str, object] = {
        "namespace": "shop",
        "pod": "web",
        "container": None,
        "command": ("true",),
        "profile": Profile.AUTO,
        "run_as": None,
        "image": "busybox:1.37",
        "pull_policy": None,
        "env": (),
        "ttl": 28800,
        "keep": 0,
        "new": False,
        "timeout": 60,
        "stdin": True,
        "tty": False,
        "version": "0.1.0",
        "reason": "",
        "name": None,
        "retry_command": "kubectl dshell web -n shop",
    }
    return OpenRequest(**usual | changes)  # type: ignore[arg-type]  # a table of the test's own


def running_holder(world: World, name: str = "dshell-abcde", key: Key | None = KEY) -> None:
    """As if an earlier session, whose maker had `key`, had left this debug container, running."""
    from dataclasses import replace

    from kubectl_dshell.commands.session.plan import plan
    from kubectl_dshell.domain.debug_container.spec import container_spec

    wanted = plan(request(), world.ports()).wanted
    sealed = seal(key, world.pod["metadata"]["uid"], name, wanted) if key else ""
    entry = container_spec(name, replace(wanted), Scripts("HOLDER", "ENTER"), seal=sealed)
    world.pod["spec"]["ephemeralContainers"].append(entry)
    world.pod["status"]["ephemeralContainerStatuses"].append({"name": name, "state": {"running": {}}})


__all__ = [
    "APP_ID",
    "CLOSED",
    "GONE",
    "KEY",
    "OPEN",
    "OTHER_KEY",
    "STEPPED_DOWN",
    "Exec",
    "FakeClock",
    "FakeCluster",
    "FakeStream",
    "FakeStreams",
    "World",
    "end_when_told",
    "refused",
    "request",
    "root_pod",
    "running_holder",
]
