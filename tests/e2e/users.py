"""A user of the cluster who may only what one manifest allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from .cluster import write_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Cluster, Json

_ROLES = {"Role", "ClusterRole"}


def create_user(cluster: Cluster, namespace: str, name: str, manifest: Path | None) -> str:
    """A service account bound to every role of `manifest` (none: no rights at all); returns its user name.

    A token, not impersonation: an impersonated request is the administrator's in the audit log.
    """
    cluster.api.json("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
    roles: list[Json] = list(yaml.safe_load_all(manifest.read_text())) if manifest else []
    for role in (role for role in roles if role and role["kind"] in _ROLES):
        cluster.apply(role, namespace=namespace)
        _bind(cluster, namespace, name, role)
    return f"system:serviceaccount:{namespace}:{name}"


def _bind(cluster: Cluster, namespace: str, account: str, role: Json) -> None:
    name = role["metadata"]["name"]
    binding = {
        "metadata": {"name": f"{account}-{name}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"], "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
    cluster.api.json("POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings", binding)


def token_of(cluster: Cluster, namespace: str, name: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    token: str = cluster.api.json("POST", path, {"spec": {"expirationSeconds": 3600}})["status"]["token"]
    return token


def write_user_kubeconfig(path: Path, cluster: Cluster, namespace: str, name: str) -> Path:
    user = {"token": token_of(cluster, namespace, name)}
    return write_kubeconfig(path, cluster.connection(), user, namespace)
