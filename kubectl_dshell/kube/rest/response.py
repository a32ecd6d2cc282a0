"""Responses of the API server, and the errors that unsuccessful ones stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.text.bounds import one_line, shortened
from kubectl_dshell.errors import ApiError, Malformed, NotAnApiServer
from kubectl_dshell.kube.rest.untrusted_json import at, objects_at, parse_json, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LARGEST_STATUS = 16 * 1024 * 1024
MOST_CAUSES = 20
MOST_WARNINGS = 10
_LARGEST_HEADER = 16 * 1024
_TEXT_SHOWN = 1000
_HIGHEST_STATUS = 599
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")


def is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_redirect(status: int) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete HTTP response; header names are in lower case, repeated values are joined by commas.

    `url` is its source, without query and credentials.
    """

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""

    @property
    def ok(self) -> bool:
        return is_success(self.status)

    @property
    def is_page(self) -> bool:
        """Whether the response is meant for a browser: markup or a redirect."""
        return (
            is_redirect(self.status)
            or "html" in self.headers.get("content-type", "").lower()
            or bool(_MARKUP.match(self.body[:512]))
        )

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            NotAnApiServer: it is not one, so the sender is not a Kubernetes API server.
        """
        if self.is_page:
            raise not_kubernetes(self)
        try:
            document = parse_json(self.body)
        except Malformed as error:
            raise not_kubernetes(self) from error
        if not isinstance(document, dict):
            raise not_kubernetes(self)
        return document

    def warnings(self) -> Iterator[str]:
        """Texts of the first Warning headers, unescaped once."""
        value = self.headers.get("warning", "")[:_LARGEST_HEADER]
        for _, found in zip(range(MOST_WARNINGS), _WARNING.finditer(value), strict=False):
            yield one_line(re.sub(r"\\(.)", r"\1", found[1]), _TEXT_SHOWN)


def api_error(answer: HttpResponse, request: str = "") -> ApiError:
    """A metav1.Status cut to 2 kB, or plain text (of a kubelet) to 1000 characters; NotAnApiServer for web pages."""
    if answer.is_page:
        return not_kubernetes(answer, request)
    try:
        status = parse_json(answer.body[:_LARGEST_STATUS])
    except Malformed:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        text = answer.body[: 4 * _TEXT_SHOWN].decode(errors="replace").strip()[:_TEXT_SHOWN]
        return ApiError(answer.status, one_line(answer.reason), text, request=request)
    return status_error(status, answer.status, request)


def status_error(status: object, code: int = 0, request: str = "") -> ApiError:
    """A metav1.Status object as an exception; `code` is the HTTP status, by default that of the object."""
    own = at(status, "code")
    return ApiError(
        code or (own if isinstance(own, int) and 0 <= own <= _HIGHEST_STATUS else 0),
        one_line(text_at(status, "reason")),
        shortened(text_at(status, "message")),
        causes=tuple(
            shortened(text_at(cause, "message")) for cause in objects_at(status, "details", "causes")[:MOST_CAUSES]
        ),
        request=request,
        following=text_at(status, "metadata", "continue"),
    )


def not_kubernetes(answer: HttpResponse, request: str = "") -> NotAnApiServer:
    """An error of one line that names the source and kind of the response, without its markup."""
    where, said = answer.url or "the server", f"{answer.status} {one_line(answer.reason, 40)}".strip()
    if is_redirect(answer.status) and (to := answer.headers.get("location", "")):
        what = f"{said}, a redirect to {one_line(_without_user(to))}"
    elif answer.is_page:
        what = f"{said} with a web page"
    else:
        what = f"{said} with something that is not a Kubernetes object: {_start_of(answer.body)!r}"
    return NotAnApiServer(
        answer.status if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else 0,
        "NotAnApiServer",
        f"{where} returned {what}, so it is not a Kubernetes API server. Is a proxy or a login page in between?",
        request=request,
    )


def _start_of(body: bytes) -> str:
    return body[:80].decode(errors="replace").strip()


def _without_user(url: str) -> str:
    """The URL without credentials and query, which may contain some."""
    return re.sub(r"(?<=//)[^/?#@]*@", "", url[:_TEXT_SHOWN]).partition("?")[0]
