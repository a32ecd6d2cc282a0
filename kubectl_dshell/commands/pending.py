"""A call in a thread of its own, whose result is wanted later."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubectl_dshell.streaming import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")


class Pending(Generic[R]):
    """One call, begun at once; without a free thread it is made when its result is wanted."""

    def __init__(self, call: Callable[[], R]) -> None:
        self._call = call
        self._result: R | None = None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = threading.Thread(target=self._run, name="pending", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # too many threads
            self._thread = None

    def result(self) -> R:
        """What the call returned; raises what it raised."""
        if self._thread is None:
            return self._call()
        interruptible.join(self._thread)
        if self._failure is not None:
            raise self._failure
        return cast("R", self._result)

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001  # raised where the result is wanted
            self._failure = error
