"""The decisions of one `kubectl dshell POD --copy`, without a cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubectl_dshell.commands.pod_copy.open import dry_run_copy, dry_run_image, open_copy, open_image
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.commands.session.end_reason import SessionLapsed
from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import (
    ApiError,
    ConnectionLost,
    DshellError,
    Forbidden,
    Interrupted,
    Malformed,
    NoImageVolumes,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from kubectl_dshell.output.document import Format, format_document
from tests.commands.world import KEY, World, request
from tests.pods import Json, pod_json

CRASHING = {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}


def crashing(**changes: Any) -> World:
    world = World(**changes)
    world.pod = pod_json(statuses=[CRASHING])
    return world


def test_the_exit_code_is_the_command_s_and_the_copy_is_deleted() -> None:
    world = crashing(ends=[Exit(42)])

    assert open_copy(request(command=()), world.ports()) == 42

    (made,) = world.created.made
    assert world.created.deleted == [(made["metadata"]["name"], "u-copy")]
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")
    assert {container for container, _ in world.opened} == {made["spec"]["containers"][0]["name"]}
    assert any(
        "This pod is a copy: no process of the app runs in it, and it is deleted afterwards." in line
        for line in world.said
    )


def test_it_is_known_as_one_s_own() -> None:
    world = crashing()

    open_copy(request(reason="ticket 7"), world.ports())

    (found,) = debug_containers(parse_pod(world.created.made[0]))
    assert is_mine(found.seal, KEY)
    assert (found.ours, found.reason, found.owner, found.limit) == (True, "ticket 7", "ada", 28800)


@pytest.mark.parametrize(
    ("error", "deleted"),
    [
        (Interrupted(2), True),
        (Unavailable("x"), True),
        (RuntimeError("a bug"), True),
        (ConnectionLost("x"), False),
    ],
)
def test_it_is_deleted_unless_one_may_come_back(error: BaseException, deleted: bool) -> None:
    world = crashing()

    def session(_companion: object) -> Exit:
        raise error

    world.terminal.session = session

    with pytest.raises(type(error)):
        open_copy(request(), world.ports())

    assert len(world.created.deleted) == deleted


def test_one_that_has_ended_while_the_client_was_away_is_deleted() -> None:
    world = crashing()

    def session(_companion: object) -> Exit:
        world.clock.time += 100
        raise ConnectionLost("x")

    world.terminal.session = session

    with pytest.raises(SessionLapsed):
        open_copy(request(), world.ports())

    assert len(world.created.deleted) == 1


@pytest.mark.parametrize("right", [("create", "pods"), ("delete", "pods"), ("create", "pods/exec")])
def test_without_a_right_nothing_is_created(right: tuple[str, str]) -> None:
    world = crashing()
    world.created.denied = {right}

    with pytest.raises(PermissionDenied, match=f"may not {' '.join(right)} in namespace shop"):
        open_copy(request(), world.ports())

    assert (world.created.made, world.created.deleted) == ([], [])


def test_a_cluster_that_drops_the_tools_is_told_of() -> None:
    world = crashing()

    def drop(pod: Json) -> None:
        pod["spec"]["volumes"] = [{"name": "dshell-tools", "emptyDir": {}}]

    world.created.on_create = drop

    with pytest.raises(NoImageVolumes, match="this cluster has no image volumes"):
        open_copy(request(), world.ports())

    assert len(world.created.deleted) == 1


@pytest.mark.parametrize("metadata", [7, [], {"uid": 7}])
def test_an_answer_that_is_no_pod_is_malformed_and_the_copy_deleted_by_its_name(metadata: Any) -> None:
    world = crashing()
    world.created.on_create = lambda pod: pod.update(metadata=metadata)

    with pytest.raises(Malformed, match="the created pod is malformed"):
        open_copy(request(), world.ports())

    assert [uid for _, uid in world.created.deleted] == [""]


def test_a_copy_that_does_not_start_is_deleted() -> None:
    world = crashing()

    def stuck(pod: Json) -> None:
        waiting = {"reason": "CreateContainerConfigError", "message": 'secret "s" not found'}
        pod["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}

    world.created.on_create = stuck

    with pytest.raises(Unavailable, match='cannot start the copy of the container: secret "s" not found'):
        open_copy(request(), world.ports())

    assert len(world.created.deleted) == 1


def test_one_that_cannot_be_deleted_is_told_with_the_command_and_the_code_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = crashing(ends=[Exit(3)])

    def fail(*_: object) -> None:
        raise ApiError(500, "", "etcd is away")

    monkeypatch.setattr(world.created, "delete_pod", fail)

    assert open_copy(request(), world.ports()) == 3

    name = world.created.made[0]["metadata"]["name"]
    assert world.said[-1] == (
        f"the copy {name} could not be deleted (etcd is away); nothing runs in it after 50 s. "
        f"Delete it with: kubectl delete pod {name} -n shop"
    )


def test_what_ended_before_the_session_began_is_told() -> None:
    world = crashing()
    world.streams.vanished = {"dshell-" + f"{0:08d}"[-5:]}

    with pytest.raises(DshellError):
        open_copy(request(), world.ports())

    assert len(world.created.deleted) == 1


def test_in_gvisor_the_way_that_is_named_is_one_into_the_pod_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.pod["spec"]["runtimeClassName"] = "gvisor"
    monkeypatch.setattr(world.cluster, "get_pod", lambda *_: (*world.created.made, world.pod)[0])
    world.streams.vanished = {"dshell-" + f"{0:08d}"[-5:]}

    with pytest.raises(Unavailable, match=r"^the debug container dshell-00000 ended before .* session begins$") as told:
        open_copy(request(), world.ports())

    debug = "kubectl debug -it web -n shop --image busybox:1.37 --target app --profile general"
    assert told.value.advice == (f"See the app's files as root, in /proc/PID/root: {debug}",)


def test_a_pod_or_container_that_is_not_there_creates_nothing() -> None:
    world = crashing()

    for changes in ({"pod": "wbe"}, {"container": "x"}):
        with pytest.raises(NotFound):
            open_copy(request(**changes), world.ports())

    assert world.created.made == []


@pytest.mark.parametrize("mode", [DryRun.CLIENT, DryRun.SERVER])
def test_a_dry_run_creates_nothing(mode: Any) -> None:
    world = crashing()

    manifest = dry_run_copy(request(), mode, world.ports())

    assert json.loads(format_document(manifest, Format.JSON)) == manifest
    assert yaml.safe_load(format_document(manifest, Format.YAML)) == manifest
    assert "DSHELL_SEAL" not in str(manifest)
    assert world.created.made == []


@pytest.mark.parametrize(("like", "node"), [("", False), ("web", True)])
def test_an_image_alone_is_a_pod_that_is_deleted_and_a_copy_of_nothing(like: str, node: bool) -> None:
    world = crashing(ends=[Exit(4)])

    assert open_image(request(pod=like, command=()), "tools/jq:1", world.ports()) == 4

    (made,) = world.created.made
    (found,) = debug_containers(parse_pod(made))
    assert made["metadata"]["name"].startswith("jq-dshell-")
    assert made["spec"]["containers"][0]["image"] == "tools/jq:1"
    assert ("affinity" in made["spec"]) is node
    assert (found.is_copy, found.copy_of, found.target) == (True, "", "")
    assert any("; / is jq:1, tools are busybox:1.37.\nThis pod is deleted afterwards." in line for line in world.said)
    assert len(world.created.deleted) == 1


def test_an_image_like_a_pod_that_is_not_there_creates_nothing() -> None:
    world = crashing()

    with pytest.raises(NotFound):
        open_image(request(pod="wbe"), "jq", world.ports())

    assert world.created.made == []


def test_the_pod_of_an_image_is_printed() -> None:
    manifest = dry_run_image(request(pod=""), "jq", DryRun.CLIENT, crashing().ports())

    assert yaml.safe_load(format_document(manifest, Format.YAML)) == manifest


GENERAL = Privilege(Profile.GENERAL)


def test_the_privilege_that_was_asked_for_is_the_copy_s_and_said() -> None:
    world = crashing()

    open_copy(request(privilege=GENERAL), world.ports())

    (container,) = world.created.made[0]["spec"]["containers"]
    assert container["securityContext"]["capabilities"] == {"add": ["SYS_PTRACE"]}
    assert container["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize(
    ("privilege", "why"),
    [
        (Privilege(cap_add=("NET_ADMIN",)), "NET_ADMIN would have no effect"),
        (Privilege(privileged=True), "privileged would have no effect"),
    ],
)
def test_privilege_without_effect_creates_nothing(privilege: Privilege, why: str) -> None:
    world = crashing()

    with pytest.raises(Forbidden, match=why):
        open_copy(request(privilege=privilege), world.ports())

    assert world.created.made == []


def test_a_copy_whose_privilege_admission_takes_away_is_deleted() -> None:
    world = crashing()
    world.created.on_create = lambda pod: pod["spec"]["containers"][0]["securityContext"].pop("capabilities")

    with pytest.raises(Forbidden, match="would give the copy other privileges") as refusal:
        open_copy(request(privilege=GENERAL), world.ports())

    assert "capabilities" in refusal.value.message
    assert world.created.deleted == [(world.created.made[0]["metadata"]["name"], "u-copy")]
    assert world.opened == []


def test_less_power_over_the_node_is_said() -> None:
    world = crashing()
    world.pod["spec"]["hostUsers"] = False

    open_copy(request(privilege=Privilege(Profile.SYSADMIN)), world.ports())

    assert any("privileged gives no power over its node" in line for line in world.said)


def test_a_custom_container_has_the_last_word_and_its_volume_is_copied() -> None:
    world = crashing()
    own = {"name": "GREETING", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    world.pod["spec"]["containers"][0] |= {"env": [own], "resources": {"limits": {"memory": "1Gi"}}}
    world.pod["spec"]["volumes"] = [{"name": "conf", "configMap": {"name": "conf"}}]
    mount = {"name": "conf", "mountPath": "/conf"}
    custom = Custom(
        "mine.yaml",
        {
            "securityContext": {"runAsUser": 5, "runAsGroup": 6},
            "imagePullPolicy": "Always",
            "env": [{"name": "GREETING", "value": "hello"}],
            "volumeMounts": [mount],
            "workingDir": "/srv",
        },
    )

    open_copy(request(privilege=Privilege(custom=custom)), world.ports())

    spec = world.created.made[0]["spec"]
    (container,) = spec["containers"]
    assert (container["securityContext"]["runAsUser"], container["securityContext"]["runAsGroup"]) == (5, 6)
    assert (container["imagePullPolicy"], container["workingDir"]) == ("Always", "/srv")
    assert mount in container["volumeMounts"]
    assert "conf" in [volume["name"] for volume in spec["volumes"]]
    greetings = [one for one in container["env"] if one["name"] == "GREETING"]
    assert greetings[-1] == {"name": "GREETING", "value": "hello"}, "the last one of a name counts"
    assert container["resources"]["limits"] == {"memory": "1Gi"}
