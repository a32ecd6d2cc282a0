"""The results of a Job: of all its attempts, with what is missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubectl_dshell.commands.fanout.gather import Gathered, gather
from kubectl_dshell.domain.fanout import RunResult
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.reference import parse_reference
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import DshellError, ExitStatus, Forbidden, NotFound
from kubectl_dshell.kube.refusals import ApiRequest
from kubectl_dshell.output.fanout_report import run_document, shard_document
from tests.commands.world import World, refused
from tests.pods import Json, pod_json

JOB = parse_reference("job/fix")
UID = "u-job"
ENDED = [{"type": "Complete", "status": "True"}]
EXITED: Json = {"terminated": {"exitCode": 0, "reason": "Completed"}}
KILLED: Json = {"terminated": {"exitCode": 137, "reason": "Error"}}
RUNNING: Json = {"running": {}}
OUTPUT = {"stdout": "hello\n", "stderr": "", "replaced": [], "truncated": []}


@dataclass
class Notebook:
    """A GatherReport that remembers."""

    results: list[RunResult] = field(default_factory=list)
    output: dict[str, str] = field(default_factory=dict)

    def repeat(self, result: RunResult, fields: dict[str, Any]) -> None:
        self.results.append(result)
        self.output[result.place.pod] = fields.get("stdout", "")


class JobWorld(World):
    """A Job of `completions` shards, with attempts and their logs."""

    def __init__(self, completions: int = 2, *, ended: bool = True) -> None:
        super().__init__()
        self.workers: list[Json] = []
        self.cluster.workloads[JOB] = {
            "metadata": {"name": "fix", "namespace": "ops", "uid": UID},
            "spec": {"completionMode": "Indexed", "completions": completions},
            "status": {"conditions": ENDED if ended else []},
        }
        self.cluster.list_pods = lambda *_args, **_more: iter(self.workers)  # type: ignore[method-assign]  # its pods

    def attempt(self, name: str, index: int, *lines: bytes, state: Json = EXITED, owner: str = UID) -> None:
        pod = pod_json(
            annotations={"batch.kubernetes.io/job-completion-index": str(index)},
            statuses=[{"name": "app", "state": state}],
        )
        created = f"2026-01-01T00:00:{len(self.workers):02}Z"
        pod["metadata"] |= {"name": name, "namespace": "ops", "creationTimestamp": created}
        pod["metadata"]["ownerReferences"] = [{"uid": owner}]
        self.workers.insert(0, pod)  # lists have no order
        self.cluster.logs[name] = list(lines)

    def gather(self) -> tuple[Gathered, Notebook]:
        book = Notebook()
        return gather("ops", "fix", self.ports(), book), book


def ran(pod: str, code: int | None = 0, **more: Any) -> bytes:
    name = "" if more.get("earlier") else "dshell-x"
    result = RunResult(ContainerRef("shop", pod, "app"), 1.0, code, debug_container=name, **more)
    return json.dumps(run_document(result, OUTPUT if code is not None else {})).encode()


def before(pod: str) -> bytes:
    return ran(pod, None, earlier=f"an earlier run has run the command here, in {pod}")


def end(index: int, pods: int, count: int = 2) -> bytes:
    return json.dumps(shard_document(Shard(index, count), pods, 0)).encode()


def codes(results: list[RunResult]) -> dict[str, int | str]:
    return {r.place.pod: r.exit_code if r.exit_code is not None else r.why for r in results}


def test_all_shards_together_are_one_run() -> None:
    world = JobWorld()
    world.attempt("fix-0-a", 0, ran("a"), ran("b"), end(0, 2))
    world.attempt("fix-1-a", 1, b"skipped 1 of 3 pods: x", ran("c"), end(1, 1))

    gathered, book = world.gather()

    assert codes(gathered.results) == {"a": 0, "b": 0, "c": 0}
    assert book.results == gathered.results
    assert book.output == dict.fromkeys("abc", "hello\n")
    assert gathered.exit_code == 0
    assert world.said == ["3 ok, 0 failed"]


def test_the_exit_code_and_the_summary_are_those_of_a_run_from_here() -> None:
    world = JobWorld()
    world.attempt("fix-0-a", 0, ran("a", 3), end(0, 1))
    world.attempt("fix-1-a", 1, ran("b", 9), ran("c"), end(1, 2))

    gathered, _ = world.gather()

    assert gathered.exit_code == 9
    assert world.said == ["1 ok, 2 failed: a (exit code 3), b (exit code 9)"]


def test_a_failure_of_ours_goes_before_exit_codes_and_its_advice_is_said_once() -> None:
    world = JobWorld(1)
    denied = Forbidden("no", "ask an administrator")
    lines = [ran("a", 9), *(ran(pod, None, error=denied) for pod in "bc")]
    world.attempt("fix-0-a", 0, *lines, end(0, 3, 1))

    gathered, _ = world.gather()

    assert gathered.exit_code == ExitStatus.FORBIDDEN
    assert world.said[1:] == ["ask an administrator"]


def test_an_empty_shard_is_complete() -> None:
    world = JobWorld()
    world.attempt("fix-0-a", 0, ran("a"), end(0, 1))
    world.attempt("fix-1-a", 1, b"shard 1/2 has no pods: there is nothing to do", end(1, 0))

    gathered, _ = world.gather()

    assert (gathered.exit_code, gathered.missing) == (0, [])


def test_a_retry_adds_what_the_first_attempt_had_not_answered() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0, ran("a"), ran("b", 4), state=KILLED)
    world.attempt("fix-0-b", 0, before("a"), before("b"), before("c"), ran("d"), end(0, 4, 1))

    gathered, _ = world.gather()

    assert codes(gathered.results) == {"a": 0, "b": 4, "d": 0, "c": "CONNECTION_LOST"}
    assert gathered.missing == []
    assert gathered.exit_code == ExitStatus.CONNECTION_LOST
    lost = next(one.error for one in gathered.results if one.place.pod == "c")
    assert lost
    assert lost.message == "the command was begun in c, and no log of job/fix has its output"
    assert world.said[1:] == ["See how it ended: kubectl dshell ls c --all -n shop"]


def test_a_shard_that_runs_is_said_with_what_to_type() -> None:
    world = JobWorld(ended=False)
    world.attempt("fix-0-a", 0, ran("a"), state=RUNNING)

    gathered, _ = world.gather()

    again = "Gather again when it has ended: kubectl get job fix -n ops --watch"
    assert codes(gathered.results) == {"a": 0}
    assert gathered.exit_code == ExitStatus.TIMEOUT
    assert world.said == [
        f"error: shard 0/2 is incomplete: fix-0-a is still running, with the results of 1 pod\n{again}",
        f"error: shard 1/2 has not begun\n{again}",
        "1 ok, 0 failed",
    ]


def missing(world: JobWorld) -> str:
    gathered, _ = world.gather()
    (error,) = gathered.missing
    assert gathered.exit_code == int(error.status) == ExitStatus.UNAVAILABLE
    return "\n".join((error.message, *error.advice))


def test_a_shard_that_failed_as_a_whole_says_why() -> None:
    world = JobWorld(1)
    failed: Json = {"terminated": {"exitCode": 77, "reason": "Error"}}
    world.attempt("fix-0-a", 0, b"error: you may not list pods", b"Grant it", state=failed)

    assert missing(world) == (
        "shard 0/1 is incomplete: fix-0-a ended with exit code 77, with the results of 0 pods\n"
        "  error: you may not list pods\n  Grant it\nIts log: kubectl logs fix-0-a -n ops"
    )


def test_a_shard_whose_pod_has_gone_is_missed() -> None:
    world = JobWorld(2)
    world.attempt("fix-0-a", 0, ran("a"), end(0, 1))

    assert missing(world).startswith("shard 1/2 has no pod: it was never begun, or its pod was deleted with its log")


def test_a_log_that_has_gone_is_said() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0)
    del world.cluster.logs["fix-0-a"]

    assert 'fix-0-a ended with exit code 0, with the results of 0 pods\n  no pod "fix-0-a"' in missing(world)


def test_a_log_that_was_rotated_away_is_noticed() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0, ran("y")[30:], ran("z"), end(0, 26, 1))

    assert "and its log lacks 25 of 26 results (rotated by the node?)" in missing(world)


def test_damaged_lines_are_counted() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0, ran("a"), ran("b")[:90], state=KILLED)

    assert "with the results of 1 pod, 1 of its lines damaged" in missing(world)


def test_a_job_whose_shards_are_numbered_otherwise_is_noticed() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0, ran("a"), end(0, 1, count=4))

    assert "its results are those of shard 0/4: --shard and completions have to agree" in missing(world)


def test_the_log_of_another_s_pod_is_not_read() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0, ran("a"), end(0, 1, 1))
    world.attempt("forged", 0, ran("b"), end(0, 1, 1), owner="another")

    gathered, _ = world.gather()

    assert codes(gathered.results) == {"a": 0}


def test_a_pod_that_has_not_started_has_no_log() -> None:
    world = JobWorld(1, ended=False)
    world.attempt("fix-0-a", 0, state={"waiting": {"reason": "ErrImagePull"}})
    del world.cluster.logs["fix-0-a"]

    gathered, _ = world.gather()

    assert "fix-0-a has not started (ErrImagePull)" in gathered.missing[0].message


def test_who_may_not_read_logs_learns_what_to_grant() -> None:
    world = JobWorld(1)
    world.attempt("fix-0-a", 0)

    def denied(namespace: str, pod: str, container: str) -> Any:
        del container
        raise refused(403, "forbidden", ApiRequest("get", "pods/log", namespace, pod))

    world.cluster.log_lines = denied  # type: ignore[method-assign]  # the one that is refused

    with pytest.raises(Forbidden) as refusal:
        world.gather()

    assert refusal.value.message == "you may not get pods/log in namespace ops, which is required to gather the results"
    assert refusal.value.advice == ("Grant it with manifests/rbac/gather.yaml.",)


def test_a_job_that_is_not_there_is_said() -> None:
    world = JobWorld()
    world.cluster.workloads.clear()

    with pytest.raises(NotFound, match='no job "fix" in namespace ops'):
        world.gather()


def test_what_is_missing_is_an_error_with_an_exit_code_of_its_own() -> None:
    gathered = Gathered(missing=[DshellError("x")])

    assert gathered.exit_code == ExitStatus.BUG
