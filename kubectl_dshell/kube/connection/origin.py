"""Where a connection comes from, for people who wonder which kubeconfig is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.kube.kubeconfig.service_account import IN_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.kube.connection.connection import Connection
    from kubectl_dshell.kube.connection.options import ConnectionOptions


def origin(connection: Connection, options: ConnectionOptions, environ: Mapping[str, str]) -> str:
    """The files and how they were found, the context and the namespace: one line."""
    files = ", ".join(map(str, connection.files))
    if files:
        how = "--kubeconfig" if options.kubeconfig else "$KUBECONFIG" if environ.get("KUBECONFIG") else "the default"
        source = f"{files} ({how})"
    elif connection.context == IN_CLUSTER:
        source = "the service account of this pod (no kubeconfig)"
    else:
        source = "flags only (no kubeconfig)"
    context = f", context {connection.context}" if connection.context and files else ""
    return f"{source}{context}, namespace {connection.namespace}"
