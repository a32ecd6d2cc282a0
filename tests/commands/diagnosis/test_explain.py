"""What is said of each way into each container, in a world of one pod."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.commands.diagnosis.explain import explain
from kubectl_dshell.domain.diagnosis.check import Unknown
from kubectl_dshell.domain.diagnosis.explanation import Attempt, Explanation
from kubectl_dshell.domain.diagnosis.memory import Memory
from kubectl_dshell.domain.diagnosis.pod_security import Level, PodSecurity
from kubectl_dshell.domain.diagnosis.ways import WAYS, Answer
from kubectl_dshell.errors import (
    ApiError,
    ConnectionLost,
    Forbidden,
    NotFound,
    PermissionDenied,
    PodNotFound,
    Unavailable,
)
from tests.commands.diagnosis.clusters import FakeInspection
from tests.commands.world import STEPPED_DOWN, World, request, root_pod
from tests.pods import Json, pod_json, running

AUTO, APP_IMAGE, CHROOT, GENERAL = (way.flags for way in WAYS)


def explained(world: World | None = None, inspection: FakeInspection | None = None, **changes: Any) -> Explanation:
    return explain(request(**changes), (world or World()).ports(), inspection or FakeInspection())


def attempts(world: World | None = None, **changes: Any) -> dict[str, Attempt]:
    """Of the first container, by the flags."""
    found = explained(world, **changes)
    return {one.flags: one for one in found.attempts if one.container == found.containers[0].name}


def answers(found: dict[str, Attempt]) -> dict[str, str]:
    return {flags: str(one.verdict.answer) for flags, one in found.items()}


def users(attempt: Attempt) -> tuple[int | None, int | None]:
    assert attempt.debugger is not None
    return attempt.debugger.uid, attempt.debugger.gid


def two_containers() -> Json:
    spec = {"containers": [{"name": "app"}, {"name": "proxy"}], "initContainers": [{"name": "setup"}]}
    ended = {"name": "setup", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
    return pod_json(spec=spec, statuses=[running(), running("proxy", user=(0, 0)), ended])


def test_the_ways_into_an_app_that_is_not_root() -> None:
    world = World()

    found = attempts(world)

    assert answers(found) == {AUTO: "yes", APP_IMAGE: "yes", CHROOT: "no", GENERAL: "yes"}
    assert [users(one) for one in found.values()] == [(65532, 65532), (65532, 65532), (65532, 65532), (0, 0)]
    assert [one.admitted for one in found.values()] == [True, True, True, True]
    assert (world.added, world.opened, world.said) == ([], [], [])


def test_each_way_is_tried_as_it_would_be_sent() -> None:
    sent: list[Json] = []

    attempts(World(on_patch=sent.append), image="tools:1")

    assert [one["image"] for one in sent] == ["tools:1", "tools:1", "shop/web:1", "tools:1", "tools:1"]
    assert [one["securityContext"]["runAsUser"] for one in sent] == [65532, 65532, 65532, 65532, 0]
    assert [[e["name"] for e in one["env"] if e["name"] == "DSHELL_SEAL"] for one in sent] == [[], [], [], [], []]


def test_another_user_is_not_let_in() -> None:
    found = attempts(run_as=(1234, None))

    assert answers(found) == dict.fromkeys((AUTO, APP_IMAGE, CHROOT, GENERAL), "no")
    assert found[AUTO].verdict.why == "the app runs as user 65532 and the debug container as 1234"


@pytest.mark.parametrize(("runtime", "answer"), [("containerd", "yes"), ("docker", "yes"), ("cri-o", "no")])
def test_what_the_runtime_gives_to_root_counts(runtime: str, answer: str) -> None:
    world = World()
    world.pod = pod_json(statuses=[running(user=(0, 0), runtime=runtime)])

    found = attempts(world)

    assert answers(found) == {AUTO: "yes", APP_IMAGE: "yes", CHROOT: answer, GENERAL: "yes"}
    assert answer == "yes" or found[CHROOT].verdict.why.endswith("CRI-O does not give to root by default")


@pytest.mark.parametrize(
    ("spec", "answer"),
    [
        ({"runtimeClassName": "gvisor"}, "unknown"),
        ({"runtimeClassName": "kata-qemu"}, "unknown"),
        ({"runtimeClassName": "kata-qemu", "shareProcessNamespace": True}, "yes"),
        ({"runtimeClassName": "nvidia"}, "yes"),
    ],
)
def test_where_the_runtime_may_hide_the_app_it_is_unknown(spec: Json, answer: str) -> None:
    world = World()
    world.pod["spec"] |= spec

    found = attempts(world)

    assert answers(found) == {AUTO: answer, APP_IMAGE: answer, CHROOT: "no", GENERAL: answer}
    hidden = explained(world).hidden
    assert bool(hidden) == (answer == "unknown")
    assert not hidden or found[AUTO].verdict.why == hidden


def test_what_the_cluster_refuses_is_no_way() -> None:
    def refuse(container: Json) -> None:
        if container["securityContext"]["runAsUser"] == 0:
            raise Forbidden("a policy")

    found = attempts(World(on_patch=refuse))

    assert answers(found) == {AUTO: "yes", APP_IMAGE: "yes", CHROOT: "no", GENERAL: "no"}
    assert (found[GENERAL].admitted, found[GENERAL].verdict.why) == (False, "a policy")


@pytest.mark.parametrize("error", [ConnectionLost("reset"), ApiError(500, "", "etcdserver: leader changed")])
def test_no_answer_is_unknown(error: Exception) -> None:
    def lose(_container: Json) -> None:
        raise error

    found = attempts(World(on_patch=lose))

    assert answers(found) == dict.fromkeys((AUTO, APP_IMAGE, CHROOT, GENERAL), "unknown")
    assert {one.admitted for one in found.values()} == {None}


@pytest.mark.parametrize("refusal", [PermissionDenied("ada", "create", "pods/exec", "shop"), Unavailable("a proxy")])
def test_without_an_exec_no_way_leads_in(refusal: Any) -> None:
    world = World()
    world.streams.refusal = refusal

    found = attempts(world)

    assert answers(found) == dict.fromkeys((AUTO, APP_IMAGE, CHROOT, GENERAL), "no")
    assert {(one.admitted, one.verdict.why) for one in found.values()} == {(True, refusal.message)}


def test_all_containers_are_explained_those_that_have_ended_too() -> None:
    found = explained(World(pod=two_containers()))

    assert [(one.name, one.state) for one in found.containers] == [
        ("app", "running"),
        ("proxy", "running"),
        ("setup", "terminated"),
    ]
    ended = [one for one in found.attempts if one.container == "setup"]
    assert {(one.verdict.answer, one.debugger, one.admitted) for one in ended} == {(Answer.NO, None, None)}
    assert all(one.verdict.why.startswith("init container setup of web is not running") for one in ended)


def test_one_can_be_chosen() -> None:
    found = explained(World(pod=two_containers()), container="proxy")

    assert [one.name for one in found.containers] == ["proxy"]
    assert {one.container for one in found.attempts} == {"proxy"}


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"pod": "wbe"}, PodNotFound, 'no pod "wbe" in namespace shop'),
        ({"container": "nope"}, NotFound, 'pod web has no container "nope"; available: app'),
    ],
)
def test_what_is_not_there_is_an_error(changes: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        explained(**changes)


def test_what_a_session_has_measured_is_known() -> None:
    from kubectl_dshell.commands.session.open import open_session
    from tests.commands.world import OPEN

    world = World(pod=root_pod(), facts=[STEPPED_DOWN, OPEN.replace("65532", "101")])
    open_session(request(), world.ports())

    found = explained(world)

    assert (found.containers[0].source, found.containers[0].process.uid) == ("measured", 101)
    assert [users(one) for one in found.attempts] == [(101, 101), (101, 101), (101, 101), (0, 0)]
    assert [one.flags for one in found.attempts if one.verdict.answer is not Answer.YES] == [CHROOT]


def test_the_pod_as_a_whole() -> None:
    inspection, world = FakeInspection(), World()
    inspection.namespaces["shop"] = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    world.pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "256Mi"}}
    world.pod["spec"]["hostUsers"] = False

    found = explained(world, inspection)

    assert found.security == PodSecurity(Level.BASELINE)
    assert found.memory == Memory(256 << 20, 100 << 20)
    assert found.own_user_namespace


def test_what_may_not_be_read_is_unknown() -> None:
    inspection = FakeInspection()
    inspection.refuse("namespace", "get", "namespaces", "shop")
    inspection.refuse("memory_use", "get", "pods.metrics.k8s.io", "shop")

    found = explained(inspection=inspection)

    assert found.security == Unknown("you may not get namespaces")
    assert found.memory == Memory(None, None)
    assert not found.own_user_namespace
