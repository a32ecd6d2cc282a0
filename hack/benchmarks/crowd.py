"""Thousands of pods that run nowhere: no scheduler knows their name, so only the API server has work with them."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import ApiError
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.rest.api import Api

if TYPE_CHECKING:
    from collections.abc import Iterable

WORKERS = 8
DEBUGGED_EACH = 200
"""One pod of so many has a debug container."""


def api(kubeconfig: str) -> Api:
    return Api(connect(ConnectionOptions(kubeconfig=kubeconfig), os.environ))


def create(server: Api, namespace: str, count: int) -> None:
    """`count` pods, one of each DEBUGGED_EACH with a debug container; told on stderr as they come."""
    began = time.monotonic()
    _each(range(count), lambda number: _create_one(server, namespace, number))
    print(f"{count} pods made in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _create_one(server: Api, namespace: str, number: int) -> None:
    name = f"web-{number:05d}"
    try:
        server.post(f"/api/v1/namespaces/{namespace}/pods", manifest(name))
    except ApiError as error:
        if error.code != HTTPStatus.CONFLICT:
            raise
    if number % DEBUGGED_EACH == 0:
        debug = {"name": "debugger-bench", "image": "busybox:1.37", "targetContainerName": "app"}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/ephemeralcontainers"
        server.patch(path, {"spec": {"ephemeralContainers": [debug]}})


def manifest(name: str) -> dict[str, Any]:
    """About as large as the pods of a deployment are, without their status."""
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10}
    app = {
        "name": "app",
        "image": "registry.example.org/shop/web:1.42.0",
        "args": ["--listen=:8080", "--config=/etc/app/config.yaml"],
        "env": [{"name": f"SETTING_{n}", "value": f"value number {n} of the app"} for n in range(10)],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    proxy = app | {"name": "proxy", "ports": [{"containerPort": 9090, "name": "metrics"}]}
    labels = {f"app.kubernetes.io/{key}": "web" for key in ("name", "instance", "component", "part-of", "managed-by")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, "annotations": {"checksum/config": "0" * 64}},
        "spec": {
            "schedulerName": "none",
            "containers": [app, proxy],
            "volumes": [{"name": "config", "configMap": {"name": "web"}}],
        },
    }


def _each(numbers: Iterable[int], work: Any) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(work, numbers):
            pass
