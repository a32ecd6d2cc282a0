"""List and watch pods for as long as the caller wants, across failures of the API server."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.watch_event import Happened, PodEvent
from kubectl_dshell.errors import ApiError, ConnectionLost
from kubectl_dshell.kube.rest.untrusted_json import text_at
from kubectl_dshell.kube.watch.pager import pages
from kubectl_dshell.kube.watch.skim import is_debugged
from kubectl_dshell.kube.watch.watch import TICK, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod.pod import Json
    from kubectl_dshell.kube.rest.api import Api

WATCH_SECONDS = 120.0
"""Length of a watch: a connection that died silently is noticed after this long."""
LONGEST_PAUSE = 10.0
_DEAF = 2
"""Watches in a row that ended without any event, even a bookmark: something in between holds them back."""
REFUSED_SECONDS = 30.0
"""An API server that has just started may refuse users whose permissions it has not loaded yet."""


def follow(api: Api, path: str, query: list[tuple[str, str]]) -> Iterator[PodEvent | None]:
    """Pods with ephemeral containers: all, then each change; None about every TICK seconds in between.

    Raises:
        ApiError, BadConfig, ConnectionLost: any failure of the first list; later only permanent ones.
    """
    follower = _Follower(api, path, query)
    yield from follower.list()
    while True:
        try:
            if not follower.version:
                yield from follower.list()
            yield from follower.watch()
        except (ApiError, ConnectionLost) as error:
            yield from follower.forgive(error)
        yield from follower.pause()


class _Follower:
    def __init__(self, api: Api, path: str, query: list[tuple[str, str]]) -> None:
        self.version = ""
        self._api, self._path, self._query = api, path, query
        self._vain = 0
        """Attempts since the last response."""
        self._wordless = 0
        self._lost_at = 0.0

    def list(self) -> Iterator[PodEvent]:
        self._vain += 1
        first, version = True, ""
        for page in pages(self._api, self._path, self._query, debugged=True):
            # That of the first page: the watch repeats changes made while the others were fetched.
            version = version or page.version
            yield PodEvent(Happened.LISTED, tuple(page.pods), first=first, last=not page.following)
            first = False
        self.version, self._lost_at = version, 0.0

    def watch(self) -> Iterator[PodEvent | None]:
        self._vain += 1
        options = [*self._query, ("resourceVersion", self.version), ("allowWatchBookmarks", "true")]
        told_at = 0.0
        for event in watch(self._api, self._path, options, time.monotonic() + WATCH_SECONDS, debugged=True):
            if event is not None:
                self._wordless = 0
            self._vain = 0
            if self._lost_at:
                self._lost_at = 0.0
                yield PodEvent(Happened.RESUMED)
            told = self._told(*event) if event else None
            # Changes of other pods are dropped: there may be a thousand a second.
            if told or time.monotonic() - told_at >= TICK:
                yield told
                told_at = time.monotonic()
        self._wordless += 1
        if self._wordless > _DEAF:
            self.version, self._wordless = "", 0

    def _told(self, kind: str, pod: Json) -> PodEvent | None:
        # A malformed pod is reported by its parser.
        self.version = text_at(pod, "metadata", "resourceVersion") or self.version
        if kind == "BOOKMARK" or not is_debugged(pod):
            return None
        return PodEvent(Happened.DELETED if kind == "DELETED" else Happened.CHANGED, (pod,))

    def forgive(self, error: ApiError | ConnectionLost) -> Iterator[PodEvent]:
        """The event for a transient failure; any other is raised."""
        if isinstance(error, ApiError) and error.code == HTTPStatus.GONE:
            self.version = ""
            return
        if not self._may_pass(error):
            raise error
        if not self._lost_at:
            self._lost_at = time.monotonic()
            yield PodEvent(Happened.LOST, why=error.message)

    def _may_pass(self, error: ApiError | ConnectionLost) -> bool:
        if isinstance(error, ConnectionLost) or error.is_transient:
            return True
        just_started = bool(self._lost_at) and time.monotonic() - self._lost_at < REFUSED_SECONDS
        return error.code == HTTPStatus.FORBIDDEN and just_started

    def pause(self) -> Iterator[None]:
        """Wait, longer after each failed attempt."""
        left = min(LONGEST_PAUSE, TICK * 2**self._vain) if self._vain else 0
        while left > 0:
            yield None
            self._api.sleep(min(TICK, left))
            left -= TICK
