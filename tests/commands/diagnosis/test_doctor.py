"""What `doctor` checks, and how far it comes without rights or without a cluster."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.diagnosis.doctor import DoctorRequest, examine, no_connection
from kubectl_dshell.domain.diagnosis.check import Check, Status
from kubectl_dshell.domain.permissions import Permission, every_permission
from kubectl_dshell.errors import (
    ApiError,
    BadConfig,
    ConnectionLost,
    DshellError,
    Forbidden,
    NotAnApiServer,
    PermissionDenied,
    Unavailable,
)
from tests.commands.diagnosis.clusters import FakeInspection
from tests.commands.world import World

REQUEST = DoctorRequest("shop", "~/.kube/config (the default)", "https://api.test", "busybox:1.37")
DENIED = PermissionDenied("ada", "create", "pods/exec", "shop")


def checks(cluster: FakeInspection | None = None, world: World | None = None) -> dict[str, Check]:
    found = examine(REQUEST, (world or World()).ports(), cluster or FakeInspection())
    return {one.name: one for one in found.checks}


def test_where_everything_works_every_check_is_ok() -> None:
    found = checks()

    assert {name: one.message for name, one in found.items() if one.status is not Status.OK} == {}
    assert list(found) == [
        "kubeconfig",
        "server",
        "user",
        "nodes",
        "ephemeralContainers",
        "containerUser",
        "execProtocol",
        "imageVolumes",
        "transport",
        "permissions.session",
        "permissions.many",
        "permissions.ls",
        "permissions.cleanup",
        "permissions.copy",
        "permissions.gather",
        "podSecurity",
        "debugImage",
        "clock",
    ]


def test_nothing_is_added_and_no_exec_names_a_pod_that_exists() -> None:
    world = World()

    checks(world=world)

    assert (world.added, world.opened) == ([], [])
    assert [asked.pod for asked in world.streams.checked] == ["dshell-doctor-no-such-pod"]


def test_each_permission_is_asked_for_once_in_the_namespace() -> None:
    cluster = FakeInspection()

    checks(cluster)

    assert sorted(cluster.asked) == sorted((one, "shop") for one in every_permission())


@pytest.mark.parametrize(
    "error",
    [BadConfig("rejected", "log in"), ConnectionLost("no route"), NotAnApiServer(0, "", "a web page")],
)
def test_without_a_server_the_rest_cannot_be_checked(error: DshellError) -> None:
    cluster = FakeInspection()
    cluster.fails["version"] = error

    found = checks(cluster)

    assert list(found) == ["kubeconfig", "server"]
    assert (found["server"].status, found["server"].message) == (Status.FAILED, error.message)
    assert found["server"].fix == error.advice


def test_a_server_that_keeps_its_version_is_examined_all_the_same() -> None:
    cluster = FakeInspection()
    cluster.fails["version"] = ApiError(403, "Forbidden", "no")

    found = checks(cluster)

    assert found["server"].status is Status.UNKNOWN
    assert found["transport"].status is Status.OK


def test_who_may_read_nothing_is_told_what_is_unknown() -> None:
    cluster, world = FakeInspection(), World()
    cluster.refuse("nodes", "list", "nodes")
    cluster.refuse("namespace", "get", "namespaces", "shop")
    cluster.refuse("resources", "get", "/api/v1")
    cluster.denied = set(every_permission())
    world.streams.refusal, world.streams.proven = DENIED, False
    world.cluster.list_pods = lambda *_: (_ for _ in ()).throw(PermissionDenied("ada", "list", "pods", "shop"))  # type: ignore[method-assign]
    world.cluster.user = ""

    found = checks(cluster, world)

    unknown = {name for name, one in found.items() if one.status is Status.UNKNOWN}
    assert unknown == {
        "user",
        "nodes",
        "ephemeralContainers",
        "containerUser",
        "imageVolumes",
        "transport",
        "podSecurity",
        "debugImage",
    }
    assert found["nodes"].message == "you may not list nodes"
    assert found["permissions.session"].status is Status.FAILED


@pytest.mark.parametrize("method", ["nodes", "namespace", "resources", "is_allowed"])
def test_what_fails_is_unknown_and_the_rest_is_checked(method: str) -> None:
    cluster = FakeInspection()
    cluster.fails[method] = ApiError(500, "InternalError", "etcdserver: leader changed")

    found = checks(cluster)

    unknown = [one.message for one in found.values() if one.status is Status.UNKNOWN]
    assert unknown
    assert any("etcdserver: leader changed" in message for message in unknown)
    assert len(found) == len(checks())


def test_a_wrong_namespace_is_told() -> None:
    cluster = FakeInspection()
    cluster.namespaces = {}

    assert checks(cluster)["podSecurity"].status is Status.FAILED


def test_an_exec_that_rbac_denies_says_nothing_about_the_way_there() -> None:
    world, cluster = World(), FakeInspection()
    world.streams.refusal = DENIED
    cluster.denied = {Permission("create", "pods/exec")}

    found = checks(cluster, world)

    assert found["transport"].status is Status.OK
    assert found["permissions.session"].status is Status.FAILED


@pytest.mark.parametrize("refusal", [Unavailable("a proxy", "fix it"), Forbidden("a policy", "ask")])
def test_what_stops_an_exec_is_told(refusal: DshellError) -> None:
    world = World()
    world.streams.refusal = refusal

    found = checks(world=world)["transport"]

    assert (found.status, found.message, found.fix) == (Status.FAILED, refusal.message, refusal.advice)


def test_users_are_looked_for_in_the_pods_of_the_namespace() -> None:
    world = World()
    del world.pod["status"]["containerStatuses"][0]["user"]

    assert checks(world=world)["containerUser"].status is Status.WARNING


def test_without_a_kubeconfig_that_is_the_one_check() -> None:
    found = no_connection(BadConfig("no kubeconfig found", "See: kubectl config view"))

    assert [(one.name, one.status, one.fix) for one in found.checks] == [
        ("kubeconfig", Status.FAILED, ("See: kubectl config view",))
    ]
    assert found.failed
    assert not found.complete
