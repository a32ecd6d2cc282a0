"""Operations on pods."""

# What lists and watches is imported where it is used: a session in an existing debug container needs neither.
from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_dshell.errors import ApiError, ConnectionLost, Malformed, NotAnApiServer, PodNotFound
from kubectl_dshell.kube.refusals import EPHEMERAL_CONTAINERS, PODS, ApiRequest, translated
from kubectl_dshell.kube.rest.untrusted_json import objects_at, text_at
from kubectl_dshell.kube.watch.liveness import Delivery, WatchLiveness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod.watch_event import PodEvent
    from kubectl_dshell.kube.rest.api import Api


class Pods:
    """Pods of a cluster, as JSON. Refusals are raised as translated by `refusals`."""

    def __init__(self, api: Api) -> None:
        """`api` sends the requests."""
        self._api = api
        self._delivery = Delivery()
        self._rehearsed: set[tuple[str, str, str]] = set()

    def get_pod(self, namespace: str, name: str) -> dict[str, Any]:
        with translated(ApiRequest("get", PODS, namespace, name)):
            return self._api.get(_path(namespace, name))

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[dict[str, Any]]:
        """All pods of a namespace, or of the cluster, that match a label selector; fetched page by page."""
        return self._listed(namespace, selector, debugged=False)

    def list_debugged(self, namespace: str | None, selector: str = "") -> Iterator[dict[str, Any]]:
        """Like `list_pods`, but only pods with ephemeral containers."""
        return self._listed(namespace, selector, debugged=True)

    def _listed(self, namespace: str | None, selector: str, *, debugged: bool) -> Iterator[dict[str, Any]]:
        from kubectl_dshell.kube.watch.pager import pages

        seen: set[str] = set()
        with translated(ApiRequest("list", PODS, namespace, selector=selector)):
            for page in pages(self._api, _path(namespace), _selecting(selector), debugged=debugged):
                for pod in page.pods:
                    if (uid := text_at(pod, "metadata", "uid")) not in seen:
                        yield pod
                    seen |= {uid} if uid else set()

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        """Like `follow`: pods with ephemeral containers and their changes, endlessly.

        With `name` only the pod of this name.
        """
        from kubectl_dshell.kube.watch.reflector import follow

        query = _selecting(selector) + ([("fieldSelector", f"metadata.name={name}")] if name else [])
        with translated(ApiRequest("watch", PODS, namespace, selector=selector)):
            yield from follow(self._api, _path(namespace), query)

    def add_ephemeral_container(
        self, namespace: str, pod: str, container: dict[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Add `container` and return the pod; idempotent for the same name and fields."""
        body = {"spec": {"ephemeralContainers": [container]}}
        query = [("dryRun", "All")] if dry_run else []
        with translated(ApiRequest("patch", EPHEMERAL_CONTAINERS, namespace, pod, container=container["name"])):
            answer = self._api.patch(f"{_path(namespace, pod)}/ephemeralcontainers", body, query)
        this = (namespace, pod, container["name"])
        for entry in objects_at(answer, "spec", "ephemeralContainers"):
            if entry.get("name") == container["name"] and this not in self._rehearsed:
                self._api.trace.admitted(pod, container, entry)
        if dry_run:  # the real one that follows would say the same
            self._rehearsed.add(this)
        else:
            self._rehearsed.discard(this)
        return answer

    def log_lines(self, namespace: str, pod: str, container: str) -> Iterator[bytes]:
        """The lines of a container's log that its node has kept."""
        from kubectl_dshell.kube.logs import log_lines

        with translated(ApiRequest("get", "pods/log", namespace, pod)):
            yield from log_lines(self._api, _path(namespace, pod), container)

    def pod_changes(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        """The pod after each change since `resource_version`; None about twice a second in between.

        Ends at the monotonic `deadline`. If watching is forbidden, or yields nothing, the pod is polled instead.

        Raises:
            PodNotFound: the pod was deleted.
        """
        with translated(ApiRequest("get", PODS, namespace, name)):
            yield from self._changes(namespace, name, resource_version, deadline)

    def _changes(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        watching, stale = WatchLiveness(resource_version, time.monotonic(), self._delivery), False
        while time.monotonic() < deadline:
            try:
                if stale:
                    pod = self._get_existing(namespace, name, deadline)
                    watching.version, stale = _version(pod), False
                    yield pod
                yield from self._attended(namespace, name, watching, deadline)
                stale = watching.vain
            except ConnectionLost:
                stale = watching.vain
            except ApiError as error:
                if error.code == HTTPStatus.FORBIDDEN or isinstance(error, NotAnApiServer):
                    yield from self._polled(namespace, name, watching.version, deadline)
                    return
                # The version is too old or the server failed: read the current state and continue from there.
                stale = error.code == HTTPStatus.GONE or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
                if not stale and not error.is_transient:
                    raise
            for _ in range(watching.pauses):
                yield None
                self._pause(deadline)

    def _attended(
        self, namespace: str, name: str, watching: WatchLiveness, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        """A single watch, with reads of the pod while the watch is silent."""
        watching.begin(time.monotonic())
        for change in self._watched(namespace, name, watching.version, deadline):
            if change is not None:
                watching.heard(_version(change), time.monotonic())
                yield change
            elif watching.may_be_deaf(time.monotonic()):
                pod = self._get_existing(namespace, name, deadline)
                missed = watching.looked(_version(pod), time.monotonic())
                yield pod if missed else None
            else:
                yield None

    def _watched(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        from kubectl_dshell.kube.watch.watch import watch

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
        """Events of the pod; empty without permission to list them."""
        from kubectl_dshell.kube.watch.pager import PAGE

        selector = f"involvedObject.name={pod_name},involvedObject.uid={pod_uid}"
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/events"
        try:
            answer = self._api.get(path, [("fieldSelector", selector), ("limit", str(PAGE))])
        except ApiError as error:
            if error.code == HTTPStatus.FORBIDDEN:
                return []
            raise
        return objects_at(answer, "items")

    def node_architecture(self, node: str) -> str:
        """`status.nodeInfo.architecture`; "" without permission to get nodes."""
        try:
            answer = self._api.get(f"/api/v1/nodes/{quote(node, safe='')}")
        except ApiError:
            return ""
        return text_at(answer, "status", "nodeInfo", "architecture")

    def whoami(self) -> str:
        """The user name as seen by the API server; "" if unknown."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            answer = self._api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
        except ApiError:
            return ""
        return text_at(answer, "status", "userInfo", "username")

    def _polled(
        self, namespace: str, name: str, resource_version: str, deadline: float
    ) -> Iterator[dict[str, Any] | None]:
        while time.monotonic() < deadline:
            try:
                pod = self._get_existing(namespace, name, deadline)
            except ConnectionLost:
                yield None
            else:
                changed = _version(pod) != resource_version
                resource_version = _version(pod)
                yield pod if changed else None
            self._pause(deadline)

    def _get_existing(self, namespace: str, name: str, deadline: float) -> dict[str, Any]:
        try:
            return self._api.get(_path(namespace, name), deadline=deadline)
        except ApiError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                raise _deleted(namespace, name) from error
            raise

    def _pause(self, deadline: float) -> None:
        from kubectl_dshell.kube.watch.watch import TICK

        self._api.sleep(max(0.0, min(TICK, deadline - time.monotonic())))


def _selecting(selector: str) -> list[tuple[str, str]]:
    return [("labelSelector", selector)] if selector else []


def _path(namespace: str | None, name: str | None = None) -> str:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods" if namespace else "/api/v1/pods"
    return path if name is None else f"{path}/{quote(name, safe='')}"


def _version(pod: dict[str, Any]) -> str:
    if version := text_at(pod, "metadata", "resourceVersion"):
        return version
    raise Malformed("the API server returned a pod without a resourceVersion")


def _deleted(namespace: str, name: str) -> PodNotFound:
    return PodNotFound(f"pod {name} in namespace {namespace} was deleted")
