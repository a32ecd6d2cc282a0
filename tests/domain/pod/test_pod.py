"""A pod is parsed whole, or it is malformed and says where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.json_fields import MOST_ITEMS, Fields
from kubectl_dshell.domain.pod.pod import Phase, parse_pod
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, parse_pods, told
from kubectl_dshell.errors import ExitStatus, Malformed
from tests.pods import Json, make_pod, pod_json, running


def with_(path: str, value: Any) -> Json:
    """A pod in which something else stands at a place."""
    pod = pod_json(
        ephemeral=[{"name": "dshell-a", "env": [{"name": "DSHELL_OWNER", "value": "ada"}]}],
        ephemeral_statuses=[running("dshell-a")],
    )
    *folders, last = path.split(".")
    where: Any = pod
    for folder in folders:
        where = where[int(folder)] if folder.isdigit() else where.setdefault(folder, {})
    where[int(last) if last.isdigit() else last] = value
    return pod


ENTRY, STATUS = "spec.ephemeralContainers.0", "status.ephemeralContainerStatuses.0"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("metadata", [], "metadata is not an object"),
        ("metadata.name", "../../x", "metadata.name is not a valid name: '../../x'"),
        ("metadata.name", "a..b", "metadata.name is not a valid name"),
        ("metadata.name", "Web", "metadata.name is not a valid name"),
        ("metadata.name", "a" * 254, "metadata.name is not a valid name"),
        ("metadata.name", "web\n", "metadata.name is not a valid name"),
        ("metadata.name", None, "metadata.name is not a valid name"),
        ("metadata.namespace", "/tmp/x", "metadata.namespace is not a valid name"),
        ("metadata.namespace", "a.b", "metadata.namespace is not a valid name"),
        ("metadata.annotations", {"a": 1}, "metadata.annotations.a is not a string"),
        ("spec", "x", "spec is not an object"),
        ("spec.nodeName", "a b", "spec.nodeName is not a valid name"),
        ("spec.containers", {}, "spec.containers is not a list"),
        ("spec.containers.0", "app", "spec.containers[0] is not an object"),
        ("spec.securityContext", {"runAsUser": "0"}, "spec.securityContext.runAsUser is not an integer from 0 to"),
        ("spec.securityContext", {"runAsUser": True}, "spec.securityContext.runAsUser is not an integer"),
        (f"{ENTRY}.name", "a\x1b[2J", "spec.ephemeralContainers[0].name is not a valid name: 'a [2J'"),
        (f"{ENTRY}.env.0.value", 7, "spec.ephemeralContainers[0].env[0].value is not a string"),
        (f"{ENTRY}.securityContext", {"privileged": "yes"}, "privileged is not a boolean"),
        (f"{ENTRY}.securityContext", {"readOnlyRootFilesystem": "yes"}, "readOnlyRootFilesystem is not a boolean"),
        (f"{ENTRY}.securityContext", {"capabilities": {"add": [1]}}, "capabilities.add[0] is not a string"),
        ("spec.ephemeralContainers", [{"name": "a"}] * (MOST_ITEMS + 1), "has more than 16384 items"),
        (f"{STATUS}.containerID", "containerd://../x", "containerID is not a container ID"),
        (
            f"{STATUS}.user",
            {"linux": {"uid": 2**32, "gid": 0}},
            "user.linux.uid is not an integer from 0 to 4294967295",
        ),
        (
            f"{STATUS}.user",
            {"linux": {"supplementalGroups": [5, "6"]}},
            "user.linux.supplementalGroups[1] is not an integer from 0 to 4294967295",
        ),
        (f"{STATUS}.user", {"linux": {"supplementalGroups": 5}}, "user.linux.supplementalGroups is not a list"),
        (
            f"{STATUS}.state.running.startedAt",
            "2026-01-01T00:00:00",
            "startedAt is not an RFC 3339 time: '2026-01-01T00:00:00'",
        ),
        (f"{STATUS}.state.running.startedAt", "9999-12-31T23:59:59Z", "startedAt is not an RFC 3339 time"),
        (f"{STATUS}.state.running.startedAt", "0001-01-01T00:00:00+23:59", "startedAt is not an RFC 3339 time"),
        (f"{STATUS}.state.running.startedAt", 7, "startedAt is not a string"),
    ],
)
def test_what_is_not_of_its_form_is_named_with_the_pod(path: str, value: Any, why: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_pod(with_(path, value))

    assert refused.value.status is ExitStatus.UNAVAILABLE
    assert refused.value.message.startswith("pod ")
    assert why in refused.value.message


def test_what_an_api_server_writes_is_read() -> None:
    pod = parse_pod(with_(f"{STATUS}.state.running.startedAt", "2026-01-01T00:00:00.123456789Z"))

    [entry] = pod.ephemeral
    assert entry.state.started_at == datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)
    assert (entry.state.phase, entry.id, entry.user) == (Phase.RUNNING, "a" * 64, (65532, 65532))
    assert entry.groups == (65532,)


def test_stamps_are_one_line_each_and_not_too_long() -> None:
    forged = "ada\n  shop/web forged\u2028\r\x1b[2J" + "x" * 999
    env = [{"name": f"DSHELL_{one}", "value": forged} for one in ("OWNER", "REASON", "LIMIT")]
    pod = parse_pod(with_(f"{ENTRY}.env", env))

    [session] = debug_containers(pod)
    assert session.owner == session.reason
    assert session.owner.startswith("ada   shop/web forged   [2J")
    assert (len(session.owner), session.limit) == (256, None)


def test_the_others_go_on_and_those_that_cannot_be_understood_are_named() -> None:
    seen: list[UnreadablePod] = []
    odd = [with_("metadata.namespace", "../../x"), 7, with_("spec", []), {}, with_("status", 0)]

    pods = list(parse_pods([*odd, pod_json()], seen.append))

    assert [pod.name for pod in pods] == ["web"]
    assert told(seen) == (
        "5 pods could not be read: ../../x/web (metadata.namespace is not a valid name: '../../x'); "
        "without a name (it is not an object); shop/web (spec is not an object); and 2 more"
    )
    assert told(seen[2:3]) == "1 pod could not be read: shop/web (spec is not an object)"


def test_what_is_passed_on_as_it_is_is_not_too_deep() -> None:
    deep: Any = {}
    for _ in range(20):
        deep = {"seLinuxOptions": deep}
    with pytest.raises(Malformed, match="more than 16 levels"):
        parse_pod(with_("spec.securityContext", deep))
    assert Fields("x", {"securityContext": deep["seLinuxOptions"]}).json


USER = {"linux": {"uid": 65532, "gid": 65532, "supplementalGroups": [65532]}}


@pytest.mark.parametrize(
    ("runtime", "status", "user", "groups"),
    [
        pytest.param("containerd", {"user": USER}, (65532, 65532), (65532,), id="containerd 2.2.1"),
        pytest.param("containerd", {}, None, (), id="containerd 1.7.24"),
        pytest.param("cri-o", {"user": USER}, (65532, 65532), (65532,), id="CRI-O 1.36.3"),
    ],
)
def test_what_a_status_says_of_runtime_and_user(
    runtime: str, status: Json, user: tuple[int, int] | None, groups: tuple[int, ...]
) -> None:
    found = {"name": "app", "containerID": f"{runtime}://{'a' * 64}", "state": {"running": {}}, **status}
    [container] = make_pod(statuses=[found]).containers

    assert (container.runtime, container.id, container.user, container.groups) == (runtime, "a" * 64, user, groups)


@pytest.mark.parametrize(("id_", "runtime"), [("", ""), ("a" * 64, ""), ("docker://" + "a" * 64, "docker")])
def test_an_id_without_a_scheme_is_of_no_known_runtime(id_: str, runtime: str) -> None:
    [container] = make_pod(statuses=[{"name": "app", "containerID": id_, "state": {"running": {}}}]).containers

    assert container.runtime == runtime
