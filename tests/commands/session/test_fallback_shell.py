"""Root with SYS_PTRACE is offered to a person only, where nothing else helps and the cluster allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.stream import Companion, Exit
from kubectl_dshell.errors import DshellError, Forbidden, Interrupted
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import CLOSED, OPEN, STEPPED_DOWN, FakePrompt, World, refused, request, root_pod
from tests.pods import Json, pod_json, running

AGAIN = "kubectl dshell web -n shop"
QUESTION = "Enter as root with SYS_PTRACE instead? It is allowed in this namespace"
AS_ROOT = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False, "capabilities": {"add": ["SYS_PTRACE"]}}
GENERAL = f"Enter as root with SYS_PTRACE: {AGAIN} --profile general"
UNDUMPABLE = OPEN.replace("dumpable=yes", "dumpable=no").replace("root=ok", "root=denied")
SEVERAL = OPEN.replace("uid=65532,65532", "uid=0,65532").replace("root=ok", "root=denied")
OTHER_USER = OPEN.replace("uid=65532,65532,65532,65532", "uid=7,7,7,7").replace("root=ok", "root=denied")
STEPPED_DOWN_UNDUMPABLE = STEPPED_DOWN.replace("dumpable=yes", "dumpable=no")
PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web")
SHELL: dict[str, Any] = {"command": (), "tty": True}


def users(world: World) -> list[int]:
    return [entry["securityContext"]["runAsUser"] for entry in world.added]


@pytest.mark.parametrize(
    ("facts", "pod"),
    [
        pytest.param(CLOSED, pod_json, id="file capability"),
        pytest.param(UNDUMPABLE, pod_json, id="not dumpable"),
        pytest.param(SEVERAL, pod_json, id="several ids"),
        pytest.param(STEPPED_DOWN_UNDUMPABLE, root_pod, id="setuid without exec"),
    ],
)
@pytest.mark.parametrize("changes", [{}, SHELL], ids=["command", "shell"])
def test_a_yes_enters_as_root(facts: str, pod: Callable[[], Json], changes: dict[str, Any]) -> None:
    world = World(pod=pod(), facts=[facts, OPEN], ends=[Exit(7)], answer=True)

    assert open_session(request(**changes), world.ports()) == 7

    assert world.asked == [QUESTION]
    assert world.added[-1]["securityContext"] == AS_ROOT
    assert len(world.added) == 2
    assert world.cluster.rehearsed[0]["securityContext"] == AS_ROOT
    assert len(world.cluster.rehearsed) == 1  # what was allowed a moment ago is not asked again
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")
    assert any("cannot read the app's files" in line for line in world.said)


def test_a_no_is_the_same_as_in_a_script() -> None:
    world = World(facts=[CLOSED], answer=False)

    with pytest.raises(Forbidden, match="cannot read the app's files") as refusal:
        open_session(request(), world.ports())

    assert refusal.value.advice == (GENERAL,)
    assert world.asked == [QUESTION]
    assert users(world) == [65532]


def test_a_no_still_gets_a_shell_in_the_debug_image_and_reads_the_reason_once() -> None:
    world = World(facts=[CLOSED], ends=[Exit(3)], answer=False)

    assert open_session(request(**SHELL), world.ports()) == 3

    assert world.opened[-1][1][0] == "outside"
    assert len([line for line in world.said if "cannot read the app's files" in line]) == 1
    assert world.said[-1] == GENERAL
    assert users(world) == [65532]


def test_a_script_is_asked_nothing_and_nothing_is_asked_of_the_cluster() -> None:
    world = World(facts=[CLOSED])

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), world.ports())

    assert refusal.value.advice == (GENERAL,)
    assert (world.asked, world.cluster.rehearsed, users(world)) == ([], [], [65532])


@pytest.mark.parametrize(
    ("facts", "changes"),
    [
        pytest.param(OTHER_USER, {"run_as": (1, 1)}, id="another user would do"),
        pytest.param(OTHER_USER, {}, id="a process claims another user"),
        pytest.param(CLOSED, {"privilege": Privilege(cap_drop=("KILL",))}, id="the user chose less"),
        pytest.param(CLOSED, {"privilege": Privilege(custom=Custom("f", {"workingDir": "/"}))}, id="or something else"),
    ],
)
def test_where_the_way_out_is_another_nobody_is_asked(facts: str, changes: dict[str, Any]) -> None:
    world = World(facts=[facts], answer=True)

    with pytest.raises(Forbidden):
        open_session(request(**changes), world.ports())

    assert world.asked == []
    assert 0 not in users(world)


def test_the_profile_that_was_given_gives_way_to_a_yes() -> None:
    world = World(facts=[CLOSED, OPEN], answer=True)

    open_session(request(privilege=Privilege(Profile.RESTRICTED), run_as=(65532, 65532)), world.ports())

    assert users(world) == [65532, 0]


def refusing_root(error: DshellError) -> Any:
    def on_patch(container: Json) -> None:
        if container["securityContext"]["runAsUser"] == 0:
            raise error

    return on_patch


@pytest.mark.parametrize("changes", [{}, SHELL], ids=["command", "shell"])
def test_where_the_cluster_does_not_allow_it_the_reason_is_told_instead(changes: dict[str, Any]) -> None:
    error = refused(403, 'violates PodSecurity "baseline:latest": SYS_PTRACE', PATCH)
    world = World(facts=[CLOSED], ends=[Exit(3)], answer=True, on_patch=refusing_root(error))

    try:
        code = open_session(request(**changes), world.ports())
    except Forbidden as refusal:
        code, said = refusal.status, list(refusal.advice)
    else:
        said = world.said

    but = 'Root with SYS_PTRACE could read them, but the namespace\'s Pod Security level "baseline" does not allow'
    assert code == (3 if changes else 77)
    assert any(line.startswith(but) for line in said)
    assert GENERAL not in said
    assert (world.asked, users(world)) == ([], [65532])


def test_where_no_dry_run_is_answered_nobody_is_asked() -> None:
    error = refused(400, 'admission webhook "x.test" does not support dry run', PATCH)
    world = World(facts=[CLOSED], answer=True, on_patch=refusing_root(error))

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), world.ports())

    assert refusal.value.advice == (GENERAL,)
    assert (world.asked, users(world)) == ([], [65532])


def test_a_name_is_used_once() -> None:
    world = World(facts=[CLOSED, OPEN], answer=True)

    open_session(request(name="dshell-review"), world.ports())

    assert [entry["name"] for entry in world.added] == ["dshell-review", "dshell-review-2"]


def test_who_goes_away_while_asked_leaves_nothing() -> None:
    class Impatient(FakePrompt):
        def confirm(self, question: str, companion: Companion) -> bool:
            raise Interrupted(2)

    world = World(facts=[CLOSED], answer=True)
    world.prompt.__class__ = Impatient

    with pytest.raises(Interrupted):
        open_session(request(**SHELL), world.ports())

    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")
    assert users(world) == [65532]


def test_root_that_is_kept_out_as_well_is_told_so() -> None:
    both = CLOSED.replace("our_uid=65532", "our_uid=0").replace("our_caps=0", "our_caps=80000")
    world = World(facts=[CLOSED, both], answer=True)

    with pytest.raises(Forbidden, match="a security module on the node"):
        open_session(request(), world.ports())

    assert world.asked == [QUESTION]
    assert users(world) == [65532, 0]


@pytest.mark.parametrize(
    ("privileged", "said"), [(True, "--profile sysadmin"), (False, "ask the node's administrator")]
)
def test_a_module_that_spares_a_privileged_app_alone_is_passed_by_being_privileged(privileged: bool, said: str) -> None:
    kept_out = CLOSED.replace("our_caps=0", "our_caps=1ffffffffff").replace("our_uid=65532", "our_uid=0")
    spec = {"containers": [{"name": "app", "securityContext": {"privileged": privileged}}]}
    world = World(pod=pod_json(spec=spec, statuses=[running(user=(0, 0))]), facts=[kept_out])

    with pytest.raises(Forbidden) as refused:
        open_session(request(), world.ports())

    assert "a security module on the node" in refused.value.message
    assert said in refused.value.advice[0]
