"""What the commands need to know of and do to pods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_dshell.errors import ApiError, ConnectionLost, NoTarget
from kubectl_dshell.kube.follow import follow
from kubectl_dshell.kube.pages import PAGE, pages
from kubectl_dshell.kube.watch import TICK, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod_event import PodEvent
    from kubectl_dshell.kube.api import Api

_FORBIDDEN, _NOT_FOUND, _GONE, _TOO_MANY_REQUESTS, _SERVER_ERROR = 403, 404, 410, 429, 500


class Pods:
    """Pods of one cluster, as JSON."""

    def __init__(self, api: Api) -> None:
        """`api` is what carries the requests."""
        self._api = api

    def get_pod(self, namespace: str, name: str) -> dict[str, Any]:
        return self._api.get(_path(namespace, name))

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[dict[str, Any]]:
        """All pods of a namespace, or of the cluster, that match a label selector, fetched a page at a time."""
        return self._listed(namespace, selector, debugged=False)

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[dict[str, Any]]:
        """Those of `list_pods` that have ephemeral containers."""
        return self._listed(namespace, selector, debugged=True)

    def _listed(self, namespace: str | None, selector: str, *, debugged: bool) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()
        for page in pages(self._api, _path(namespace), _selecting(selector), debugged=debugged):
            for pod in page.pods:
                if (uid := _uid(pod)) not in seen:
                    yield pod
                seen |= {uid} if uid else set()

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        """As `follow`: the pods with ephemeral containers, and what happens to them, without an end.

        With `name` the pod of this name alone.
        """
        query = _selecting(selector) + ([("fieldSelector", f"metadata.name={name}")] if name else [])
        return follow(self._api, _path(namespace), query)

    def add_ephemeral_container(
        self, namespace: str, pod: str, container: dict[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """The pod with `container` added; the same name and fields a second time change nothing."""
        body = {"spec": {"ephemeralContainers": [container]}}
        query = [("dryRun", "All")] if dry_run else []
        return self._api.patch(f"{_path(namespace, pod)}/ephemeralcontainers", body, query)

    def pod_changes(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        """The pod each time it changes after `resource_version`; None about twice a second in between.

        Ends at the monotonic `deadline`. Where watching is forbidden the pod is fetched instead.

        Raises:
            NoTarget: the pod was deleted.
        """
        version, stale = resource_version, False
        while time.monotonic() < deadline:
            try:
                if stale:
                    pod = self._get_existing(namespace, name, deadline)
                    version, stale = pod["metadata"]["resourceVersion"], False
                    yield pod
                for change in self._watched(namespace, name, version, deadline):
                    version = change["metadata"]["resourceVersion"] if change else version
                    yield change
            except ApiError as error:
                if error.code == _FORBIDDEN:
                    yield from self._polled(namespace, name, version, deadline)
                    return
                # Too old to continue from: see where the pod is now, and go on from there.
                stale = error.code == _GONE
                if not stale and error.code != _TOO_MANY_REQUESTS and error.code < _SERVER_ERROR:
                    raise
            except ConnectionLost:
                pass
            yield None
            self._pause(deadline)

    def _watched(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        query = [("fieldSelector", f"metadata.name={name}")]
        if resource_version:
            query.append(("resourceVersion", resource_version))
        for event in watch(self._api, _path(namespace), query, deadline):
            if event is None:
                yield None
                continue
            kind, pod = event
            if kind == "DELETED":
                raise _deleted(namespace, name)
            if kind != "BOOKMARK":
                yield pod

    def events(self, namespace: str, pod_name: str, pod_uid: str) -> list[dict[str, Any]]:
        """The pod's events; none when we may not see them."""
        selector = f"involvedObject.name={pod_name},involvedObject.uid={pod_uid}"
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/events"
        try:
            answer = self._api.get(path, [("fieldSelector", selector), ("limit", str(PAGE))])
        except ApiError as error:
            if error.code == _FORBIDDEN:
                return []
            raise
        return list(answer.get("items") or [])

    def whoami(self) -> str:
        """Our user name as the server sees it; "" when it does not say."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            answer = self._api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
        except ApiError:
            return ""
        return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")

    def _polled(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        while time.monotonic() < deadline:
            try:
                pod = self._get_existing(namespace, name, deadline)
            except ConnectionLost:
                yield None
            else:
                changed = pod["metadata"]["resourceVersion"] != resource_version
                resource_version = pod["metadata"]["resourceVersion"]
                yield pod if changed else None
            self._pause(deadline)

    def _get_existing(self, namespace: str, name: str, deadline: float) -> dict[str, Any]:
        try:
            return self._api.get(_path(namespace, name), deadline=deadline)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                raise _deleted(namespace, name) from error
            raise

    def _pause(self, deadline: float) -> None:
        self._api.sleep(max(0.0, min(TICK, deadline - time.monotonic())))


def _uid(pod: object) -> str:
    """Empty for one that has none: whoever parses it says what is wrong with it."""
    meta = pod.get("metadata") if isinstance(pod, dict) else None
    uid = meta.get("uid") if isinstance(meta, dict) else None
    return uid if isinstance(uid, str) else ""


def _selecting(selector: str) -> list[tuple[str, str]]:
    return [("labelSelector", selector)] if selector else []


def _path(namespace: str | None, name: str | None = None) -> str:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods" if namespace else "/api/v1/pods"
    return path if name is None else f"{path}/{quote(name, safe='')}"


def _deleted(namespace: str, name: str) -> NoTarget:
    return NoTarget(f"pod {name} in namespace {namespace} was deleted")
