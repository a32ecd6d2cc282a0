"""A hand-written stand-in for each of the commands' ports, and a World of them.

The cluster has one pod, the streams speak the tether's language. A test changes the one that it is about.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from kubectl_dshell.commands.ports import ExecCheck, Ports
from kubectl_dshell.commands.request import OpenRequest
from kubectl_dshell.domain.access.facts import EnterStatus
from kubectl_dshell.domain.access.privilege import Privilege
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.pod.reference import Reference
from kubectl_dshell.domain.pod.watch_event import PodEvent
from kubectl_dshell.domain.stream import Channel, Companion, Event, Exit, Output, Stream, TerminalSize
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, PodNotFound, Unavailable
from kubectl_dshell.kube.refusals import ApiRequest, denied, translate_api_error
from kubectl_dshell.remote.exec_script import MARK
from tests.pods import APP_ID, STARTER, Json, pod_json, running

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
UNSEEN = "dshell pid=0 our_uid=65532 our_gid=65532 our_caps=0 left=28800 holder=ok"
"""No process of the app is visible."""
GONE = OPEN.replace("holder=ok", "holder=gone")
NEW = OPEN.replace("holder=ok", "holder=new")
"""Its first process waits for the text of the holder."""
LENDS = f"{OPEN} lends_holder=9 lends_started=1234 lends_shell=/bin/busybox lends_links=relative lends_path=/bin"
"""Its tools can be started from another debug container."""

KEY = Key(b"k" * 32)
OTHER_KEY = Key(b"o" * 32)


def root_pod() -> Json:
    """Its status says 0:0."""
    return pod_json(statuses=[running(user=(0, 0))])


def refused(code: int, message: str, request: ApiRequest) -> DshellError:
    """What `kube` raises where the API server answers `request` so."""
    return translate_api_error(ApiError(code, "", message), request)


class FakeStream:
    """Gives its events when polled; always readable, so that nobody waits.

    `script` is what its exec has read first, `programs` are the texts for a holder that came through it, `sent` is the
    rest.
    """

    def __init__(self, events: list[Event], *, echo: bool = False) -> None:
        self.events = events
        self.script = self.sent = b""
        self.programs: list[bytes] = []
        self.closed = False
        self.note = b""
        """What a shell's script says right before its command begins."""
        self._waits = self._tty = self._begins = False
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
        if self._waits:
            return []
        events, self.events = self.events, []
        return events

    def await_script(self, *, tty: bool, begins: bool) -> None:
        """As an exec of ours, which says nothing before it has read its script; a terminal echoes that.

        `begins`: it runs a command, and says so unless its first event is that it does not.
        """
        refuses = any(isinstance(event, Exit) and event.code in tuple(EnterStatus) for event in self.events[:1])
        self._waits, self._tty, self._begins = True, tty, begins and not refuses

    def send(self, data: bytes | memoryview) -> None:
        data = bytes(data)
        if self._waits:
            script, end, data = (self.script + data).partition(b"\n\n")
            self.script, self._waits = script + end, not end
            if end:
                self.events[:0] = self._prologue()
        if data.startswith(b"program\n"):
            program, end, data = data.partition(b"\n\n")
            assert end, "a program ends with an empty line"
            self.programs.append(program + end)
        self.sent += data
        if self._echo and data:
            self.events.append(Output(Channel.STDOUT, data))

    def _prologue(self) -> list[Event]:
        began: list[Event] = [Output(Channel.STDOUT if self._tty else Channel.STDERR, self.note + MARK)] * self._begins
        if not self._tty:
            return began
        assert MARK not in self.script, "its echo would be taken for the beginning of the output"
        echo = self.script.replace(b"\n", b"\r\n")
        return [Output(Channel.STDOUT, echo), Output(Channel.STDOUT, MARK), *began]

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
    tty: bool
    half_close: bool | None

    @property
    def words(self) -> tuple[str, ...]:
        """Of the script that it reads up to an empty line; none for a shell that reads commands to the end."""
        return self.argv[self.argv.index("dshell") + 1 :] if "dshell" in self.argv else ()

    @property
    def mode(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def session(self) -> str:
        return self.words[2]


class FakeCheck:
    """`refusal` is the verdict; `proven`: whether a WebSocket has come through."""

    def __init__(self, refusal: DshellError | None, *, proven: bool = True) -> None:
        self.refusal = refusal
        self.proven = proven

    def verdict(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def upgraded(self) -> bool:
        if isinstance(self.refusal, Unavailable):
            raise self.refusal
        return self.proven


class FakeStreams:
    """`refusal` is the verdict of every check. `facts` are what successive tethers say, `vanished` the containers that nobody gets into."""

    def __init__(self) -> None:
        self.facts = [OPEN]
        self._measured: dict[str, str] = {}
        self._lock = threading.Lock()
        self.state = "dshell-state holder=ok sessions=1 silent=3 kept=0 left=28700"
        self.vanished: set[str] = set()
        self.vanished_message = "container not found"
        self.refusal: DshellError | None = None
        self.proven = True
        self.checked: list[Exec] = []
        """What was asked about."""
        self.opened: list[tuple[str, list[str]]] = []
        self.tethers: list[FakeStream] = []

    def check(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecCheck:
        self.checked.append(Exec(namespace, pod, container, tuple(argv), tty, None))
        return FakeCheck(self.refusal, proven=self.proven)

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
        assert stdin, "its script would not arrive"
        asked = Exec(namespace, pod, container, tuple(argv), tty, half_close)
        stream = self.answer(asked)
        if asked.mode and isinstance(stream, FakeStream):
            stream.await_script(tty=tty, begins=asked.mode not in {"tether", "state"})
        return stream

    def answer(self, asked: Exec) -> Stream:
        """The stream of one exec; what a test changes."""
        if asked.container in self.vanished:
            request = ApiRequest("create", "pods/exec", asked.namespace, asked.pod)
            raise refused(500, self.vanished_message, request)
        self.opened.append((asked.container, [*asked.words[:1], *asked.words[3:]]))
        match asked.mode:
            case "tether":
                line = self._told(asked.session)
                self.tethers.append(FakeStream([Output(Channel.STDOUT, f"{line}\n".encode())], echo=True))
                return self.tethers[-1]
            case "state":
                return FakeStream([Output(Channel.STDOUT, f"{self.state}\n".encode()), Exit(0)])
            case "outside":
                return FakeStream([])
            case _:
                return FakeStream(self._refusal(asked))

    def _told(self, session: str) -> str:
        """The line of facts of its next tether; the first says what the command has found."""
        with self._lock:
            return self._measured.pop(session, None) or self._next_facts()

    def _refusal(self, asked: Exec) -> list[Event]:
        """How a command that does not begin ends."""
        with self._lock:
            line = self._measured[asked.session] = self._measured.get(asked.session) or self._next_facts()
        if "holder=gone" in line:
            return [Exit(EnterStatus.HOLDER_GONE)]
        if asked.argv[0] != "sh":  # with borrowed tools it stays in the app's image
            return []
        return [Exit(EnterStatus.ROOT_CLOSED)] if "root=denied" in line or " pid=0 " in line else []

    def _next_facts(self) -> str:
        return self.facts.pop(0) if len(self.facts) > 1 else self.facts[0]


class FakeCluster:
    """One pod, `web` in `shop`, and what owns pods."""

    def __init__(self) -> None:
        self.pod = pod_json()
        self.added: list[Json] = []
        self.rehearsed: list[Json] = []
        """What a dry run was asked about."""
        self.mutate: Callable[[Json], Json] = lambda container: container
        """What admission makes of it, in a dry run."""
        self.user = "ada"
        self.on_get: Callable[[Json], object] = lambda _pod: None  # may change the pod, or raise
        self.on_patch: Callable[[Json], object] = lambda _container: None
        self.happenings: list[PodEvent | None] = []
        self.workloads: dict[Reference, Json] = {}
        self.jobs: list[Json] = []
        self.logs: dict[str, list[bytes]] = {}
        """The lines of each pod's log; a pod without one has gone."""

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
        self.rehearsed += [container] * dry_run
        if dry_run:
            entries = [*self.pod["spec"]["ephemeralContainers"], self.mutate(container)]
            return {**self.pod, "spec": {**self.pod["spec"], "ephemeralContainers": entries}}
        self.added.append(container)
        self.pod["spec"]["ephemeralContainers"].append(container)
        running = {"name": container["name"], "state": {"running": {}}}
        self.pod["status"]["ephemeralContainerStatuses"].append(running)
        return self.pod

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield self.pod

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        return []

    def node_architecture(self, node: str) -> str:
        return "amd64"

    def whoami(self) -> str:
        return self.user

    def get_workload(self, namespace: str, reference: Reference) -> Json:
        if reference not in self.workloads:
            kind = reference.kind
            raise refused(404, "not found", ApiRequest("get", kind.plural, namespace, reference.name, kind))
        return self.workloads[reference]

    def log_lines(self, namespace: str, pod: str, container: str) -> Iterator[bytes]:
        if pod not in self.logs:
            raise refused(404, f'pods "{pod}" not found', ApiRequest("get", "pods/log", namespace, pod))
        yield from self.logs[pod]

    def list_jobs(self, namespace: str) -> Iterator[Json]:
        yield from self.jobs


class OnePerMinute(FakeCluster):
    """Debug containers start one a minute, and each has ended when the next one is asked for."""

    def get_pod(self, namespace: str, name: str) -> Json:
        for status in self.pod["status"]["ephemeralContainerStatuses"]:
            if started := status["state"].get("running"):
                status["state"] = {"terminated": {"exitCode": 0, **started}}
        return super().get_pod(namespace, name)

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        answer = super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)
        time = f"2026-01-01T00:{len(self.added):02}:00Z"
        answer["status"]["ephemeralContainerStatuses"][-1]["state"] = {"running": {"startedAt": time}}
        return answer


class FakeClock:
    """Goes on by a hundredth of a second each time it is looked at."""

    patience = 1

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
        self.given_back = b""
        self.session: Callable[[Companion], Exit] = self._usual

    def size(self) -> TerminalSize | None:
        return TerminalSize(rows=24, columns=80)

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        for event in stream.receive():
            if isinstance(event, Exit):
                return event
        return self.session(companion)

    def give_back(self, unread: bytes) -> None:
        self.given_back += unread

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


class FakePrompt:
    """A person who gives `answer`, or nobody (None)."""

    def __init__(self) -> None:
        self.answer: bool | None = None
        self.asked: list[str] = []

    def can_ask(self) -> bool:
        return self.answer is not None

    def confirm(self, question: str, companion: Companion) -> bool:
        self.asked.append(question)
        companion.service(0.0)
        return bool(self.answer)


class FakeCreatedPods:
    """Stores what is created, with the status of a pod that runs; `denied` are (verb, resource)."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self.made: list[Json] = []
        self.deleted: list[tuple[str, str]] = []
        self.denied: set[tuple[str, str]] = set()
        self.on_create: Callable[[Json], object] = lambda _pod: None

    def create_pod(self, namespace: str, pod: Json, *, dry_run: bool = False) -> Json:
        stored: Json = json.loads(json.dumps(pod))
        stored["metadata"] |= {"uid": "u-copy", "resourceVersion": "9"}
        name = stored["spec"]["containers"][0]["name"]
        stored["status"] = {"phase": "Running", "containerStatuses": [running(name)]}
        self.on_create(stored)
        if not dry_run:
            self.made.append(stored)
            self.cluster.pod = stored
        return {**stored, "status": {"phase": "Pending"}}

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self.deleted.append((name, uid))

    def check_right(self, namespace: str, verb: str, resource: str) -> None:
        if (verb, resource) in self.denied:
            raise denied(ApiRequest(verb, resource, namespace))


class FakeKeyring:
    def __init__(self) -> None:
        self.secret: Key | None = KEY
        self.trouble = "no key has been created on this machine yet"
        self.refused = False
        self.told = False

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
    answer, asked = Of["bool | None"]("prompt"), Of[list[str]]("prompt")
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
        self.prompt = FakePrompt()
        self.created = FakeCreatedPods(self.cluster)
        for name, value in changes.items():
            assert isinstance(vars(World)[name], Of)
            setattr(self, name, value)

    def ports(self) -> Ports:
        sides = (self.cluster, self.streams, self.terminal, self.notices, self.clock)
        created = self.created
        return Ports(
            *sides, self.cluster, self.cluster, self.cluster, self.keyring, lambda: created, prompt=self.prompt
        )


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
        "privilege": Privilege(),
        "run_as": None,
        "image": "busybox:1.37",
        "pull_policy": None,
        "env": (),
        "ttl": 28800,
        "keep": 0,
        "new": False,
        "timeout": 60,
        "stdin": True,
        "tty": True,
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
    entry = container_spec(name, replace(wanted), ["sh"], STARTER, sealed)
    world.pod["spec"]["ephemeralContainers"].append(entry)
    world.pod["status"]["ephemeralContainerStatuses"].append({"name": name, "state": {"running": {}}})


__all__ = [
    "APP_ID",
    "CLOSED",
    "GONE",
    "KEY",
    "LENDS",
    "NEW",
    "OPEN",
    "OTHER_KEY",
    "STEPPED_DOWN",
    "Exec",
    "FakeClock",
    "FakeCluster",
    "FakeStream",
    "FakeStreams",
    "OnePerMinute",
    "World",
    "end_when_told",
    "refused",
    "request",
    "root_pod",
    "running_holder",
]
