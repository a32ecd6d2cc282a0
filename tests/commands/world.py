"""Hand-written stand-ins for the commands' ports: a cluster of one pod, streams that speak the tether's language."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.commands.request import OpenRequest
from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.debug_container.spec import Scripts
from kubectl_dshell.domain.pod.event import PodEvent
from kubectl_dshell.domain.pod.reference import Reference
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


@dataclass
class World:
    """One pod `web` in `shop`. `facts` are what successive tethers say; `ends` how successive sessions end."""

    pod: Json = field(default_factory=pod_json)
    facts: list[str] = field(default_factory=lambda: [OPEN])
    ends: list[Exit] = field(default_factory=lambda: [Exit(0)])
    added: list[Json] = field(default_factory=list)
    opened: list[tuple[str, list[str]]] = field(default_factory=list)
    tethers: list[FakeStream] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    on_patch: Callable[[Json], None] = lambda _container: None
    names: Iterator[str] = field(default_factory=lambda: (f"{n:08d}" for n in range(1000)))
    state: str = "dshell-state holder=ok sessions=1 silent=3 kept=0 left=28700"
    vanished: set[str] = field(default_factory=set)
    vanished_message: str = "container not found"
    time: float = 0.0
    workloads: dict[Reference, Json] = field(default_factory=dict)
    jobs: list[Json] = field(default_factory=list)
    happenings: list[PodEvent | None] = field(default_factory=list)
    secret: Key | None = KEY
    trouble: str = "no key has been made on this machine yet"
    refused: bool = False

    # Cluster
    def get_pod(self, namespace: str, name: str) -> Json:
        if (namespace, name) != ("shop", "web"):
            raise PodNotFound(f'no pod "{name}" in namespace {namespace}')
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
        return "ada"

    # Workloads
    def get_workload(self, namespace: str, reference: Reference) -> Json:
        if reference not in self.workloads:
            kind = reference.kind
            raise refused(404, "not found", ApiRequest("get", kind.plural, namespace, reference.name, kind))
        return self.workloads[reference]

    def list_jobs(self, namespace: str) -> Iterator[Json]:
        yield from self.jobs

    # Streams
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
        if container in self.vanished:
            raise refused(500, self.vanished_message, ApiRequest("create", "pods/exec", namespace, pod))
        mode = argv[4]
        self.opened.append((container, list(argv[4:5]) + list(argv[7:])))
        if mode == "tether":
            line = self.facts.pop(0) if len(self.facts) > 1 else self.facts[0]
            stream = FakeStream([Output(Channel.STDOUT, f"{line}\n".encode())], echo=True)
            self.tethers.append(stream)
            return stream
        if mode == "state":
            return FakeStream([Output(Channel.STDOUT, f"{self.state}\n".encode()), Exit(0)])
        return FakeStream([])

    # Terminal
    def size(self) -> TerminalSize | None:
        return TerminalSize(rows=24, columns=80)

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        companion.service(self.monotonic())
        return self.ends.pop(0)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    # Notices
    def identity(self, text: str) -> None:
        self.said.append(text)

    notice = warn = interject = identity

    def progress(self, text: str) -> None: ...

    # Clock
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
        return next(self.names)[-count:]

    # Keyring
    def key(self, *, make: bool = False) -> Key | None:
        return self.secret

    def ports(self) -> Ports:
        return Ports(self, self, self, self, self, Scripts("HOLDER", "ENTER"), self, self, self)


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
    "World",
    "refused",
    "request",
    "root_pod",
    "running_holder",
]
