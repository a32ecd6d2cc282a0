"""Errors for unsuccessful responses. Only this module handles 401: renew, retry once, then give up."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from kubectl_dshell.errors import BadConfig, DshellError
from kubectl_dshell.kube.rest.response import api_error

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection.connection import Connection
    from kubectl_dshell.kube.rest.response import HttpResponse


def renews_credentials(status: int, connection: Connection) -> bool:
    """Whether the server rejected the credentials and new ones were obtained, so that a retry makes sense."""
    return status == HTTPStatus.UNAUTHORIZED and connection.renew()


def failure(answer: HttpResponse, connection: Connection, request: str) -> DshellError:
    """The exception for an unsuccessful `answer` to `request` ("VERB path")."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        page = f"{answer.url} (a web page)" if answer.is_page else f"the API server {connection.server}"
        return BadConfig(
            f"{page} rejected the credentials of {_who(connection)}: they are invalid or have expired",
            "Log in again, then check with: kubectl auth whoami",
        )
    return api_error(answer, request)


def _who(connection: Connection) -> str:
    user = f'user "{connection.user}"' if connection.user else "the anonymous user"
    return f'{user} (context "{connection.context}")' if connection.context else user
