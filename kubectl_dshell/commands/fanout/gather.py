"""The results of an Indexed Job whose workers share one command, from the logs of all its pods."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING, Any, Protocol

from kubectl_dshell.domain.fanout import advice, overall, summary
from kubectl_dshell.domain.pod.indexed_job import IndexedJob, WorkerPod, parse_job, parse_worker
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.domain.run_log import Attempt, RunLog
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import (
    ApiError,
    ConnectionLost,
    DshellError,
    Forbidden,
    Malformed,
    NotFound,
    PermissionDenied,
    TimedOut,
    Unavailable,
)

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.fanout import RunResult

_UNREADABLE = (NotFound, Malformed, ConnectionLost, ApiError)


class GatherReport(Protocol):
    """The output for results that were logged."""

    def repeat(self, result: RunResult, fields: dict[str, Any]) -> None:
        """A result, with the fields of its document that hold the output; none if there is no output."""


@dataclass(slots=True)
class Gathered:
    """One result per pod, and what keeps the shards whose logs are incomplete from being so."""

    results: list[RunResult] = field(default_factory=list)
    missing: list[DshellError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """As for the same command from here; a shard without results is a failure of ours."""
        ours = [int(error.status) for error in self.missing]
        ours += [int(one.error.status) for one in self.results if one.error is not None]
        return max(ours) if ours else overall(self.results)


def gather(namespace: str, name: str, ports: Ports, report: GatherReport) -> Gathered:
    """Report each result as it is read; say at the end which shards lack results, and how many pods failed.

    Raises NotFound if there is no such Job or it has no shards, Forbidden, and the errors of Cluster.
    """
    try:
        job = parse_job(ports.workloads.get_workload(namespace, Reference(WorkloadKind.JOB, name)))
        gathered = _Logs(job, ports, report).read_all(_workers(job, ports))
    except PermissionDenied as error:
        raise Forbidden(
            f"you may not {error.action}, which is required to gather the results",
            "Grant it with manifests/rbac/gather.yaml.",
        ) from error
    _say(gathered, ports)
    return gathered


def _workers(job: IndexedJob, ports: Ports) -> dict[int, list[WorkerPod]]:
    """The attempts at each shard, oldest first."""
    found: dict[int, list[WorkerPod]] = {}
    for pod in ports.cluster.list_pods(job.namespace, job.selector):
        worker = parse_worker(pod, job)
        if worker is not None:
            found.setdefault(worker.index, []).append(worker)
    return {index: sorted(those, key=lambda one: (one.created, one.name)) for index, those in found.items()}


class _Logs:
    """The logs of one Job, put together."""

    def __init__(self, job: IndexedJob, ports: Ports, report: GatherReport) -> None:
        self._job = job
        self._ports = ports
        self._report = report
        self._log = RunLog()
        self._gathered = Gathered()

    def read_all(self, workers: dict[int, list[WorkerPod]]) -> Gathered:
        for index in range(self._job.completions):
            shard = Shard(index, self._job.completions)
            if missing := self._read_shard(shard, workers.get(index, [])):
                self._gathered.missing.append(missing)
        for result in self._log.rest():
            self._take(self._lost(result) if result.earlier else result, {})
        return self._gathered

    def _read_shard(self, shard: Shard, workers: list[WorkerPod]) -> DshellError | None:
        """Why it lacks results, if it does. Each attempt that was complete had a line for each pod."""
        complete, last = False, Attempt()
        for worker in workers:
            last = Attempt()
            try:
                self._read_log(worker, last)
            except PermissionDenied:
                raise
            except _UNREADABLE as error:
                last.say(error.message)
            complete = complete or last.complete(shard)
        return None if complete else _missing(shard, self._job, workers, last)

    def _read_log(self, worker: WorkerPod, attempt: Attempt) -> None:
        if not worker.began:
            return
        for line in self._ports.logs.log_lines(self._job.namespace, worker.name, worker.container.name):
            if told := self._log.read(line, attempt):
                self._take(told.result, told.output)

    def _take(self, result: RunResult, output: dict[str, Any]) -> None:
        self._gathered.results.append(result)
        self._report.repeat(result, output)

    def _lost(self, result: RunResult) -> RunResult:
        place = result.place
        see = self._ports.invocation.command("ls", place.pod, "--all", namespace=place.namespace)
        why = f"the command was begun in {place.pod}, and no log of {self._job} has its output"
        return replace(result, earlier="", error=ConnectionLost(why, f"See how it ended: {see}"))


def _missing(shard: Shard, job: IndexedJob, workers: list[WorkerPod], last: Attempt) -> DshellError:
    again = f"Gather again when it has ended: kubectl get job {quote(job.name)} -n {quote(job.namespace)} --watch"
    if not workers:
        if job.ended:
            return Unavailable(f"shard {shard} has no pod: it was never begun, or its pod was deleted with its log")
        return TimedOut(f"shard {shard} has not begun", again)
    worker = workers[-1]
    what = f"shard {shard} is incomplete: {worker.name} {worker.how}{_extent(shard, last)}"
    said = "".join(f"\n  {text}" for text in last.last_words)
    if not job.ended:
        return TimedOut(what + said, again)
    return Unavailable(what + said, f"Its log: kubectl logs {quote(worker.name)} -n {quote(job.namespace)}")


def _extent(shard: Shard, last: Attempt) -> str:
    if last.end is None:
        damaged = f", {last.damaged} of its lines damaged" if last.damaged else ""
        return f", with the results of {len(last.pods)} pod{'' if len(last.pods) == 1 else 's'}{damaged}"
    if last.end.shard != shard:
        return f", and its results are those of shard {last.end.shard}: --shard and completions have to agree"
    return f", and its log lacks {last.end.pods - len(last.pods)} of {last.end.pods} results (rotated by the node?)"


def _say(gathered: Gathered, ports: Ports) -> None:
    results, say = gathered.results, ports.notices.warn
    if not gathered.missing and all(one.ok for one in results):
        say = ports.notices.identity
    for error in gathered.missing:
        say("\n".join((f"error: {error.message}", *error.advice)))
    say(summary(results, len(results)))
    for line in advice(results):
        say(line)
