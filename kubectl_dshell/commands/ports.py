"""What the commands need of the world, as small Protocols; `cli.wiring` binds them to the first floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.seal import Key
    from kubectl_dshell.domain.debug_container.spec import Scripts
    from kubectl_dshell.domain.pod.event import PodEvent
    from kubectl_dshell.domain.pod.pod import Json
    from kubectl_dshell.domain.pod.reference import Reference
    from kubectl_dshell.domain.stream import Companion, Exit, Stream, TerminalSize


class Cluster(Protocol):
    """Pods of one cluster.

    Every method may raise PodNotFound, PermissionDenied or another Forbidden, BadConfig, ConnectionLost; ApiError is
    what the server says and nobody can explain better.
    """

    def get_pod(self, namespace: str, name: str) -> Json: ...
    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        """Pods of a namespace (None: of all) that match a label selector, fetched page by page."""

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        """The pod with `container` in it; sending the same one again changes nothing.

        Raises NameTaken where another has its name, Unavailable where the cluster cannot take it.
        """

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        """The pod each time it changes, None about twice a second between, until the monotonic deadline.

        Raises PodNotFound when the pod is deleted.
        """

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        """The pod's events, oldest first; none where the user may not list them."""

    def whoami(self) -> str:
        """The user name the cluster knows us by; empty if it does not tell."""


class DebuggedPods(Protocol):
    """Pods with ephemeral containers among any number of others; a namespace of None is all of them.

    Every method may raise PermissionDenied, UsageError for what is no selector, and as those of Cluster.
    """

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        """Those that match a label selector; far cheaper than all pods."""

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        """All there are, then what happens to them; None about twice a second in between. `name`: one pod alone.

        It never ends by itself, and survives the loss of the cluster.
        """


class Workloads(Protocol):
    """What owns pods. Every method may raise PermissionDenied, and as those of Cluster."""

    def get_workload(self, namespace: str, reference: Reference) -> Json:
        """Raises NotFound, which says what to type to see those that exist."""

    def list_jobs(self, namespace: str) -> Iterator[Json]:
        """All jobs of a namespace, fetched page by page."""


class Streams(Protocol):
    def open(  # noqa: PLR0913  # an exec is that many facts
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
        """Exec `argv` in a container; raises as methods of Cluster, and Unavailable (no half-close, which is needed).

        ContainerNotRunning: it has not started yet, or is over; nobody can tell these two apart.
        `half_close`: whether the end of stdin has to reach the command; None: where stdin is piped.
        `seconds`: how long to wait for the server's answer; None: as for every request.
        """


class Terminal(Protocol):
    """The user's side: a terminal or pipes."""

    def size(self) -> TerminalSize | None:
        """None without a terminal."""

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        """Bytes both ways until the remote command ends; raises Interrupted, OutputFailed, ConnectionLost."""

    def held(self) -> AbstractContextManager[None]:
        """Signals wait inside, so that what must be said whole is."""


class Notices(Protocol):
    """Lines for the person, on stderr; never data."""

    def identity(self, text: str) -> None:
        """Who and where you are: only where a person reads it."""

    def notice(self, text: str) -> None:
        """What a person should know though nothing failed; silenced by --quiet."""

    def warn(self, text: str) -> None:
        """What must be said even with --quiet."""

    def interject(self, text: str) -> None:
        """As `warn`, into the middle of a session."""

    def progress(self, text: str) -> None:
        """What is being waited for; replaced by the next, gone with the empty text."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds."""

    def elapsed(self) -> float:
        """Seconds, those included that the machine slept."""

    def sleep(self, seconds: float) -> None: ...

    def random_letters(self, letters: str, count: int) -> str: ...


class Keyring(Protocol):
    """What tells the debug containers that this user made on this machine from all others."""

    @property
    def trouble(self) -> str:
        """Why there is no key, once it was asked for."""

    @property
    def refused(self) -> bool:
        """There is one that cannot be trusted: `trouble` is for the user to mend."""

    def key(self, *, make: bool = False) -> Key | None:
        """The user's key; `make`: one is made where there is none."""


@dataclass(frozen=True, slots=True)
class Ports:
    cluster: Cluster
    streams: Streams
    terminal: Terminal
    notices: Notices
    clock: Clock
    scripts: Scripts
    workloads: Workloads
    debugged: DebuggedPods
    keyring: Keyring
