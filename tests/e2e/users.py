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
    cluster.kubectl("create", "serviceaccount", name, "-n", namespace)
    roles: list[Json] = list(yaml.safe_load_all(manifest.read_text())) if manifest else []
    for role in (role for role in roles if role and role["kind"] in _ROLES):
        cluster.apply(role, namespace=namespace)
        flag = f"--{role['kind'].lower()}={role['metadata']['name']}"
        account = f"--serviceaccount={namespace}:{name}"
        cluster.kubectl("create", "rolebinding", f"{name}-{role['metadata']['name']}", flag, account, "-n", namespace)
    return f"system:serviceaccount:{namespace}:{name}"


def token_of(cluster: Cluster, namespace: str, name: str) -> str:
    return cluster.kubectl("create", "token", name, "-n", namespace, "--duration=1h").stdout.strip()


def write_user_kubeconfig(path: Path, cluster: Cluster, namespace: str, name: str) -> Path:
    user = {"token": token_of(cluster, namespace, name)}
    return write_kubeconfig(path, cluster.connection(), user, namespace)
