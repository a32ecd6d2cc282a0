"""Pods as the API server answers them, built from the few words a test cares about."""

from __future__ import annotations

from typing import Any

from kubectl_dshell.domain.app_image.app import AppParts
from kubectl_dshell.domain.app_image.tools import Tools
from kubectl_dshell.domain.debug_container.spec import DebugSpec, InAppImage, container_spec
from kubectl_dshell.domain.pod.pod import Pod, parse_pod

Json = dict[str, Any]
APP_ID = "a" * 64
STARTER = "abcd2345 50"
"""For whom a debug container was made, and for how many seconds it waits."""


def running(
    name: str = "app",
    *,
    user: tuple[int, int] | None = (65532, 65532),
    id_: str = APP_ID,
    runtime: str = "containerd",
) -> Json:
    """A container status that runs."""
    status: Json = {
        "name": name,
        "containerID": f"{runtime}://{id_}",
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


TOOLS = Tools("dshell-lends", 42, 123456, links_lead_away=False, path="/bin", shell="/bin/busybox")
"""Those of dshell-lends."""


def in_app_image(name: str, wanted: DebugSpec, seal: str = "", tools: Tools = TOOLS) -> Json:
    """The entry of a debug container of the app's image."""
    within = InAppImage(tools, AppParts("shop/web:1", (), "", ()), STARTER.split(maxsplit=1)[0])
    return container_spec(name, wanted, [*tools.shell_words, "-c", "text"], STARTER, seal, within)
