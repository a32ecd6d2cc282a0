"""An Indexed Job and the pods that are its attempts, parsed from their JSON; Malformed for what is invalid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.json_fields import SUBDOMAIN, Fields
from kubectl_dshell.domain.pod.pod import Container, Phase, parse_pod
from kubectl_dshell.domain.shard import MOST_SHARDS
from kubectl_dshell.domain.text.bounds import LONGEST_LINE, small_number
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json

_INDEX = "batch.kubernetes.io/job-completion-index"


@dataclass(frozen=True, slots=True)
class IndexedJob:
    """A Job with one shard per index."""

    namespace: str
    name: str
    uid: str
    completions: int
    ended: bool
    """Whether it starts no more pods."""

    @property
    def selector(self) -> str:
        """The labels of its pods, which others may wear as well."""
        return f"batch.kubernetes.io/controller-uid={self.uid}"

    def __str__(self) -> str:
        return f"job/{self.name}"


@dataclass(frozen=True, slots=True)
class WorkerPod:
    """One attempt at a shard."""

    index: int
    created: str
    name: str
    container: Container

    @property
    def began(self) -> bool:
        """Whether it has a log."""
        return self.container.state.phase in (Phase.RUNNING, Phase.TERMINATED)

    @property
    def how(self) -> str:
        """The state, as the predicate of a sentence."""
        state = self.container.state
        match state.phase:
            case Phase.TERMINATED:
                why = f" ({state.reason})" if state.reason not in ("", "Error", "Completed") else ""
                return f"ended with exit code {state.exit_code}{why}"
            case Phase.RUNNING:
                return "is still running"
            case _:
                return f"has not started ({state.reason})" if state.reason else "has not started"


def parse_job(job: Json) -> IndexedJob:
    """Raises NotFound if its completions have no indexes, and therefore no shards."""
    fields = Fields.of("the job", job)
    meta, spec = fields.fields("metadata"), fields.fields("spec")
    name, completions = meta.name("name", SUBDOMAIN), spec.number("completions", 0, MOST_SHARDS)
    if spec.text("completionMode", LONGEST_LINE) != "Indexed" or completions is None:
        raise NotFound(
            f"job/{name} has no shards: its completionMode is not Indexed",
            "For what its pods have printed: kubectl logs -l job-name=NAME --prefix",
        )
    conditions = fields.fields("status").items("conditions")
    ended = any(c.text("type") in ("Complete", "Failed") and c.text("status") == "True" for c in conditions)
    return IndexedJob(meta.name("namespace"), name, meta.name("uid"), completions, ended)


def parse_worker(pod: Json, job: IndexedJob) -> WorkerPod | None:
    """None for a pod that the Job did not create."""
    parsed, meta = parse_pod(pod), Fields.of("a pod of the job", pod).fields("metadata")
    index = small_number(parsed.annotations.get(_INDEX))
    owned = any(owner.text("uid") == job.uid for owner in meta.items("ownerReferences"))
    if not owned or index is None or index >= job.completions or not parsed.containers:
        return None
    return WorkerPod(index, meta.text("creationTimestamp", LONGEST_LINE), parsed.name, parsed.containers[0])
