"""The decisions of one `kubectl dshell POD --volumes`, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.commands.session.dry_run import DryRun, dry_run
from kubectl_dshell.commands.volumes.open import open_volumes
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import Forbidden, NotFound, Unavailable
from tests.commands.world import World, request
from tests.pods import Json, pod_json, running

LINUX = {"user": {"linux": {"uid": 65532, "gid": 65532}}}
CRASHING = {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "containerID": "containerd://0ld"}
DATA = {"name": "data", "mountPath": "/data"}
CONF = {"name": "conf", "mountPath": "/etc/conf", "readOnly": True}
SUB = {"name": "conf", "mountPath": "/etc/one", "subPath": "one"}
CLOSED_VOLUME = "dshell pid=0 our_uid=65532 our_gid=65532 our_caps=0 left=28800 holder=ok"


def crashing(*mounts: Json, status: Json | None = None, **changes: Any) -> World:
    world = World(**changes)
    app = {"name": "app", "image": "shop/web:1", "volumeMounts": [*(mounts or (DATA, CONF))]}
    world.pod = pod_json(spec={"containers": [app]}, statuses=[status or {**CRASHING, **LINUX}])
    return world


def asked(**changes: Any) -> Any:
    return request(volumes=True, retry_command="kubectl dshell web -n shop --volumes", **changes)


def test_the_entry_has_the_volumes_and_no_target() -> None:
    world = crashing(ends=[Exit(42)])

    assert open_volumes(asked(), world.ports()) == 42

    (entry,) = world.added
    assert "targetContainerName" not in entry
    assert entry["volumeMounts"] == [DATA, CONF]
    assert entry["securityContext"]["runAsUser"] == 65532
    assert {one["name"]: one["value"] for one in entry["env"]}["DSHELL_VOLUMES_OF"] == "app"
    (listed,) = debug_containers(parse_pod(world.pod))
    assert (listed.target, listed.volumes_only, listed.ours) == ("app", True, True)


def test_the_scripts_know_that_there_is_no_target_and_where_to_start() -> None:
    world = crashing()
    answer, streams = world.streams.answer, list[Any]()

    def remember(asked: Any) -> Any:
        stream = answer(asked)
        streams.append((asked, stream))
        return stream

    world.streams.answer = remember  # type: ignore[method-assign]

    open_volumes(asked(command=("true",), tty=False), world.ports())

    scripts = [stream.script for exec_, stream in streams if exec_.mode == "pipe"]
    assert [b"no_target=1\napp_volumes=/data:/etc/conf\n" in script for script in scripts] == [True]
    assert all(exec_.words[1] == "" for exec_, _ in streams if exec_.mode in ("pipe", "tether"))


def test_a_shell_is_told_what_is_here() -> None:
    world = crashing(DATA, CONF, SUB)

    open_volumes(asked(command=()), world.ports())

    said = "\n".join(world.said)
    assert "the volumes of app are at their own paths:\n/data, /etc/conf (read-only). " in said
    assert "left out, because an ephemeral container may not have them: /etc/one (subPath or device)" in said


def test_the_next_one_reuses_it_and_another_session_does_not() -> None:
    world = crashing(ends=[Exit(0)] * 3)

    open_volumes(asked(keep=600), world.ports())
    open_volumes(asked(), world.ports())
    world.pod["status"]["containerStatuses"] = [running()]
    from kubectl_dshell.commands.session.open import open_session

    open_session(request(), world.ports())

    assert len(world.added) == 2
    assert world.added[1]["targetContainerName"] == "app"


def test_a_container_that_runs_is_entered_better_without() -> None:
    world = crashing(status=running())

    assert open_volumes(asked(), world.ports()) == 0

    assert (
        "container app runs: without --volumes all of its files are there (kubectl dshell web --container app -n shop)"
        in world.said
    )


def test_a_user_that_nothing_tells_is_asked_for_before_anything_is_added() -> None:
    world = crashing(status=CRASHING)

    with pytest.raises(Forbidden, match="says as which user it runs"):
        open_volumes(asked(), world.ports())

    assert world.added == []
    assert open_volumes(asked(run_as=(7, 8)), world.ports()) == 0
    assert world.added[0]["securityContext"]["runAsGroup"] == 8


def test_what_would_hide_the_shell_is_refused_before_anything_is_added() -> None:
    world = crashing({"name": "data", "mountPath": "/bin"})

    with pytest.raises(Unavailable, match="mounts a volume at /bin"):
        open_volumes(asked(), world.ports())

    assert world.added == []


def test_another_profile_does_not_need_ptrace() -> None:
    world = crashing()

    assert open_volumes(asked(privilege=Privilege(Profile.NETADMIN)), world.ports()) == 0

    assert world.added[0]["securityContext"]["capabilities"] == {"add": ["NET_ADMIN", "NET_RAW"]}


def test_a_volume_that_cannot_be_entered_is_no_shell_elsewhere() -> None:
    world = crashing()
    world.streams.facts = [CLOSED_VOLUME]

    with pytest.raises(Forbidden, match="cannot enter the volume at /data") as refusal:
        open_volumes(asked(command=()), world.ports())

    assert refusal.value.advice == ("Run as a user that can: kubectl dshell web -n shop --volumes --run-as UID[:GID]",)
    assert world.tethers[-1].sent.splitlines()[-1].startswith(b"bye ")


def test_a_pod_that_has_ended_is_for_a_copy() -> None:
    world = crashing()
    world.pod["status"]["phase"] = "Failed"

    with pytest.raises(NotFound, match="has terminated"):
        open_volumes(asked(), world.ports())


def test_it_can_be_printed() -> None:
    (entry,) = dry_run(asked(), DryRun.CLIENT, crashing().ports())["spec"]["ephemeralContainers"]

    assert entry["volumeMounts"] == [DATA, CONF]
