"""The API server, asked from within the tests: starting kubectl for each question would take most of their CPU time."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from kubernetes import config

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
_SECONDS = 60


class ApiFailure(AssertionError):
    """A request that a test relies on was refused."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Api:
    """Requests as a kubeconfig's user, on connections that are kept."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(config_file=str(kubeconfig))

    def text(self, method: str, path: str, body: Json | None = None) -> str:
        """The response to a request for `path`, which may have a query. Raises ApiFailure."""
        headers = {"Accept": "application/json, */*", "Content-Type": "application/json"}
        settings = self._client.configuration
        if token := settings.auth_settings().get("BearerToken"):
            headers[token["key"]] = token["value"]
        response = self._client.call_api(method, settings.host + path, headers, body, _request_timeout=_SECONDS)
        answer: str = response.read().decode(errors="replace")
        if not 200 <= response.status < 300:
            raise ApiFailure(response.status, f"{method} {path}: {response.status} {answer}")
        return answer

    def json(self, method: str, path: str, body: Json | None = None) -> Json:
        found: Json = json.loads(self.text(method, path, body))
        return found


@functools.cache
def api(kubeconfig: Path) -> Api:
    """One for each kubeconfig and process."""
    return Api(kubeconfig)
