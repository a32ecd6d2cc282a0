"""The pods that documented lines name, as they are named and with the files that they are said to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.waiting import wait_until

from .pods import PYTHON, STATIC, Pod, app, pod_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cluster import Cluster, Json

_PYTHON = "#!/usr/bin/python3.11\n"
_FILES = {
    "app.log": "started\n",
    "state": "1\n",
    "tls.crt": "a certificate\n",
    "release.yaml": "release: 3\n",
    "settings.yaml": "monthly: true\n",
    "manage.py": "print('checked')\n",
    # the image has no python3 and no java: what stands for them is run by what it has
    "python3": f"{_PYTHON}import os, sys\nos.execv('/usr/bin/python3.11', ['python3', *sys.argv[1:]])\n",
    "java": f"{_PYTHON}print('openjdk version \"17\"')\n",
}
_PLACES = {
    "app.log": "/var/log/app.log",
    "state": "/var/lib/app/state",
    "tls.crt": "/etc/tls/tls.crt",
    "release.yaml": "/opt/current/app.yaml",
    "settings.yaml": "/etc/report/settings.yaml",
}
_VOLUME = {"name": "files", "configMap": {"name": "files", "defaultMode": 0o755}}
_MOUNTS = [{"name": "files", "mountPath": path, "subPath": name} for name, path in _PLACES.items()]
_PROGRAMS = [{"name": "files", "mountPath": "/usr/local/bin"}]
_DATA = [{"name": "data", "mountPath": "/data"}]
_VOLUMES = [_VOLUME, {"name": "data", "emptyDir": {}}]


def _make(cluster: Cluster, namespace: str, *pods: Json, others: tuple[Json, ...] = ()) -> None:
    files: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files"}, "data": _FILES}
    cluster.apply(files, *pods, *others, namespace=namespace)


def _wait(cluster: Cluster, namespace: str, *names: str) -> None:
    for name in names:
        Pod(cluster, namespace, name).wait_ready()


def _app(*args: str, mounts: list[Json] = _MOUNTS, **fields: Any) -> Json:
    return app(STATIC, *args, volumeMounts=mounts, **fields)


def running(cluster: Cluster, namespace: str) -> None:
    pods = (pod_manifest(name, _app(), volumes=_VOLUMES) for name in ("web-6d4f", "db-0"))
    _make(cluster, namespace, *pods)
    _wait(cluster, namespace, "web-6d4f", "db-0")


def debug_containers(cluster: Cluster, namespace: str) -> None:
    _make(cluster, namespace, pod_manifest("web-6d4f", app(), metadata={"labels": {"app": "web"}}))
    _wait(cluster, namespace, "web-6d4f")


def own_programs(cluster: Cluster, namespace: str) -> None:
    python: Json = {"volumeMounts": _PROGRAMS, "workingDir": "/usr/local/bin"}
    root: Json = {"securityContext": {"runAsUser": 0, "runAsGroup": 0}}
    shell = app("busybox:1.37", "100000", name="api", command=["sleep"])
    pods = {
        "api": app(PYTHON, **python),
        "api-7f9c": app(PYTHON, **python),
        "legacy": app(PYTHON, **python, **root),
        "web": shell,
    }
    _make(cluster, namespace, *(pod_manifest(name, container, volumes=_VOLUMES) for name, container in pods.items()))
    _wait(cluster, namespace, *pods)


def down(cluster: Cluster, namespace: str) -> None:
    starting = app(STATIC, "-fill=/tmp/trace.log=20", "-core=/data/core=1", volumeMounts=_DATA)  # crashes once
    _make(cluster, namespace, pod_manifest("starting", starting, volumes=_VOLUMES), _crashing())
    _wait_crashed(cluster, namespace)


def _crashing() -> Json:
    migrate = app(STATIC, "-fill=/data/app.conf=64", "version", name="migrate", volumeMounts=_DATA)
    migrate["env"] = [{"name": "STEP", "value": "migrate"}]
    crashing = app(STATIC, "-exit-after=1ms", "-exit-code=1", volumeMounts=_DATA)
    return pod_manifest("api-7f9c", crashing, initContainers=[migrate], volumes=_VOLUMES)


def _wait_crashed(cluster: Cluster, namespace: str) -> None:
    pod = Pod(cluster, namespace, "api-7f9c")
    wait_until(
        lambda: "waiting" in pod.status().get("state", {}) and pod.status()["restartCount"], 60, "its crash loop"
    )


def copy(cluster: Cluster, namespace: str) -> None:
    report = pod_manifest("report-28471-x8z4p", _app("version"), restartPolicy="Never", volumes=_VOLUMES)
    _make(cluster, namespace, report, _crashing())
    _wait_crashed(cluster, namespace)
    pod = Pod(cluster, namespace, "report-28471-x8z4p")
    wait_until(lambda: pod.json()["status"]["phase"] == "Succeeded", 60, "the end of the report")


def many(cluster: Cluster, namespace: str) -> None:
    labels = {"app": "web", "tier": namespace}
    template = {"metadata": {"labels": labels}, "spec": pod_manifest("web", app())["spec"]}
    deployment: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }
    _make(cluster, namespace, deployment)
    get = ("deployment", "web", "-n", namespace)
    wait_until(lambda: cluster.get(*get)["status"].get("readyReplicas") == 2, 90, "two replicas")


WORLDS: dict[str, Callable[[Cluster, str], None]] = {
    "running": running,
    "files": running,
    "debug containers": debug_containers,
    "cleanup": debug_containers,
    "own programs": own_programs,
    "down": down,
    "copy": copy,
    "many": many,
}
