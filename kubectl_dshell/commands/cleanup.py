"""`kubectl dshell cleanup`: ends debug containers, many at a time, and reports each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.commands.ending import end
from kubectl_dshell.commands.listing import existing_pods, list_sessions, whose
from kubectl_dshell.commands.parallel import each
from kubectl_dshell.commands.probe import probe
from kubectl_dshell.domain.ending import Ending, Outcome, failed
from kubectl_dshell.domain.pod import Phase, parse_pod
from kubectl_dshell.domain.session import sessions
from kubectl_dshell.domain.stale import staleness
from kubectl_dshell.errors import Forbidden, NoTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.session import Session


@dataclass(frozen=True, slots=True)
class CleanupRequest:
    """What to end. Each condition narrows the others; `names` are of debug containers (POD/NAME too) or pods."""

    names: tuple[str, ...] = ()
    namespace: str | None = None
    selector: str = ""
    stale: bool = False
    mine: bool = False
    older_than: int | None = None
    any_tool: bool = False
    concurrency: int = 16


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be ended, and what was named but is not to be, with the reason."""

    sessions: tuple[Session, ...]
    settled: tuple[Ending, ...]


def choose(request: CleanupRequest, ports: Ports) -> Chosen:
    """The debug containers that `request` means.

    Raises NoTarget for a name that is neither a debug container's nor that of a pod with one.
    """
    mine = whose(ports) if request.mine else None
    found = [s for s in _named(request, ports) if mine is None or mine(s)]
    running = [s for s in found if s.phase is Phase.RUNNING]
    ours = [s for s in running if s.ours or request.any_tool]
    settled = [_settled(s) for s in found if own_names(s) & set(request.names) and s not in ours]
    left_alone = len(running) - len(ours) - sum(s.session.phase is Phase.RUNNING for s in settled)
    if left_alone and not request.mine:
        ports.notices.notice(f"{left_alone} of other tools left alone (--any-tool ends those too)")
    return Chosen(tuple(_unneeded(ours, request, ports)), tuple(settled))


def _named(request: CleanupRequest, ports: Ports) -> list[Session]:
    names = request.names
    try:
        found = list_sessions(request.namespace, ports, request.selector)
    except Forbidden:
        # who may not list pods may still get those that are named
        if not names or request.namespace is None or request.selector:
            raise
        try:
            pods = list(existing_pods(request.namespace, sorted({n.partition("/")[0] for n in names}), ports))
        except NoTarget:
            pods = []
        if not pods:
            raise
        found = [s for pod in pods for s in sessions(parse_pod(pod))]
    unknown = [n for n in names if not any(n in {s.pod, *own_names(s)} for s in found)]
    if unknown:
        where = f"namespace {request.namespace}" if request.namespace else "any namespace"
        where += f" with {request.selector}" if request.selector else ""
        raise NoTarget(
            f"no debug container and no pod with one is called {', '.join(unknown)} in {where}",
            "Those there are: kubectl dshell ls",
        )
    return [s for s in found if not names or {s.pod, *own_names(s)} & set(names)]


def own_names(session: Session) -> set[str]:
    """What it may be called: its name, and the forms that `ls -o name` prints."""
    name = f"{session.pod}/{session.name}"
    return {session.name, name, f"{session.namespace}/{name}"}


def _settled(session: Session) -> Ending:
    if session.phase is Phase.TERMINATED:
        return Ending(session, Outcome.ALREADY_ENDED, session.state.removeprefix("ended ").strip("()"))
    if session.phase is not Phase.RUNNING:
        return failed(session, f"it has no processes yet: {session.state}")
    return failed(session, "it was not made by dshell (--any-tool ends it too)")


def _unneeded(running: Sequence[Session], request: CleanupRequest, ports: Ports) -> Iterator[Session]:
    """Those that are as old, and as stale, as was asked for."""
    now, oldest = ports.clock.now(), request.older_than
    old = [
        s
        for s in running
        if oldest is None or (s.started_at is not None and (now - s.started_at).total_seconds() > oldest)
    ]
    if not request.stale:
        yield from old
        return
    unknown = 0
    for session in probe(old, ports, request.concurrency):
        # of other tools' containers nothing but the age tells
        if staleness(session, now, None if session.ours else oldest):
            yield session
        unknown += session.ours and session.live is None and not session.lost
    if unknown:
        ports.notices.notice(
            f"{unknown} left alone: no answer to whether somebody is there, or no right to create pods/exec"
        )


def end_all(
    chosen: Sequence[Session], ports: Ports, concurrency: int, record: Callable[[Ending], None]
) -> Generator[Ending]:
    """End them; each as soon as it is done. `record` hears of every one, even of those that a signal overtakes."""

    def work(session: Session, stop: Stop) -> Ending:
        ending = Ending(session, Outcome.INTERRUPTED) if stop.is_set() else end(session, ports, stop)
        record(ending)
        return ending

    for _, ending in each(chosen, work, concurrency):
        yield ending
