"""Paged lists of pods that decode and parse no more of a page than is needed.

Anyone who may create pods decides their size (up to 1.5 MB each) and content. A page is therefore searched as bytes,
since a single emoji would make its text four times as large, and pages after a large one have fewer pods.
"""

from __future__ import annotations

import contextlib
import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.errors import ApiError, ConnectionLost, Malformed
from kubectl_dshell.kube.http.response import LARGEST_BODY
from kubectl_dshell.kube.rest.untrusted_json import at, text_at
from kubectl_dshell.kube.watch.skim import ITEMS, PodsOfPage, debugged_in, is_debugged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.kube.rest.api import Api
    from kubectl_dshell.kube.rest.response import HttpResponse

PAGE = 500
FIRST_PAGE = 10
"""Number of pods, until their size is known."""
_USUAL_BYTES = 4 * 1024 * 1024
_LARGEST_BYTES = 8 * 1024 * 1024
"""Of a page of several pods; of a larger one no more is read, and fewer pods are requested, down to one."""
_LARGEST_RESPONSE = 32 * 1024 * 1024
"""Of a page of one pod."""
_FEWEST_WHOLE = 1000
"""Pods of a list that is requested as a whole: fewer are two pages, not worth the request for the version."""
_MOST_WHOLE = 50_000
"""An API server ends a response that takes longer than a minute."""
_OLDEST_MINOR = 34
_MOST_PAGES = 150_000
"""Of one list: as many pods as Kubernetes is made for, should each need a page of its own."""
_MOST_OLD = 5
"""Consecutive responses that the list is too old: each has a token to continue with, possibly forever."""


class Page(NamedTuple):
    """Pods, the version of the list, and the token of the next page (empty for the last)."""

    pods: Iterable[dict[str, Any]]
    """Each is parsed only when it is reached, since objects need far more memory than JSON."""
    version: str
    following: str
    remaining: int = 0
    """How many pods follow this page, if the server says so."""


def pages(api: Api, path: str, query: list[tuple[str, str]], *, debugged: bool) -> Iterator[Page]:
    """A list page by page; with `debugged` only pods with ephemeral containers, and a long list in one response.

    If the list expires in between (410), it continues with the rest as of now or, like client-go's pager, starts again,
    in which case pods are repeated.

    Raises:
        ApiError, BadConfig, ConnectionLost: as for a request. Malformed: the response is not a list.
    """
    found = _pages(api, path, query, debugged=debugged)
    first = next(found)
    if debugged and first.following and _is_whole_better(api, first.remaining):
        from kubectl_dshell.kube.watch.whole_list import whole_list

        with contextlib.suppress(ApiError, ConnectionLost, Malformed):  # the pages may be readable all the same
            for pods, version, last in whole_list(api, path, query):
                yield Page(pods, version, "" if last else first.following)
            return
    yield first
    yield from found


def _is_whole_better(api: Api, remaining: int) -> bool:
    """Whether a list with so many more pods should be requested as a whole from this server."""
    if not _FEWEST_WHOLE <= remaining <= _MOST_WHOLE:
        return False
    try:
        version = api.get("/version")
    except (ApiError, ConnectionLost, Malformed):
        return False
    minor = re.match(r"\d{1,4}", text_at(version, "minor"))  # "34+" of some vendors
    return text_at(version, "major") == "1" and minor is not None and int(minor[0]) >= _OLDEST_MINOR


def _pages(api: Api, path: str, query: list[tuple[str, str]], *, debugged: bool) -> Iterator[Page]:
    limit, most, following, old = FIRST_PAGE, PAGE, "", 0
    for _ in range(_MOST_PAGES):
        options = [("limit", str(limit)), *([("continue", following)] if following else [])]
        try:
            page, size = _page(api, path, [*query, *options], debugged=debugged, limit=limit)
        except ApiError as error:
            old += 1
            if error.code != HTTPStatus.GONE or not following or old > _MOST_OLD:
                raise
            following = error.following
            limit = limit if following else 0
            continue
        except Malformed:  # larger than a page may be
            if limit <= 1:
                raise
            if limit > FIRST_PAGE:  # not so many again, or small pods between large ones would have this repeated
                limit = most = max(FIRST_PAGE, limit // 8)
            else:
                limit = 1
            continue
        if limit == most and 2 * size <= _USUAL_BYTES:  # the large pods are behind us
            most = min(PAGE, 2 * most)
        limit = min(most, _next(limit, size))
        old = 0
        yield page
        if not page.following:
            return
        if page.following == following:
            raise Malformed(f"the list {path} does not end: the same page was returned twice")
        following = page.following
    raise Malformed(f"the list {path} does not end: it has more than {_MOST_PAGES} pages")


def _page(api: Api, path: str, query: list[tuple[str, str]], *, debugged: bool, limit: int) -> tuple[Page, int]:
    """The page, and its size; the response itself is not kept. `limit` 0: all the rest."""
    largest = {0: LARGEST_BODY, 1: _LARGEST_RESPONSE}.get(limit, _LARGEST_BYTES)
    answer = api.read(path, query, largest=largest)
    return parse(answer, debugged=debugged), len(answer.body)


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
    return Page(pods, meta.text("resourceVersion"), meta.text("continue"), _remaining(document))


def _remaining(document: dict[str, Any]) -> int:
    found = at(document, "metadata", "remainingItemCount")
    return found if isinstance(found, int) else 0


def _skim(body: bytes) -> Page | None:
    """The debugged pods without parsing the others; None if the layout is unexpected."""
    start = body.find(ITEMS)
    if start < 0:
        return None
    try:
        document = json.loads(body[: start + len(ITEMS)] + b"]}")
        if not isinstance(document, dict) or "metadata" not in document:
            return None
        return _page_of(document, PodsOfPage(body, list(debugged_in(body, start))))
    except (ValueError, RecursionError):
        return None
