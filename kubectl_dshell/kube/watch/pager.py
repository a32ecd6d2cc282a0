"""Paged lists of pods that decode and parse no more of a page than is needed.

Anyone who may create pods decides their size (up to 1.5 MB each) and content. A page is therefore searched as bytes,
since a single emoji would make its text four times as large, and pages after a large one have fewer pods.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.errors import ApiError, Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.kube.rest.api import Api
    from kubectl_dshell.kube.rest.response import HttpResponse

PAGE = 500
FIRST_PAGE = 10
"""Number of pods, until their size is known."""
_USUAL_BYTES = 4 * 1024 * 1024
_LARGEST_BYTES = 8 * 1024 * 1024
"""Of a page that is parsed; a larger one is requested again with fewer pods, down to one."""
_PIECE = 65536  # most pods are smaller
_MOST_OLD = 5
"""Responses in a row that the list is too old: each has a token to continue with, possibly forever."""
_WANTED, _ITEMS, _FIRST = b'"ephemeralContainers"', b'"items":[', b'{"metadata":{"name":'


@dataclass(frozen=True, slots=True)
class Page:
    """Pods, the version of the list, and the token of the next page (empty for the last)."""

    pods: Iterable[dict[str, Any]]
    """Each is parsed only when it is reached, since objects need far more memory than JSON."""
    version: str
    following: str


def pages(api: Api, path: str, query: list[tuple[str, str]], *, debugged: bool) -> Iterator[Page]:
    """A list page by page; with `debugged` only pods with ephemeral containers.

    If the list expires in between (410), it continues with the rest as of now or, like client-go's pager, starts again,
    in which case pods are repeated.

    Raises:
        ApiError, BadConfig, ConnectionLost: as for a request. Malformed: the response is not a list.
    """
    limit, most, following, old = FIRST_PAGE, PAGE, "", 0
    while True:
        options = [("limit", str(limit)), *([("continue", following)] if following else [])]
        try:
            page, size = _page(api, path, [*query, *options], debugged=debugged, alone=limit == 1)
        except ApiError as error:
            old += 1
            if error.code != HTTPStatus.GONE or not following or old > _MOST_OLD:
                raise
            following = error.following
            limit = limit if following else 0
            continue
        except Malformed:  # larger than a response may be
            if limit <= 1:
                raise
            limit = most = FIRST_PAGE if limit > FIRST_PAGE else 1
            continue
        limit = min(most, _next(limit, size))
        if page is None:
            continue
        old = 0
        yield page
        if not page.following:
            return
        if page.following == following:
            raise Malformed(f"the list {path} does not end: the same page was returned twice")
        following = page.following


def _page(api: Api, path: str, query: list[tuple[str, str]], *, debugged: bool, alone: bool) -> tuple[Page | None, int]:
    """The page, or None if it is too large, and its size; the response itself is not kept."""
    answer = api.read(path, query)
    size = len(answer.body)
    return (None if size > _LARGEST_BYTES and not alone else parse(answer, debugged=debugged)), size


def _next(limit: int, size: int) -> int:
    """Number of pods for the next page, given the number and size of the last."""
    fitting = max(limit, 1) * _USUAL_BYTES // max(size, 1)
    return max(1, min(fitting, PAGE))


def parse(answer: HttpResponse, *, debugged: bool) -> Page:
    """The page in a PodList; raises ApiError if the response is not JSON, Malformed if it is not a list."""
    return (debugged and _skim(answer.body)) or _whole(answer, debugged=debugged)


def _whole(answer: HttpResponse, *, debugged: bool) -> Page:
    document = answer.json()
    items = document.get("items") or []
    if not isinstance(items, list):
        raise Malformed("the list of pods is malformed: items is not a list")
    return _page_of(document, [pod for pod in items if not debugged or is_debugged(pod)])


def _page_of(document: dict[str, Any], pods: Iterable[dict[str, Any]]) -> Page:
    meta = Fields.of("the list of pods", document).fields("metadata")
    return Page(pods, meta.text("resourceVersion"), meta.text("continue"))


def is_debugged(pod: object) -> bool:
    """Whether the pod has ephemeral containers, or is malformed, which its parser should report."""
    if not isinstance(pod, dict):
        return True
    spec = pod.get("spec") or {}
    return not isinstance(spec, dict) or bool(spec.get("ephemeralContainers"))


def _skim(body: bytes) -> Page | None:
    """The debugged pods without parsing the others, ten times as fast; None if the layout is unexpected.

    The API server writes the metadata of a list first, and the name of each item first. Quotes within strings are
    escaped, so the search terms occur only as keys; each match is then parsed as JSON and checked.
    """
    start = body.find(_ITEMS)
    if start < 0:
        return None
    try:
        document = json.loads(body[: start + len(_ITEMS)] + b"]}")
        if not isinstance(document, dict) or "metadata" not in document:
            return None
        return _page_of(document, _Found(body, list(_debugged(body, start))))
    except (ValueError, RecursionError):
        return None


class _Found:
    """Pods that are known to be valid JSON, by their position in the page."""

    def __init__(self, body: bytes, places: list[tuple[int, int]]) -> None:
        self._body, self._places = body, places

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (json.loads(self._body[begin:end]) for begin, end in self._places)


def _debugged(body: bytes, end: int) -> Iterator[tuple[int, int]]:
    """Positions of pods with ephemeral containers; raises ValueError."""
    while (found := body.find(_WANTED, end)) >= 0:
        begin = body.rindex(_FIRST, end, found)
        pod, after = _object(body, begin)
        if after <= found:
            raise ValueError("not of the item before")
        if is_debugged(pod):
            yield begin, after
        end = after


def _object(body: bytes, begin: int) -> tuple[dict[str, Any], int]:
    """The JSON object at `begin` and its end; raises ValueError."""
    decoder, size = json.JSONDecoder(), _PIECE
    while True:
        text, _ = codecs.utf_8_decode(body[begin : begin + size], "strict", False)  # noqa: FBT003  # incremental, not final
        try:
            pod, after = decoder.raw_decode(text)
        except ValueError:
            if begin + size >= len(body):
                raise
            size *= 4
        else:
            return pod, begin + len(text[:after].encode())
