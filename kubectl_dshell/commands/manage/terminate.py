"""Ends one debug container and waits until the pod's status shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.commands.manage.terminate_by_signal import terminate_by_signal
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult, failed
from kubectl_dshell.domain.debug_container.spec import NAME_LETTERS
from kubectl_dshell.domain.pod.pod import Phase, Pod, parse_pod
from kubectl_dshell.errors import ApiError, ConnectionLost, ContainerNotRunning, DshellError, NotFound, PermissionDenied
from kubectl_dshell.remote import protocol
from kubectl_dshell.remote.exec_script import shell_of, tether_exec

if TYPE_CHECKING:
    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.status import DebugContainer

LONGEST_SECONDS = 240.0
"""The limit for one debug container: a user who named it waits while the cluster is unreachable or busy."""
_WORD_SECONDS = 15.0
_STATUS_SECONDS = 15.0  # the kubelet notices an end within its relist period of 1 s; a busy one takes longer
_REFUSED_SECONDS = 3.0
_AWAY_SECONDS = 120.0  # for an API server that is starting
_BUSY_SECONDS = 30.0
_LEAVING_SECONDS = 60.0  # the usual grace period of 30 s, and a busy node
_PAUSE_SECONDS = 1.0


def terminate(container: DebugContainer, ports: Ports, stop: Stop, seconds: float = LONGEST_SECONDS) -> CleanupResult:
    """End it, whichever tool created it, within `seconds`.

    Failures that may pass (an unreachable API server, too many requests) are retried for a while.
    """
    return _Work(container, ports, stop, seconds).terminate()


class _Work:
    def __init__(self, container: DebugContainer, ports: Ports, stop: Stop, seconds: float) -> None:
        self._session, self._ports, self._stop = container, ports, stop
        self._status_seconds = _STATUS_SECONDS * ports.clock.patience
        self._began = ports.clock.monotonic()
        self._deadline = self._began + seconds

    def _left(self, most: float) -> float:
        """The remaining seconds, at most `most`; 0 when the time is up."""
        return max(0.0, min(most, self._deadline - self._ports.clock.monotonic()))

    def terminate(self) -> CleanupResult:
        again = False
        while True:
            try:
                return self._attempt(again=again)
            except NotFound:
                return CleanupResult(self._session, CleanupOutcome.ENDED, "its pod is gone")
            except DshellError as error:
                if self._stop.is_set():
                    return CleanupResult(self._session, CleanupOutcome.INTERRUPTED)
                tried = self._ports.clock.monotonic() - self._began
                if tried >= _patience(error) or not self._left(_STATUS_SECONDS):
                    return self._unless_leaving(failed(self._session, error.message))
            again = True
            self._pause()

    def _attempt(self, *, again: bool) -> CleanupResult:
        container = self._session
        if container.is_copy and (deleted := self._delete()):
            return deleted
        if self._is_over(self._pod()):
            return CleanupResult(container, CleanupOutcome.ENDED if again else CleanupOutcome.ALREADY_ENDED)
        why = ""
        ways = (self._say_end, self._signal) if container.ours else (self._signal,)
        for number, way in enumerate(ways):
            if not self._left(_WORD_SECONDS):
                break
            why = way()
            share = self._left(LONGEST_SECONDS) / (len(ways) - number)  # the next way is to have its time, too
            patient = max(_STATUS_SECONDS, min(self._status_seconds, share))
            if self._ends(_REFUSED_SECONDS if why else patient):
                return CleanupResult(container, CleanupOutcome.ENDED)
            if self._stop.is_set():
                return CleanupResult(container, CleanupOutcome.INTERRUPTED)
        return self._unless_leaving(failed(container, why or "it is still running"))

    def _delete(self) -> CleanupResult | None:
        """Delete the pod, which is a copy of another one; None if that is denied, and it has to be ended otherwise."""
        container = self._session
        try:
            self._ports.created().delete_pod(container.namespace, container.pod, container.pod_uid)
        except PermissionDenied as error:
            if not self._is_over(self._pod()):
                return None
            return CleanupResult(container, CleanupOutcome.ALREADY_ENDED, f"its pod remains: {error.message}")
        if self._ends(self._status_seconds):
            return CleanupResult(container, CleanupOutcome.ENDED, "its pod is deleted")
        return failed(container, "its pod is still being deleted")

    def _unless_leaving(self, ending: CleanupResult) -> CleanupResult:
        """A pod that is being deleted ends it in time, whether or not messages and signals had an effect."""
        try:
            leaving = self._pod().deleting and self._ends(_LEAVING_SECONDS)
        except NotFound:
            return CleanupResult(self._session, CleanupOutcome.ENDED, "its pod is gone")
        except DshellError:
            leaving = False
        return CleanupResult(self._session, CleanupOutcome.ENDED) if leaving else ending

    def _say_end(self) -> str:
        """Tell its holder to end; the reason if it did not acknowledge that."""
        container, ports = self._session, self._ports
        tether = tether_exec(
            container.target_id, ports.clock.random_letters(NAME_LETTERS, 8), shell=shell_of(container.tools)
        )
        try:
            answer = exec_once(
                container.ref,
                tether,
                ports,
                self._stop,
                seconds=self._left(_WORD_SECONDS),
                words=protocol.END,
                enough=lambda out: out.endswith("\n" + protocol.END.decode()),
            )
        except ContainerNotRunning as error:  # the node may know of the end before the status shows it
            return f"the node rejected the exec: {error.message}"
        return "" if protocol.END.decode() in answer.out.splitlines(keepends=True) else "its holder does not answer"

    def _signal(self) -> str:
        try:
            return terminate_by_signal(self._session, self._ports, self._stop, self._left)
        except ContainerNotRunning as error:  # the node may know of the end before the status shows it
            return f"the node rejected the exec: {error.message}"

    def _ends(self, seconds: float) -> bool:
        """Whether its status shows within `seconds` that it has ended."""
        deadline = self._ports.clock.monotonic() + self._left(seconds)
        pod = self._pod()
        if self._is_over(pod):
            return True
        where = (self._session.namespace, self._session.pod)
        for change in self._ports.cluster.pod_changes(*where, pod.resource_version, deadline):
            if change is not None and self._is_over(parse_pod(change)):
                return True
            if self._stop.is_set():
                return False
        return False

    def _pod(self) -> Pod:
        return parse_pod(self._ports.cluster.get_pod(self._session.namespace, self._session.pod))

    def _is_over(self, pod: Pod) -> bool:
        container = pod.debug_container(self._session.name)
        if container is None or pod.uid != self._session.pod_uid:
            raise NotFound("its pod was replaced by another of the same name")
        return container.state.phase is Phase.TERMINATED

    def _pause(self) -> None:
        self._stop.wait(self._left(_PAUSE_SECONDS))


def _patience(error: DshellError) -> float:
    """For how many seconds in total to retry after such a failure."""
    if isinstance(error, ApiError) and error.is_transient:
        return _BUSY_SECONDS
    return _AWAY_SECONDS if isinstance(error, ConnectionLost) else 0.0
