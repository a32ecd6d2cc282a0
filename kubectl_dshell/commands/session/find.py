"""Finds the debug container for `kubectl dshell attach`: by its name, by its pod, or the only one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.plan import read_pod
from kubectl_dshell.domain.access.target import nearest
from kubectl_dshell.domain.debug_container.joinable import describe, joinable, newest
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.spec import PREFIX, full_name
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from kubectl_dshell.domain.pod.pod import Phase, Pod, parse_pod
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, parse_pods, told
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import Forbidden, NotFound, PodNotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import AttachRequest

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class FoundContainer:
    """A debug container and the pod that it is in."""

    pod: Pod
    container: DebugContainer


class ContainerSearch:
    """Finds what this user created on this machine without a name; anything else has to be named."""

    def __init__(self, request: AttachRequest, ports: Ports) -> None:
        self._request = request
        self._ports = ports
        self._key = ports.keyring.key()

    def mine(self, container: DebugContainer) -> bool:
        """Whether it may be joined without its name. The seal of a copy could have been copied into another pod."""
        return not container.is_copy and self.created(container)

    def created(self, container: DebugContainer) -> bool:
        """Whether its seal is the user's."""
        return is_mine(container.seal, self._key)

    def find(self) -> FoundContainer:
        """Raises NotFound if there is none, UsageError if there are several."""
        request = self._request
        if request.pod is not None:
            pod = read_pod(request.namespace, request.pod, self._ports)
            return self._in_pod(pod) if request.name is None else self._named(pod, request.name)
        if request.word is None:
            return self._only_one()
        if not request.word.startswith(PREFIX) and (found := self._pod(request.word)):
            return self._in_pod(found)
        return self._anywhere(request.word)

    def _sessions(self, pod: Pod) -> list[DebugContainer]:
        return [s for s in debug_containers(pod) if self._request.container in (None, s.target)]

    def _pod(self, name: str) -> Pod | None:
        try:
            return parse_pod(self._ports.cluster.get_pod(self._request.namespace, name))
        except PodNotFound:
            return None

    def _named(self, pod: Pod, name: str) -> FoundContainer:
        found = {s.name: s for s in self._sessions(pod)}
        for spelled in (name, full_name(name)):
            if spelled in found:
                return FoundContainer(pod, found[spelled])
        hint = _hint(_alike(name, found))
        raise NotFound(f'no debug container "{name}" in {self._which(pod)}{hint}', self._start(pod))

    def _in_pod(self, pod: Pod) -> FoundContainer:
        there = self._sessions(pod)
        candidates = joinable(there, self.mine)
        if not candidates:
            last = newest(s for s in there if s.ours)
            ended = f"; the last one, {last.name}, has {last.state}" if last else ""
            raise NotFound(
                f"no debug container created by dshell is running in {self._which(pod)}{ended}", self._start(pod)
            )
        taken, *others = candidates
        if not self.mine(taken):
            raise self._none_mine(f"in {self._which(pod)}", candidates)
        if others:
            rest = ", ".join(s.name + self._owner(s) for s in others[:_SHOWN])
            also = f"attaching to {taken.name} of {pod.name} (others: {rest}; choose with {pod.name}/NAME)"
            self._ports.notices.notice(also)
        return FoundContainer(pod, taken)

    def _owner(self, container: DebugContainer) -> str:
        return "" if self.mine(container) else f" of {one_line(container.owner) or 'an unknown owner'}"

    def _none_mine(self, where: str, live: list[DebugContainer]) -> NotFound:
        """A debug container that somebody else may have created is never joined implicitly."""
        why = f" ({self._ports.keyring.trouble})" if self._key is None else ""
        return NotFound(
            f"none of the debug containers running {where} was created by you on this machine{why}",
            f"Created by others or on another machine ({len(live)}); join one with:",
            *self._commands(live),
        )

    def _which(self, pod: Pod) -> str:
        container = self._request.container
        return f"{pod.name} for container {container}" if container else pod.name

    def _start(self, pod: Pod) -> str:
        return f"Start one: {self._ports.invocation.open(pod.namespace, pod.name)}"

    def _only_one(self) -> FoundContainer:
        everyone = [(pod, s) for pod in self._pods() for s in self._sessions(pod)]
        live = joinable([s for _, s in everyone], self.mine)
        mine = [s for s in live if self.mine(s)]
        running = [s for s in mine if s.phase is Phase.RUNNING] or mine
        where = f"in namespace {self._request.namespace}"
        if len(running) == 1:
            self._say_waiting(len(mine) - 1, where)
            return FoundContainer(next(pod for pod, s in everyone if s is running[0]), running[0])
        if mine:
            do = "running" if running[0].phase is Phase.RUNNING else "waiting"
            which = f"{len(running)} of your debug containers are {do} {where}; choose one:"
            raise UsageError(which, *self._commands(running))
        if live:
            raise self._none_mine(where, live)
        raise NotFound(
            f"you have no running debug container {where}",
            f"List them with: {self._ports.invocation.command('ls', '-A')}",
        )

    def _say_waiting(self, others: int, where: str) -> None:
        if others:
            waiting = ("ls", "--mine", "--state", "waiting")
            see = self._ports.invocation.command(*waiting, namespace=self._request.namespace)
            self._ports.notices.notice(f"{others} more of your debug containers {where} are not running yet: {see}")

    def _anywhere(self, word: str) -> FoundContainer:
        wanted, names = {word, full_name(word)}, set[str]()
        hits: list[FoundContainer] = []
        for pod in self._pods(word):
            if pod.name == word:
                return self._in_pod(pod)
            there = self._sessions(pod)
            hits += [FoundContainer(pod, s) for s in there if s.name in wanted]
            names |= {pod.name, *(s.name for s in joinable(there, self.mine))}
        live = joinable([found.container for found in hits], self.mine)
        if len(live) > 1:
            raise UsageError(f"{len(live)} debug containers are named {word}; choose one:", *self._commands(live))
        if hits:
            return next((found for found in hits if found.container in live), hits[-1])
        alike = _alike(word, names)
        raise NotFound(
            f'no debug container or pod "{word}" in namespace {self._request.namespace}{_hint(alike)}',
            *([] if alike else [f"List them with: {self._list_command()}"]),
        )

    def _pods(self, word: str = "NAME") -> Iterator[Pod]:
        namespace, unclear = self._request.namespace, list[UnreadablePod]()
        try:
            yield from parse_pods(self._ports.cluster.list_pods(namespace), unclear.append)
        except Forbidden as refused:
            command = self._ports.invocation.attach(namespace, "POD", word)
            raise Forbidden(refused.message, f"If you name the pod, no list is needed: {command}") from refused
        finally:
            if unclear:
                self._ports.notices.warn(told(unclear))

    def _commands(self, live: list[DebugContainer]) -> list[str]:
        now, attach = self._ports.clock.now(), self._ports.invocation.attach
        lines = [
            f"  {attach(s.namespace, s.pod, s.name)}  # {describe(s, now, mine=self.mine(s))}" for s in live[:_SHOWN]
        ]
        return lines + ([f"  ... and {len(live) - _SHOWN} more: {self._list_command()}"] if len(live) > _SHOWN else [])

    def _list_command(self) -> str:
        return self._ports.invocation.command("ls", namespace=self._request.namespace)


def _alike(word: str, names: Iterable[str]) -> list[str]:
    """The most similar names, compared without the common prefix dshell-."""
    by_rest = {name.removeprefix(PREFIX): name for name in sorted(names)}
    return [by_rest[rest] for rest in nearest(word.removeprefix(PREFIX), list(by_rest))]


def _hint(alike: list[str]) -> str:
    return f"; did you mean {' or '.join(alike)}?" if alike else ""
