"""Pods that dshell creates and deletes itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_dshell.errors import ApiError, NoImageVolumes, NotAnApiServer, PodNotFound, Unavailable
from kubectl_dshell.kube.refusals import PODS, ApiRequest, denied, translated
from kubectl_dshell.kube.rest.untrusted_json import at, text_at

if TYPE_CHECKING:
    from kubectl_dshell.kube.rest.api import Api

_NO_SOURCE = "must specify a volume type"  # validation.ValidateVolumes: what is left of a field that is not known


class CreatedPods:
    """Creates and deletes pods. Refusals are raised as translated by `refusals`."""

    def __init__(self, api: Api) -> None:
        """`api` sends the requests."""
        self._api = api

    def create_pod(self, namespace: str, pod: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Create it and return it as stored."""
        name = text_at(pod, "metadata", "name")
        query = [("dryRun", "All")] if dry_run else []
        with translated(ApiRequest("create", PODS, namespace, name)):
            try:
                return self._api.request("POST", _path(namespace), query, body=pod, idempotent=False)
            except ApiError as error:
                if error.code == HTTPStatus.UNPROCESSABLE_ENTITY and _NO_SOURCE in error.message:
                    raise NoImageVolumes from error
                if error.code == HTTPStatus.UNPROCESSABLE_ENTITY:
                    raise Unavailable(f"the API server rejected the pod:\n  {error.message}") from error
                raise

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete the pod with this UID; one that is gone, or was replaced, counts as deleted."""
        options = {"preconditions": {"uid": uid}} if uid else {}
        with translated(ApiRequest("delete", PODS, namespace, name)):
            try:
                self._api.request("DELETE", f"{_path(namespace)}/{quote(name, safe='')}", body=options)
            except NotAnApiServer:
                raise
            except PodNotFound:
                return
            except ApiError as error:
                if error.code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                    raise

    def check_right(self, namespace: str, verb: str, resource: str) -> None:
        """Raises PermissionDenied if the user may not; no answer is not a refusal."""
        kind, _, part = resource.partition("/")
        wanted = {"namespace": namespace, "verb": verb, "resource": kind, **({"subresource": part} if part else {})}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        try:
            answer = self._api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        except ApiError:
            return
        if at(answer, "status", "allowed") is False:
            raise denied(ApiRequest(verb, resource, namespace))


def _path(namespace: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods"
