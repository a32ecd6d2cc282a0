"""The Protocols through which commands see the outside world; `cli.wiring` binds them to the adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.text.invocation import PLAIN, Invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.seal import Key
    from kubectl_dshell.domain.pod.pod import Json
    from kubectl_dshell.domain.pod.reference import Reference
    from kubectl_dshell.domain.pod.watch_event import PodEvent
    from kubectl_dshell.domain.stream import Companion, Exit, Stream, TerminalSize


class Cluster(Protocol):
    """Pods of one cluster.

    Every method may raise PodNotFound, PermissionDenied or another Forbidden, BadConfig, ConnectionLost, or ApiError
    for any other answer of the server.
    """

    def get_pod(self, namespace: str, name: str) -> Json: ...
    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        """Pods of a namespace (None: of all) that match a label selector, fetched page by page."""

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        """The pod with `container` added; sending the same one again changes nothing.

        Raises NameTaken if another container has its name, Unavailable if the cluster cannot accept it.
        """

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        """The pod each time it changes, and None about twice a second in between, until the monotonic deadline.

        Raises PodNotFound when the pod is deleted.
        """

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        """The pod's events, oldest first; empty if the user may not list them."""

    def node_architecture(self, node: str) -> str:
        """Such as amd64; empty if the user may not get the node."""

    def whoami(self) -> str:
        """The user name that the cluster knows the client by; empty if it does not report one."""


class DebuggedPods(Protocol):
    """Pods with ephemeral containers, among any number of others; a namespace of None means all namespaces.

    Every method may raise PermissionDenied, UsageError for an invalid selector, and the errors of Cluster.
    """

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        """The ones that match a label selector; far cheaper than listing all pods."""

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        """First all of them, then their changes, and None about twice a second in between. `name`: a single pod.

        It never ends by itself, and survives a lost connection.
        """


class CreatedPods(Protocol):
    """Pods of dshell's own. Every method may raise PermissionDenied, and the errors of Cluster."""

    def create_pod(self, namespace: str, pod: Json, *, dry_run: bool = False) -> Json:
        """The pod as stored; raises Unavailable if the cluster cannot accept it."""

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete the pod with this UID (empty: whichever has the name), if it is there."""

    def check_right(self, namespace: str, verb: str, resource: str) -> None:
        """Raises PermissionDenied if the user may not; no answer is not a refusal."""


class Workloads(Protocol):
    """Owners of pods. Every method may raise PermissionDenied, and the errors of Cluster."""

    def get_workload(self, namespace: str, reference: Reference) -> Json:
        """Raises NotFound, with the command that lists the existing ones."""

    def list_jobs(self, namespace: str) -> Iterator[Json]:
        """All jobs of a namespace, fetched page by page."""


class Logs(Protocol):
    """Logs of containers. Every method may raise PermissionDenied, Malformed, and the errors of Cluster."""

    def log_lines(self, namespace: str, pod: str, container: str) -> Iterator[bytes]:
        """The lines that the node has kept, without their ends."""


class ExecCheck(Protocol):
    """A check that is under way: whether the cluster would let an exec through."""

    def verdict(self) -> None:
        """Wait for the answer, if it comes in time; no answer is not a refusal.

        Raises PermissionDenied or another Forbidden, or Unavailable if no stream can be opened.
        """

    def upgraded(self) -> bool:
        """Whether a WebSocket has got through, even if the exec is refused; False: no answer shows it.

        Raises Unavailable if none gets through.
        """


class Streams(Protocol):
    def check(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecCheck:
        """Begin to check whether such an exec would be let through. `container` must not exist, so that nothing is run.

        Raises BadConfig without credentials.
        """

    def open(  # noqa: PLR0913  # the parameters of an exec
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
        """Exec `argv` in a container; raises the errors of Cluster, and Unavailable if it lacks a needed half-close.

        ContainerNotRunning: it has not started yet, or has ended; these two cases cannot be told apart.
        `half_close`: whether the end of stdin has to reach the command; None: only if stdin is piped.
        `seconds`: how long to wait for the server's response; None: the timeout of every request.
        """


class Terminal(Protocol):
    """The local side of a session: a terminal or pipes."""

    def size(self) -> TerminalSize | None:
        """None without a terminal."""

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        """Relay bytes both ways until the remote command ends; raises Interrupted, OutputFailed, ConnectionLost."""

    def give_back(self, unread: bytes) -> None:
        """The input of a command that did not begin: the next `relay` sends it first."""

    def held(self) -> AbstractContextManager[None]:
        """Signals are deferred inside, so that a goodbye is sent completely."""


class Notices(Protocol):
    """Lines for people, on stderr; never data."""

    def identity(self, text: str) -> None:
        """Information for a person at a terminal, such as the banner of a session; silenced by --quiet."""

    def notice(self, text: str) -> None:
        """Information although nothing failed; silenced by --quiet."""

    def warn(self, text: str) -> None:
        """A warning, shown even with --quiet."""

    def interject(self, text: str) -> None:
        """Like `warn`, but in the middle of a session."""

    def progress(self, text: str) -> None:
        """What is being waited for; replaced by the next text, removed by an empty one."""


class Prompt(Protocol):
    """The person at the terminal, if there is one."""

    def can_ask(self) -> bool:
        """Whether somebody can answer: not in a script."""

    def confirm(self, question: str, companion: Companion) -> bool:
        """Whether they agree; `companion` is served until they answer. Raises Interrupted."""


class Nobody:
    """A Prompt without a person."""

    def can_ask(self) -> bool:
        return False

    def confirm(self, question: str, companion: Companion) -> bool:  # noqa: ARG002  # as the Protocol
        return False


NOBODY = Nobody()


class Clock(Protocol):
    @property
    def patience(self) -> int:
        """How many times slower than usual the nodes are, as the user says."""

    def now(self) -> datetime:
        """Wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds."""

    def elapsed(self) -> float:
        """Seconds, including the time that the machine slept."""

    def sleep(self, seconds: float) -> None: ...

    def random_letters(self, letters: str, count: int) -> str: ...


class Keyring(Protocol):
    """Distinguishes the debug containers that this user created on this machine from all others."""

    told: bool
    """Whether the user has been told that it is refused."""

    @property
    def trouble(self) -> str:
        """Why there is no key, once `key` has been called."""

    @property
    def refused(self) -> bool:
        """Whether a key exists that cannot be trusted: `trouble` is for the user to fix."""

    def key(self, *, make: bool = False) -> Key | None:
        """The user's key; `make`: create one if there is none."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a verb reaches the outside through."""

    cluster: Cluster
    streams: Streams
    terminal: Terminal
    notices: Notices
    clock: Clock
    workloads: Workloads
    debugged: DebuggedPods
    logs: Logs
    keyring: Keyring
    created: Callable[[], CreatedPods]
    """Made only when it is needed."""
    invocation: Invocation = PLAIN
    """For the commands that messages suggest."""
    prompt: Prompt = NOBODY
    context: str = ""
    """The kubeconfig context in use; empty without one."""
