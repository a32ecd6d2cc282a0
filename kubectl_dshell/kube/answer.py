"""What the API server answered, and what an answer that is no success means."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import ApiError, BadConfig, DshellError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.kube.connection import Connection

_TEXT_SHOWN = 1000
_OK, _REDIRECT, _UNAUTHORIZED = 200, 300, 401


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, read to its end; header names are in lower case."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return _OK <= self.status < _REDIRECT

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            ApiError: it is not a JSON object, so whatever answered is not a Kubernetes API server.
        """
        try:
            document = json.loads(self.body)
        except ValueError as error:
            raise ApiError(self.status, "NotJSON", _not_kubernetes(self.body)) from error
        if not isinstance(document, dict):
            raise ApiError(self.status, "NotJSON", _not_kubernetes(self.body))
        return document


def failure(answer: Answer, connection: Connection, request: str) -> DshellError:
    """The exception that an unsuccessful `answer` to `request` ("VERB path") stands for."""
    if answer.status == _UNAUTHORIZED:
        return BadConfig(
            f"the API server {connection.server} rejects the credentials of {_who(connection)}: "
            "they are wrong or have expired",
            "Log in again, then check with: kubectl auth whoami",
        )
    return api_error(answer, request)


def api_error(answer: Answer, request: str = "") -> ApiError:
    """A metav1.Status as it is; any other text (the kubelet's, a proxy's) cut to 1000 characters."""
    try:
        status = json.loads(answer.body)
    except ValueError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        text = answer.body.decode(errors="replace").strip()[:_TEXT_SHOWN]
        return ApiError(answer.status, answer.reason, text, request=request)
    return status_error(status, answer.status, request)


def status_error(status: Mapping[str, Any], code: int = 0, request: str = "") -> ApiError:
    """A metav1.Status object as an exception; `code` is the HTTP status, the object's own if not given."""
    details = status.get("details") or {}
    causes = tuple(str(cause.get("message") or "") for cause in details.get("causes") or [])
    return ApiError(
        code or int(status.get("code") or 0),
        str(status.get("reason") or ""),
        str(status.get("message") or ""),
        causes=causes,
        request=request,
        following=str((status.get("metadata") or {}).get("continue") or ""),
    )


def _who(connection: Connection) -> str:
    user = f'user "{connection.user}"' if connection.user else "the anonymous user"
    return f'{user} (context "{connection.context}")' if connection.context else user


def _not_kubernetes(body: bytes) -> str:
    text = body[:80].decode(errors="replace").strip()
    return f"the answer is not a Kubernetes object; it starts with: {text!r}"
