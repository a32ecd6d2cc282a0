"""One exec check for many pods."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import DshellError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.ports import ExecCheck, Streams
    from kubectl_dshell.domain.stream import Stream


class SharedChecks:
    """Streams that check once per namespace whether an exec is let through.

    If that check is refused, each pod gets a check of its own, because RBAC and policies may name pods.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lock = threading.Lock()
        self._firsts: dict[str, _First] = {}

    def check(self, namespace: str, *args: Any, **kwargs: Any) -> ExecCheck:
        def begin() -> ExecCheck:
            return self._streams.check(namespace, *args, **kwargs)

        with self._lock:
            if namespace not in self._firsts:
                self._firsts[namespace] = _First(begin())
            return _Later(self._firsts[namespace], begin)

    def open(self, *args: Any, **kwargs: Any) -> Stream:
        return self._streams.open(*args, **kwargs)


class _First:
    """The first check of a namespace."""

    def __init__(self, check: ExecCheck) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._passed: bool | None = None

    def passed(self) -> bool:
        with self._lock:
            if self._passed is None:
                try:
                    self._check.verdict()
                    self._passed = True
                except DshellError:
                    self._passed = False
            return self._passed

    def upgraded(self) -> bool:
        return self._check.upgraded()


class _Later:
    """The check of one pod in a namespace."""

    def __init__(self, first: _First, begin: Callable[[], ExecCheck]) -> None:
        self._first = first
        self._begin = begin

    def verdict(self) -> None:
        if not self._first.passed():
            self._begin().verdict()

    def upgraded(self) -> bool:
        return self._first.upgraded()
