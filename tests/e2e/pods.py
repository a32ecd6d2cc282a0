"""Pods to point the program at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.waiting import wait_until

from .api import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cluster import Cluster, Json

NOT_FOUND = 404
STATIC = "dshell.test/static:nonroot"  # USER 65532:65532, in its passwd too
STATIC_ROOT = "dshell.test/static:latest"
STATIC_NAMED = "dshell.test/static:named"  # USER nonroot
STATIC_SCRATCH = "dshell.test/static:scratch"  # USER 65532:65532, no passwd: runs as 65532:0
STATIC_FILECAPS = "dshell.test/static:filecaps"  # its program has cap_net_bind_service=ep
PYTHON = "dshell.test/python:nonroot"
DEBUG_BASH = "dshell.test/debug-bash:1"
DEBUG_BASH_ONLY = "dshell.test/debug-bash-only:1"  # without a tool
DEBUG_BIG = "dshell.test/debug-big:1"  # 300 MB, for `make matrix`
DEBUG_DASH_BASH = "dshell.test/debug-dash-bash:1"
DEBUG_DASH = "dshell.test/debug-dash:1"
DEBUG_ALPINE = "dshell.test/debug-alpine:1"  # dynamically linked busybox behind absolute links
DEBUG_DEBIAN = "dshell.test/debug-debian:1"  # dash, bash and coreutils, dynamically linked
DEBUG_TRACER = "dshell.test/debug-tracer:1"  # `seize PID` attaches to a process, and leaves it as it was
DEBUG_NOSHELL = "dshell.test/debug-noshell:1"
DEBUG_HOSTILE = "dshell.test/debug-hostile:1"  # its tar answers with /tmp/answer, its sh too if there is a /tmp/shell
DEBUG_OTHER_ARCHITECTURE = "dshell.test/debug-other-architecture:1"

RESTRICTED: dict[str, Any] = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def app(image: str = STATIC, *args: str, name: str = "app", **fields: Any) -> Json:
    """A container of the test app; `args` are its flags and mode, `fields` the API's own (securityContext...)."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "args": list(args), **fields}


def pod_manifest(name: str, *containers: Json, metadata: Json | None = None, **spec: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"containers": list(containers), "terminationGracePeriodSeconds": 2, **spec},
    }


@dataclass(frozen=True, slots=True)
class DebugContainer:
    """An ephemeral container: its entry in the spec, and its status ({} as long as there is none)."""

    spec: Json
    status: Json

    @property
    def state(self) -> str:
        """waiting, running or terminated; empty without a status."""
        return next(iter(self.status.get("state", {})), "")


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod on the cluster, read anew at each question."""

    cluster: Cluster
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Of its API object."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"

    def create(self, manifest: Json) -> None:
        collection = self.path.removesuffix(f"/{self.name}")
        self.cluster.api.json("POST", f"{collection}?fieldValidation=Strict", manifest)

    def json(self) -> Json:
        return self.cluster.api.json("GET", self.path)

    def log(self, container: str = "app") -> str:
        return self.cluster.api.text("GET", f"{self.path}/log?container={container}")

    def status(self, container: str = "app") -> Json:
        """The container's status; {} as long as there is none."""
        status = self.json()["status"]
        lists = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        statuses: list[Json] = [one for name in lists for one in status.get(name, [])]
        return next((one for one in statuses if one["name"] == container), {})

    def container_id(self, container: str = "app") -> str:
        """The runtime's id, 64 hexadecimal digits."""
        return str(self.status(container)["containerID"]).partition("://")[2]

    def source_of_user(self) -> str:
        """How the program knows whom an app of STATIC runs as, whose spec does not say it; not every runtime does."""
        told = "user" in self.status()
        return "from the container's status" if told else "a guess: neither the status nor the spec specifies a user"

    def debug_containers(self) -> dict[str, DebugContainer]:
        pod = self.json()
        statuses = {one["name"]: one for one in pod["status"].get("ephemeralContainerStatuses", [])}
        entries: list[Json] = pod["spec"].get("ephemeralContainers", [])
        return {entry["name"]: DebugContainer(entry, statuses.get(entry["name"], {})) for entry in entries}

    def wait_ready(self, timeout: float = 60) -> None:
        wait_until(self._is_ready, timeout, lambda: f"{self.name} to be Ready: {self.json()['status']}")

    def _is_ready(self) -> bool:
        conditions = self.json()["status"].get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def wait_log(self, text: str, container: str = "app", timeout: float = 30) -> None:
        """Wait until the container has printed `text`: an app that changes its ids does so after it is Ready."""
        wait_until(lambda: text in self.log(container), timeout, f"{text!r} in the log of {self.name}")

    def wait_terminated(self, name: str, timeout: float) -> Json:
        """The `terminated` state of a debug container, waited for."""
        return wait_until(
            lambda: self._terminated(name),
            timeout,
            lambda: f"{name} to be terminated: {self.debug_containers()[name].status}",
        )

    def _terminated(self, name: str) -> Json:
        """Empty until it is."""
        state: Json = self.debug_containers()[name].status.get("state", {}).get("terminated", {})
        return state

    def delete(self) -> None:
        """Without waiting for it; nothing happens if it is gone."""
        try:
            self.cluster.api.json("DELETE", self.path)
        except ApiFailure as failure:
            if failure.code != NOT_FOUND:
                raise


def add_by_hand(pod: Pod, entry: Json) -> None:
    """An ephemeral container as whoever may add one writes it: any name, any stamps; busybox that sleeps, if not told."""
    add_entries(pod, [entry])
    wait_until(lambda: pod.debug_containers()[entry["name"]].state == "running", 60, f"{entry['name']} to run")


def add_entries(pod: Pod, entries: Sequence[Json]) -> None:
    """The same for several at once, whether they can run or not."""
    usual = {"image": "busybox:1.37", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "1000"]}
    body = {"spec": {"ephemeralContainers": [{**usual, "targetContainerName": "app", **entry} for entry in entries]}}
    words = ("patch", "pod", pod.name, "-n", pod.namespace, "--subresource=ephemeralcontainers", "--type=strategic")
    pod.cluster.kubectl(*words, "--patch-file=/dev/stdin", stdin=json.dumps(body))  # too much for an argument
