"""Access to the workloads that own pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.refusals import ApiRequest, translated
from kubectl_dshell.kube.rest.untrusted_json import objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod.reference import Reference
    from kubectl_dshell.kube.rest.api import Api

_PAGE = "250"
_MOST_PAGES = 1000


class Workloads:
    """Workloads and services of a cluster, as JSON."""

    def __init__(self, api: Api) -> None:
        """`api` sends the requests."""
        self._api = api

    def get_workload(self, namespace: str, reference: Reference) -> dict[str, Any]:
        kind = reference.kind
        path = _path(kind.group, namespace, kind.plural)
        resource = ".".join(filter(None, (kind.plural, kind.group)))
        with translated(ApiRequest("get", resource, namespace, reference.name, kind)):
            return self._api.get(f"{path}/{quote(reference.name, safe='')}")

    def list_jobs(self, namespace: str) -> Iterator[dict[str, Any]]:
        """All jobs of a namespace, fetched page by page."""
        following = ""
        for _ in range(_MOST_PAGES):
            query = [("limit", _PAGE)] + ([("continue", following)] if following else [])
            with translated(ApiRequest("list", "jobs.batch", namespace, kind="job")):
                page = self._api.get(_path("batch", namespace, "jobs"), query)
            yield from objects_at(page, "items")
            following = text_at(page, "metadata", "continue")
            if not following:
                return
        raise Malformed("the API server's list of jobs does not end")


def _path(group: str, namespace: str, plural: str) -> str:
    root = f"/apis/{group}/v1" if group else "/api/v1"
    return f"{root}/namespaces/{quote(namespace, safe='')}/{plural}"
