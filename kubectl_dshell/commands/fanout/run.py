"""One command in many pods: a session in each, a few at a time; nothing is left running, however it ends."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.commands.app_image.open import open_app_image
from kubectl_dshell.commands.fanout.capture import Capture
from kubectl_dshell.commands.fanout.once import ran_before
from kubectl_dshell.commands.fanout.pod_cluster import PodCluster
from kubectl_dshell.commands.fanout.shared_checks import SharedChecks
from kubectl_dshell.commands.first_requests import check_exec
from kubectl_dshell.commands.parallel import Stop, each
from kubectl_dshell.commands.ports import NOBODY
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.commands.session.plan import read_pod, say_refused_key
from kubectl_dshell.domain.access.target import choose_target
from kubectl_dshell.domain.fanout import RunResult, advice, summary
from kubectl_dshell.errors import DshellError, Interrupted, NameTaken, OutputFailed, shortage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.commands.fanout.targets import SelectedPod
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Sink


class Report(Protocol):
    """The output for many sessions; used by several threads."""

    def begin(self, place: ContainerRef) -> Sink:
        """A command has started there."""

    def end(self, result: RunResult) -> None:
        """A session has ended, or never began."""

    def say(self, place: ContainerRef, text: str) -> None:
        """A warning about one session."""

    def progress(self, text: str) -> None:
        """What one of the sessions is waiting for."""


@dataclass(frozen=True, slots=True)
class ManyRequest:
    """`template` is the request for each pod of a namespace, except for pod and retry command."""

    template: Callable[[str], OpenRequest]
    retry_command: Callable[[str, str], str]
    concurrency: int
    fail_fast: bool
    summary: bool = True
    """Whether to say at the end how many failed; not if the documents on stdout do."""


def run_many(found: Sequence[SelectedPod], request: ManyRequest, ports: Ports, report: Report) -> list[RunResult]:
    """The results, in order of completion. Raises Interrupted (after all sessions have ended) and OutputFailed."""
    ports = replace(ports, streams=SharedChecks(ports.streams))
    for one in found[:1]:  # in parallel with the first request
        check_exec(_request_for(one, request), ports)
    owner = ports.cluster.whoami()
    ports.keyring.key()
    say_refused_key(ports)
    results: list[RunResult] = []

    def work(one: SelectedPod, stop: Stop) -> None:
        result = _run(one, owner, stop, request, ports, report)
        results.append(result)
        if request.fail_fast and result.failed:
            stop.set()

    try:
        with closing(each(found, work, request.concurrency)) as running:
            for _ in running:
                pass
    except Interrupted:
        _say_summary(results, len(found), ports)
        raise
    if request.summary:
        _say_summary(results, len(found), ports)
    return results


def _run(one: SelectedPod, owner: str, stop: Stop, request: ManyRequest, ports: Ports, report: Report) -> RunResult:
    began = ports.clock.monotonic()
    place = one.place
    step = PodCluster(one, owner, stop, ports.cluster, ports.streams, ports.clock)
    code: int | None = None
    failure: DshellError | None = None
    earlier = ""
    capture = Capture(lambda: report.begin(place), stop, ports.clock)
    mine = replace(ports, cluster=step, streams=step, terminal=capture, notices=_Notices(place, report), prompt=NOBODY)
    wanted = _request_for(one, request)
    try:
        pod = read_pod(place.namespace, place.pod, mine)
        target = choose_target(pod, wanted.container, ports.clock.now(), new=wanted.new, invocation=ports.invocation)
        place = replace(place, container=target.container.name)
        code, earlier = _session(wanted, mine)
    except OutputFailed:
        raise
    except DshellError as error:
        failure = error
    except Interrupted:
        pass
    except (OSError, RuntimeError) as error:
        failure = shortage(error)
        if failure is None:
            raise
    seconds = ports.clock.monotonic() - began
    result = RunResult(place, seconds, code, failure, step.name, step.identity, earlier)
    report.end(result)
    return result


def _session(wanted: OpenRequest, ports: Ports) -> tuple[int | None, str]:
    """The exit code, or that an earlier run has it."""
    try:
        return (open_app_image if wanted.app_image else open_session)(wanted, ports), ""
    except NameTaken:
        if not (wanted.once and wanted.name):
            raise
    pod = read_pod(wanted.namespace, wanted.pod, ports)
    return None, ran_before(pod, wanted.name, wanted.retry_command)


def _request_for(one: SelectedPod, request: ManyRequest) -> OpenRequest:
    namespace, pod = one.place.namespace, one.place.pod
    template, again = request.template(namespace), request.retry_command(namespace, pod)
    return replace(template, namespace=namespace, pod=pod, retry_command=again, task=not template.keep)


def _say_summary(results: Sequence[RunResult], total: int, ports: Ports) -> None:
    text = summary(results, total)
    if len(results) == total and all(r.ok for r in results):
        ports.notices.identity(text)
        return
    ports.notices.warn(text)  # also if some were already run: that is no failure, and not what is usual
    for line in advice(results):
        ports.notices.warn(line)


class _Notices:
    """Shows only the warnings of many sessions: pod and identity are in the prefix or the result."""

    def __init__(self, place: ContainerRef, report: Report) -> None:
        self._place = place
        self._report = report

    def identity(self, text: str) -> None: ...

    def notice(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        self._report.say(self._place, text)

    interject = warn

    def progress(self, text: str) -> None:
        self._report.progress(text)
