"""What is added to a pod, when, and what is said to be in it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_dshell.commands.session.dry_run import DryRun, dry_run
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.stream import Stream
from kubectl_dshell.errors import DryRunUnsupported, DshellError, Forbidden, NotFound, PermissionDenied, Unavailable
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import (
    STEPPED_DOWN,
    Exec,
    FakeCluster,
    FakeStreams,
    World,
    refused,
    request,
    root_pod,
    running_holder,
)
from tests.pods import Json, pod_json, running

NOTHING = "Nothing was added to the pod."
EXEC = ApiRequest("create", "pods/exec", "shop", "web")
PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web")
POLICY = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not here"
NO_RIGHT = 'User "ada" cannot {} resource "{}" in API group "" in the namespace "shop"'


def failing(world: World, **changes: Any) -> DshellError:
    with pytest.raises(DshellError) as caught:
        open_session(request(**changes), world.ports())
    return caught.value


@pytest.mark.parametrize(
    ("refusal", "kind", "advice"),
    [
        pytest.param(refused(403, NO_RIGHT.format("get", "pods/exec"), EXEC), PermissionDenied, "Grant it with manifests/rbac/session.yaml, or:\n", id="RBAC"),
        pytest.param(refused(422, POLICY, EXEC), Forbidden, "A cluster administrator can exempt it.", id="a policy"),
        pytest.param(Unavailable("cannot open a stream to the pod: x", "way out"), Unavailable, "way out", id="no WebSocket"),
    ],
)  # fmt: skip
def test_where_no_exec_gets_through_nothing_is_added_and_that_is_said(
    refusal: DshellError, kind: type[DshellError], advice: str
) -> None:
    world = World()
    world.streams.refusal = refusal

    error = failing(world)

    assert isinstance(error, kind)
    assert error.remarks[0] == NOTHING
    assert error.remarks[1].startswith(advice)
    assert world.added == []
    assert world.opened == []


def test_it_is_asked_before_the_first_request_and_waited_for_only_before_something_is_added() -> None:
    happened: list[str] = []

    class Check:
        def verdict(self) -> None:
            happened.append("verdict")

        def upgraded(self) -> bool:
            raise AssertionError

    class Streams(FakeStreams):
        def check(self, *args: Any, **kwargs: Any) -> Check:
            del args, kwargs
            happened.append("check")
            return Check()

        def answer(self, asked: Exec) -> Stream:
            happened.append("exec")
            return super().answer(asked)

    world = World(streams=Streams(), on_patch=lambda _container: happened.append("patch"))
    world.cluster.on_get = lambda _pod: happened.append("get")

    open_session(request(), world.ports())

    assert [what for what, _ in itertools.groupby(happened)] == ["check", "get", "verdict", "patch", "exec"]


def test_the_pod_is_watched_before_it_is_patched() -> None:
    """From the version on that was read, so no change is missed; one round trip less."""

    class Watched(FakeCluster):
        def __init__(self) -> None:
            super().__init__()
            self.watched = threading.Event()
            self.from_version = ""

        def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
            assert self.watched.wait(10)
            return super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)

        def pod_changes(
            self, namespace: str, name: str, resource_version: str, deadline: float
        ) -> Iterator[Json | None]:
            self.from_version = resource_version
            self.watched.set()
            yield None
            yield self.pod

    world = World(cluster=(cluster := Watched()))
    world.pod["metadata"]["resourceVersion"] = "7"

    assert open_session(request(), world.ports()) == 0

    assert cluster.from_version == "7"


def test_what_is_joined_needs_no_verdict() -> None:
    world = World()
    running_holder(world)
    world.streams.refusal = Forbidden("no")

    assert open_session(request(), world.ports()) == 0
    assert world.added == []


@pytest.mark.parametrize(
    ("changes", "tty"),
    [
        pytest.param({"command": (), "tty": True}, True, id="a shell"),
        pytest.param({"stdin": False, "tty": False}, False, id="a command"),
        pytest.param({"stdin": False, "tty": False, "task": True}, False, id="in many pods"),
    ],
)
def test_the_exec_that_is_asked_about_is_like_those_to_come_and_can_run_nothing(
    changes: dict[str, Any], *, tty: bool
) -> None:
    world = World()

    open_session(request(**changes), world.ports())

    (asked,) = world.streams.checked
    assert (asked.namespace, asked.pod, asked.tty) == ("shop", "web", tty)
    assert asked.container.startswith("dshell-")
    assert len(asked.container) == 64, "one more than a container's name may have"
    assert asked.argv == ("sh", "-c", ":")


def test_a_refusal_of_the_patch_says_that_nothing_was_added() -> None:
    def refuse(_container: Json) -> None:
        raise refused(403, NO_RIGHT.format("patch", "pods/ephemeralcontainers"), PATCH)

    error = failing(World(on_patch=refuse))

    assert isinstance(error, PermissionDenied)
    assert error.aftermath == NOTHING
    assert error.advice[0].startswith("Grant it with")


def test_no_claim_is_made_where_the_patch_may_have_arrived() -> None:
    def lose(_container: Json) -> None:
        raise Unavailable("the response is cut short")

    assert failing(World(on_patch=lose)).remarks == ()


def test_a_second_one_is_not_asked_about_again_and_a_refusal_of_it_names_the_first() -> None:
    """The first guess of the user was wrong; no message says then that nothing was added."""
    count = itertools.count()

    def refuse_second(_container: Json) -> None:
        if next(count):
            raise refused(403, 'pods "web" is forbidden: violates PodSecurity "restricted:latest": x', PATCH)

    world = World(pod=root_pod(), facts=[STEPPED_DOWN], on_patch=refuse_second)

    error = failing(world)

    (entry,) = world.added
    assert len(world.streams.checked) == 1
    assert error.aftermath == f"{entry['name']} was added to web before; it has ended, or ends within 50 s."
    assert b"bye " in world.tethers[0].sent
    assert NOTHING not in error.remarks


def test_a_second_one_is_asked_for_without_another_verdict() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, STEPPED_DOWN.replace("root=denied", "root=ok")])

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 2
    assert len(world.streams.checked) == 1


def test_a_dry_run_on_the_server_is_refused_like_a_session_and_one_on_the_client_asks_nothing() -> None:
    world = World()
    world.streams.refusal = Forbidden("no exec")

    dry_run(request(), DryRun.CLIENT, world.ports())
    assert world.streams.checked == []
    with pytest.raises(Forbidden) as caught:
        dry_run(request(), DryRun.SERVER, world.ports())

    assert caught.value.remarks == (NOTHING,)
    assert world.added == []


def test_in_a_pod_where_none_can_start_that_is_said_first() -> None:
    world = World()
    world.streams.refusal = Forbidden("no exec")
    world.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:20Z"

    assert isinstance(failing(world), NotFound)


GENERAL = Privilege(Profile.GENERAL)
STRIPPED = {"securityContext": {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}}


@pytest.mark.parametrize(
    ("privilege", "rehearsals"),
    [
        (Privilege(), 0),
        (Privilege(Profile.RESTRICTED), 0),
        (Privilege(cap_drop=("KILL",)), 0),
        (Privilege(Profile.BASELINE), 1),
        (GENERAL, 1),
        (Privilege(Profile.SYSADMIN), 1),
        (Privilege(trace=True), 1),
    ],
    ids=lambda value: value.flags if isinstance(value, Privilege) else None,
)
def test_only_more_privilege_costs_a_dry_run(privilege: Privilege, rehearsals: int) -> None:
    world = World()

    open_session(request(privilege=privilege), world.ports())

    assert [entry["name"] for entry in world.cluster.rehearsed] == [entry["name"] for entry in world.added] * rehearsals


def test_what_the_dry_run_refuses_is_not_sent() -> None:
    asked: list[Json] = []

    def refuse(container: Json) -> None:
        asked.append(container)
        raise refused(403, 'violates PodSecurity "baseline:latest": SYS_PTRACE', PATCH)

    world = World(on_patch=refuse)

    error = failing(world, privilege=GENERAL)

    assert isinstance(error, Forbidden)
    assert error.remarks[0] == NOTHING
    assert world.added == []
    assert len(asked) == 1


WITHOUT = (
    "Without SYS_PTRACE, which is enough if the node's kernel.yama.ptrace_scope is 0: "
    "kubectl dshell web -n shop --cap-drop SYS_PTRACE"
)


@pytest.mark.parametrize(("reason", "advice"), [("SYS_PTRACE", [WITHOUT]), ("another one", [])])
def test_what_trace_adds_can_be_omitted_where_a_policy_refuses_it(reason: str, advice: list[str]) -> None:
    def refuse(container: Json) -> None:
        assert container["securityContext"]["capabilities"] == {"add": ["SYS_PTRACE"]}
        raise refused(403, f'violates PodSecurity "baseline:latest": {reason}', PATCH)

    world = World(pod=pod_json(statuses=[running(user=(0, 0))]), on_patch=refuse)

    error = failing(world, privilege=Privilege(trace=True))

    assert isinstance(error, Forbidden)
    assert world.added == []
    assert [line for line in error.remarks if line.startswith("Without SYS_PTRACE")] == advice


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(open_session, id="a session"),
        pytest.param(lambda request, ports: dry_run(request, DryRun.SERVER, ports), id="a dry run"),
    ],
)
def test_no_name_is_spent_where_admission_takes_the_privilege_away(act: Any) -> None:
    world = World()
    world.cluster.mutate = lambda container: container | STRIPPED

    with pytest.raises(Forbidden) as refusal:
        act(request(privilege=GENERAL), world.ports())

    assert refusal.value.message.splitlines() == [
        "the cluster's admission would give the debug container other privileges than were asked for:",
        '  admission removed securityContext.capabilities: {"add":["SYS_PTRACE"]}',
    ]
    assert refusal.value.aftermath == NOTHING
    assert world.added == []


def test_what_admission_adds_beside_the_privilege_is_no_reason_to_refuse() -> None:
    world = World()
    read_only = {"readOnlyRootFilesystem": True}
    world.cluster.mutate = lambda entry: entry | {"securityContext": entry["securityContext"] | read_only}

    assert open_session(request(privilege=GENERAL), world.ports()) == 0


def test_a_cluster_that_answers_no_dry_run_is_asked_for_the_real_thing() -> None:
    class NoDryRun(FakeCluster):
        def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
            if dry_run:
                raise refused(400, 'admission webhook "x.test" does not support dry run', PATCH)
            return super().add_ephemeral_container(namespace, pod, container)

    world = World(cluster=NoDryRun())

    assert open_session(request(privilege=GENERAL), world.ports()) == 0
    assert len(world.added) == 1
    with pytest.raises(DryRunUnsupported, match="the API server cannot say what it would do"):
        dry_run(request(), DryRun.SERVER, world.ports())


def test_privilege_that_has_no_effect_is_refused_before_anything_is_asked_of_the_pod() -> None:
    world = World()

    error = failing(world, privilege=Privilege(cap_add=("SYS_PTRACE",)))

    assert "SYS_PTRACE would have no effect" in error.message
    assert (world.added, world.cluster.rehearsed, world.opened) == ([], [], [])


def test_what_only_root_has_is_not_given_to_the_user_that_root_stepped_down_to() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN])

    error = failing(world, privilege=Privilege(cap_add=("NET_ADMIN",)))

    assert isinstance(error, Forbidden)
    assert "the app runs as user 101 and the debug container as 0" in error.message
    assert len(world.added) == 1
