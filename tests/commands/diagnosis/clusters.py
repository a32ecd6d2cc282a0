"""A cluster to examine, where everything works until a test changes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from kubectl_dshell.domain.permissions import Permission
from kubectl_dshell.errors import PermissionDenied
from tests.domain.diagnosis.test_nodes import node_json
from tests.pods import Json


class FakeInspection:
    """`fails`: what a method raises, by its name; `denied`: permissions that this user does not have."""

    def __init__(self) -> None:
        self.fails: dict[str, Exception] = {}
        self.denied: set[Permission] = set()
        self.asked: list[tuple[Permission, str]] = []
        self.namespaces: dict[str, Json] = {"shop": {"metadata": {"labels": {}}}}
        self.listed = [node_json([["busybox:1.37"]])]
        self.use = ["100Mi"]
        self.told = "v1.36.3"
        self.offset = timedelta(seconds=1)

    def version(self) -> str:
        self._fail("version")
        return self.told

    def resources(self) -> list[str]:
        self._fail("resources")
        return ["pods", "pods/ephemeralcontainers"]

    def nodes(self) -> Iterator[Json]:
        self._fail("nodes")
        yield from self.listed

    def namespace(self, name: str) -> Json | None:
        self._fail("namespace")
        return self.namespaces.get(name)

    def is_allowed(self, permission: Permission, namespace: str) -> bool:
        self._fail("is_allowed")
        self.asked.append((permission, namespace))
        return permission not in self.denied

    def memory_use(self, namespace: str, pod: str) -> Json:
        self._fail("memory_use")
        return {"containers": [{"usage": {"memory": use}} for use in self.use]}

    def clock_offset(self) -> timedelta | None:
        return self.offset

    def refuse(self, method: str, verb: str, resource: str, namespace: str | None = None) -> None:
        self.fails[method] = PermissionDenied("ada", verb, resource, namespace)

    def _fail(self, method: str) -> None:
        if method in self.fails:
            raise self.fails[method]
