"""Names in a cluster, for people who are typing one: a single small request, whatever the number of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from kubectl_dshell.kube.rest.untrusted_json import at, objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod.reference import WorkloadKind
    from kubectl_dshell.kube.rest.api import Api

_MOST = "5000"
_LARGEST = 4 * 1024 * 1024
"""Bytes of a list: a row of a table has about 150."""


class Named(NamedTuple):
    """An object: its name, and the words by which kubectl describes its status (empty for other kinds than pods)."""

    name: str
    status: str = ""


class Names:
    """Raises ApiError, BadConfig, ConnectionLost and Malformed; nothing is translated, since nothing is told."""

    def __init__(self, tables: Api) -> None:
        """`tables` asks for lists in the form of rest.api.TABLE."""
        self._tables = tables

    def namespaces(self) -> list[Named]:
        return self._listed("/api/v1/namespaces")

    def of_kind(self, namespace: str, kind: WorkloadKind) -> list[Named]:
        """The objects of a kind in a namespace, in the server's order; pods with their status."""
        root = f"/apis/{kind.group}/v1" if kind.group else "/api/v1"
        return self._listed(f"{root}/namespaces/{quote(namespace, safe='')}/{kind.plural}")

    def _listed(self, path: str) -> list[Named]:
        # From the server's cache: a name that is a moment old does no harm, and the list costs it less.
        query = [("includeObject", "None"), ("limit", _MOST), ("resourceVersion", "0")]
        return list(_rows(self._tables.read(path, query, largest=_LARGEST).json()))


def containers(pod: object) -> list[Named]:
    """The containers of a pod's JSON, then its init containers."""
    found = [*objects_at(pod, "spec", "containers"), *objects_at(pod, "spec", "initContainers")]
    return [Named(text_at(one, "name"), text_at(one, "image")) for one in found]


def template(workload: object) -> object:
    """The pod in the JSON of a workload; that of a CronJob is in its template of a Job."""
    return at(workload, "spec", "template") or at(workload, "spec", "jobTemplate", "spec", "template")


def _rows(table: object) -> Iterator[Named]:
    heads = [text_at(column, "name") for column in objects_at(table, "columnDefinitions")]
    name = heads.index("Name") if "Name" in heads else 0
    status = heads.index("Status") if "Status" in heads else None
    for row in objects_at(table, "rows"):
        cells = at(row, "cells")
        texts = [cell if isinstance(cell, str) else "" for cell in cells] if isinstance(cells, list) else []
        if name < len(texts):
            yield Named(texts[name], texts[status] if status is not None and status < len(texts) else "")
