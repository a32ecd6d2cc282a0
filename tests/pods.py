"""Pods as the API server answers them, built from the few words a test cares about."""

from __future__ import annotations

from typing import Any

from kubectl_dshell.domain.pod.pod import Pod, parse_pod

Json = dict[str, Any]
APP_ID = "a" * 64


def running(name: str = "app", *, user: tuple[int, int] | None = (65532, 65532), id_: str = APP_ID) -> Json:
    """A container status that runs."""
    status: Json = {
        "name": name,
        "containerID": f"containerd://{id_}",
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }
    if user:
        status["user"] = {"linux": {"uid": user[0], "gid": user[1], "supplementalGroups": [user[1]]}}
    return status


def pod_json(
    spec: Json | None = None,
    statuses: list[Json] | None = None,
    annotations: dict[str, str] | None = None,
    ephemeral: list[Json] | None = None,
    ephemeral_statuses: list[Json] | None = None,
    phase: str = "Running",
) -> Json:
    return {
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u-1",
            "resourceVersion": "7",
            "annotations": annotations or {},
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "app", "image": "shop/web:1"}],
            "ephemeralContainers": ephemeral or [],
            **(spec or {}),
        },
        "status": {
            "phase": phase,
            "containerStatuses": [running()] if statuses is None else statuses,
            "ephemeralContainerStatuses": ephemeral_statuses or [],
        },
    }


def make_pod(**words: Any) -> Pod:
    return parse_pod(pod_json(**words))
