"""Reads what `doctor` and `explain` want to know of a cluster, and asks what the user may do. Changes nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import ApiError, Malformed
from kubectl_dshell.kube.refusals import ApiRequest, translated
from kubectl_dshell.kube.rest.untrusted_json import at, objects_at, text_at
from kubectl_dshell.kube.watch.pager import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from kubectl_dshell.domain.permissions import Permission
    from kubectl_dshell.kube.rest.api import Api

_MOST_NODES = 20_000
_LONGEST_VERSION = 64


class Inspection:
    """One cluster, seen by one user."""

    def __init__(self, api: Api) -> None:
        """`api` sends the requests."""
        self._api = api

    def version(self) -> str:
        """Of the API server, as it writes it: v1.36.3."""
        return one_line(text_at(self._api.get("/version"), "gitVersion"), _LONGEST_VERSION)

    def resources(self) -> list[str]:
        """Of the core API, subresources included, as discovery lists them."""
        return [text_at(one, "name") for one in objects_at(self._api.get("/api/v1"), "resources")]

    def nodes(self) -> Iterator[dict[str, Any]]:
        """All of them, fetched page by page; raises PermissionDenied."""
        number = 0
        with translated(ApiRequest("list", "nodes", None, kind="node")):
            for page in pages(self._api, "/api/v1/nodes", [], debugged=False):
                for node in page.pods:
                    number += 1
                    if number > _MOST_NODES:
                        raise Malformed(f"the API server lists more than {_MOST_NODES} nodes")
                    yield node

    def namespace(self, name: str) -> dict[str, Any] | None:
        """None if there is no such namespace; raises PermissionDenied."""
        with translated(ApiRequest("get", "namespaces", name, name, kind="namespace")):
            try:
                return self._api.get(f"/api/v1/namespaces/{quote(name, safe='')}")
            except ApiError as error:
                if error.code == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def is_allowed(self, permission: Permission, namespace: str) -> bool:
        """Whether RBAC, or another authorizer, allows it to this user."""
        resource, _, subresource = permission.resource.partition("/")
        asked = {"namespace": namespace, "verb": permission.verb, "group": permission.group, "resource": resource}
        asked |= {"subresource": subresource} if subresource else {}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = self._api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
        return at(answer, "status", "allowed") is True

    def memory_use(self, namespace: str, pod: str) -> dict[str, Any]:
        """A metrics.k8s.io PodMetrics; raises ApiError where nothing collects them."""
        where = f"namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"
        return self._api.get(f"/apis/metrics.k8s.io/v1beta1/{where}")

    def clock_offset(self) -> timedelta | None:
        """How far the API server's clock was ahead of ours in its last response; None if it did not say."""
        return self._api.time.offset()
