"""Results of one command in many pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.errors import DshellError, ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_dshell.domain.pod.container_ref import ContainerRef

_NAMED = 5
ALREADY_RUN = "ALREADY_RUN"
"""The class of `RunResult.earlier` in documents; it is no exit code, because nothing failed."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result in one pod: an exit code, an `error`, neither if it was `stopped`, or what happened `earlier`."""

    place: ContainerRef
    seconds: float
    exit_code: int | None = None
    error: DshellError | None = None
    debug_container: str = ""
    identity: tuple[int, int] | None = None
    """The requested uid and gid."""
    earlier: str = ""
    """With --once: the sentence that an earlier run has run the command there, or has begun to; else empty."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def stopped(self) -> bool:
        """Interrupted, or never started, because the whole run was stopped."""
        return self.exit_code is None and self.error is None and not self.earlier

    @property
    def failed(self) -> bool:
        return not (self.ok or self.stopped or self.earlier)

    @property
    def why(self) -> str:
        """The reason of a failure, in a few words."""
        if self.error is not None:
            return self.error.status.name
        return "stopped" if self.stopped else f"exit code {self.exit_code}"


def overall(results: Iterable[RunResult]) -> int:
    """The exit code of the run: the highest of our own errors, else the highest of the commands, else 0.

    Stopped pods do not count: the cause of the stop has its own exit code. Nor do those of an earlier run, whose
    output has the exit code.
    """
    known = list(results)
    ours = [int(r.error.status) for r in known if r.error is not None]
    return max(ours) if ours else max((r.exit_code or 0 for r in known), default=int(ExitStatus.OK))


def summary(results: Sequence[RunResult], total: int) -> str:
    """`30 ok, 4 already run, 2 failed: web-1 (exit code 3), web-2 (NOT_FOUND)`."""
    failed = [r for r in results if r.failed]
    stopped = total - sum(not r.stopped for r in results)
    unfinished = f"{stopped} stopped, " if stopped else ""
    earlier = sum(bool(r.earlier) for r in results)
    before = f"{earlier} already run, " if earlier else ""
    words = f"{sum(r.ok for r in results)} ok, {before}{unfinished}{len(failed)} failed"
    names = ", ".join(f"{r.place.pod} ({r.why})" for r in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f"{words}: {names}{more}" if failed else words


def advice(results: Iterable[RunResult]) -> list[str]:
    """The advice of the first failure of each class: further ones would repeat it for another pod."""
    seen: dict[ExitStatus, tuple[str, ...]] = {}
    for result in results:
        if result.error is not None and result.error.advice:
            seen.setdefault(result.error.status, result.error.advice)
    return [line for lines in seen.values() for line in lines]
