"""The API server's audit log: the requests it was really asked."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .cluster import Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Json


@dataclass(frozen=True, slots=True)
class Request:
    """One request: verb, "pods" or "pods/exec", object name, HTTP status, and the whole event."""

    verb: str
    resource: str
    name: str
    code: int
    event: Json

    @property
    def short(self) -> str:
        """Such as "patch pods/ephemeralcontainers"."""
        return f"{self.verb} {self.resource}"


def requests_of(cluster: Cluster, user: str) -> list[Request]:
    """What this user asked, in the order of arrival, each request once however many stages were logged.

    Skips the test on a cluster whose log cannot be read. Wait for the requests expected: the log is written late.
    """
    if cluster.audit_log is None:
        pytest.skip("the audit log of this cluster cannot be read")
    events: dict[str, Json] = {}
    for line in cluster.audit_log.read_text().splitlines():
        if user in line and (event := _event(line)) and event["user"]["username"] == user:
            events[event["auditID"]] = event
    arrived = sorted(events.values(), key=lambda event: str(event["requestReceivedTimestamp"]))
    return [_request(event) for event in arrived]


def asked(cluster: Cluster, user: str, kubeconfig: Path) -> list[str]:
    """All the user has asked so far, in the order of arrival, such as "get pods 200"."""
    last = f"last-{secrets.token_hex(4)}"
    path = f"/api/v1/namespaces/{user.split(':')[2]}/pods/{last}"
    Cluster(kubeconfig, cluster.kubectl_program).kubectl("get", f"--raw={path}", check=False)
    wait_until(lambda: any(r.name == last for r in requests_of(cluster, user)), 20, "the audit log")
    requests = [request for request in requests_of(cluster, user) if not request.name.startswith("last-")]
    return [f"{request.short} {request.code}" for request in requests]


def _event(line: str) -> Json:
    try:
        event: Json = json.loads(line)
    except ValueError:  # the last line, half written
        return {}
    return event


def _request(event: Json) -> Request:
    where = event.get("objectRef", {})
    parts = (where.get("resource", ""), where.get("subresource", ""))
    resource = "/".join(part for part in parts if part) or event["requestURI"]
    return Request(
        event["verb"], resource, where.get("name", ""), event.get("responseStatus", {}).get("code", 0), event
    )
