"""The decisions of one `kubectl dshell POD`, without a cluster."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from kubectl_dshell.commands.session.dry_run import DryRun, dry_run
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.debug_container.seal import Key
from kubectl_dshell.domain.debug_container.spec import environment
from kubectl_dshell.domain.stream import Exit, Stream
from kubectl_dshell.errors import ApiError, DshellError, ExitStatus, Forbidden, NotFound, Unavailable
from kubectl_dshell.kube.refusals import ApiRequest
from kubectl_dshell.remote.exec_script import OWN_SHELL
from tests.commands.world import (
    CLOSED,
    GONE,
    KEY,
    OPEN,
    OTHER_KEY,
    STEPPED_DOWN,
    UNSEEN,
    Exec,
    FakeCluster,
    FakeStream,
    FakeStreams,
    World,
    refused,
    request,
    root_pod,
    running_holder,
)
from tests.pods import Json, pod_json, running
from tests.waiting import wait_until


def test_the_exit_code_is_the_command_s_and_goodbye_is_said() -> None:
    world = World(ends=[Exit(42)])

    assert open_session(request(), world.ports()) == 42
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")
    assert world.tethers[0].closed


def test_keep_is_said_before_goodbye() -> None:
    world = World()

    open_session(request(keep=1800), world.ports())

    assert [line.split()[0] for line in world.tethers[0].sent.splitlines()][-2:] == [b"keep", b"bye"]


@pytest.mark.parametrize(
    ("changes", "opened"),
    [
        ({"command": ("cat", "-"), "tty": False}, ["pipe", "cat", "-"]),
        ({"command": ("cat", "-"), "tty": False, "stdin": False}, ["run", "cat", "-"]),
        ({"command": ("vi", "x"), "tty": True}, ["terminal", "24", "80", "vi", "x"]),
        ({"command": (), "tty": True}, ["shell", "web/app", "24", "80"]),
        ({"command": (), "tty": False}, ["pipe", "sh"]),
    ],
    ids=["command", "command without stdin", "command on a terminal", "shell", "script on stdin"],
)
def test_what_is_executed(changes: dict[str, Any], opened: list[str]) -> None:
    world = World()

    open_session(request(**changes), world.ports())

    assert opened in [words for _, words in world.opened]


def test_a_live_holder_is_reused_and_said() -> None:
    world = World()
    running_holder(world)

    open_session(request(), world.ports())

    assert world.added == []
    assert "dshell-abcde (reused) in web as 65532:65532 (from the container's status)" in world.said


def test_what_is_made_is_sealed_and_known_again() -> None:
    world = World()

    for _ in range(2):
        world.ends = [Exit(0)]
        assert open_session(request(keep=300), world.ports()) == 0

    (entry,) = world.added
    assert len(environment(entry)["DSHELL_SEAL"]) == 35


def test_without_a_pod_s_uid_nothing_is_sealed() -> None:
    """It would fit every other pod without one."""
    world = World()
    world.pod["metadata"]["uid"] = ""

    open_session(request(), world.ports())

    assert "DSHELL_SEAL" not in environment(world.added[0])


def test_one_that_admission_rewrote_is_known_again() -> None:
    def rewrite(container: Json) -> None:
        container["image"] = "mirror.example/" + container["image"]
        container["env"].insert(0, {"name": "HTTP_PROXY", "value": "http://proxy"})
        container["securityContext"]["readOnlyRootFilesystem"] = True

    world = World(on_patch=rewrite)
    for _ in range(2):
        world.ends = [Exit(0)]
        assert open_session(request(keep=300), world.ports()) == 0

    assert len(world.added) == 1


@pytest.mark.parametrize(
    ("made_with", "secret", "why"),
    [
        pytest.param(OTHER_KEY, KEY, "", id="by another user, or on another machine"),
        pytest.param(None, KEY, "", id="by an older version, or by who wrote my name into it"),
        pytest.param(KEY, None, " (no key has been created on this machine yet)", id="by nobody knows whom"),
    ],
)
def test_what_only_says_it_is_mine_is_not_reused_and_that_is_said(
    made_with: Key | None, secret: Key | None, why: str
) -> None:
    world = World(secret=secret)
    running_holder(world, key=made_with)

    assert open_session(request(), world.ports()) == 0

    assert len(world.added) == 1
    assert {container for container, _ in world.opened} == {world.added[0]["name"]}
    assert world.said[0] == (
        f"dshell-abcde has the same options, but was not created by you on this machine{why}; "
        "creating another one (to join it: kubectl dshell attach web/dshell-abcde -n shop)"
    )


def test_a_key_that_cannot_be_trusted_is_told_once_and_nothing_is_sealed() -> None:
    world = World(secret=None, refused=True, trouble="/home/ada/key is open to others")

    assert open_session(request(), world.ports()) == 0

    assert "DSHELL_SEAL" not in environment(world.added[0])
    assert world.said[0] == "your key cannot be used, so no debug container is reused: /home/ada/key is open to others"
    assert sum("key" in line for line in world.said) == 1


class Replaced(FakeCluster):
    """While the debug container starts, another pod gets the name, and in it somebody adds one of the same name."""

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        answer = super().add_ephemeral_container(namespace, pod, container, dry_run=dry_run)
        self.pod = copy.deepcopy(answer)
        self.pod["metadata"]["uid"] = "u-2"
        return answer

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        while True:
            yield copy.deepcopy(self.pod)


def test_nobody_enters_what_has_the_name_in_the_pod_that_came_after() -> None:
    world = World(cluster=Replaced())

    with pytest.raises(NotFound, match="pod web was replaced by another of the same name before dshell-"):
        open_session(request(), world.ports())
    assert world.opened == []


def test_new_adds_another() -> None:
    world = World()
    running_holder(world)

    open_session(request(new=True), world.ports())

    assert len(world.added) == 1


@pytest.mark.parametrize(
    "message",
    [
        'container not found ("dshell-abcde")',
        "rpc error: code = Unknown desc = container is in CONTAINER_EXITED state",
        "rpc error: code = NotFound desc = container is not created or running",
    ],
    ids=["kubelet", "containerd", "CRI-O"],
)
def test_a_holder_that_has_just_ended_is_replaced(message: str) -> None:
    world = World(vanished={"dshell-abcde"}, vanished_message=message)
    running_holder(world)

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 1


def test_the_next_live_holder_is_joined_where_the_first_has_just_ended() -> None:
    world = World(vanished={"dshell-abcde"})
    running_holder(world)
    running_holder(world, "dshell-fghij")

    assert open_session(request(), world.ports()) == 0
    assert world.added == []


def test_a_holder_that_is_ending_is_replaced_and_nothing_runs_twice() -> None:
    world = World(facts=[GONE, World().facts[0]])
    running_holder(world)

    assert open_session(request(), world.ports()) == 0
    assert len(world.added) == 1


def test_a_holder_that_ends_under_its_first_session_is_a_failed_start() -> None:
    world = World(facts=[GONE])

    with pytest.raises(Unavailable, match="ended before the session began"):
        open_session(request(), world.ports())


def test_a_wrong_identity_is_measured_corrected_once_and_stamped() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, World().facts[0]])

    assert open_session(request(), world.ports()) == 0
    assert [c["securityContext"]["runAsUser"] for c in world.added] == [0, 101]
    assert {"name": "DSHELL_MEASURED", "value": f"{'a' * 64} 101:101"} in world.added[1]["env"]
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")  # others may be there: nothing ends for them


def test_a_second_wrong_measurement_is_not_followed() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, STEPPED_DOWN.replace("101", "102")])

    with pytest.raises(Forbidden):
        open_session(request(), world.ports())
    assert len(world.added) == 2


FORGED = OPEN.replace("root=ok", "root=denied").replace("65532,65532,65532,65532", "0,0,0,0")


@pytest.mark.parametrize(
    ("user", "said"),
    [
        pytest.param((65532, 65532), "the container's status says 65532:65532", id="the status names another"),
        pytest.param(
            None, "neither the container's status nor the pod's spec specifies its user", id="nobody names any"
        ),
    ],
)
def test_a_forged_line_of_facts_adds_no_root(user: tuple[int, int] | None, said: str) -> None:
    world = World(pod=pod_json(statuses=[running(user=user)]), facts=[FORGED])

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), world.ports())

    assert [entry["securityContext"]["runAsUser"] for entry in world.added] == [65532]
    assert (
        f"{said}, but a process in it claims 0:0; dshell does not change user on an unverified claim"
        in refusal.value.message
    )
    assert refusal.value.advice == ("If the claim is right, retry with: kubectl dshell web -n shop --run-as 0:0",)


def test_what_was_measured_before_is_not_measured_again() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, World().facts[0]])
    open_session(request(), world.ports())
    world.ends = [Exit(0)]

    open_session(request(new=True), world.ports())

    assert [c["securityContext"]["runAsUser"] for c in world.added] == [0, 101, 101]


def test_the_profile_stays_when_the_user_is_corrected() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, World().facts[0]])

    open_session(request(privilege=Privilege(Profile.BASELINE)), world.ports())

    as_before = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
    corrected = {"runAsUser": 101, "runAsGroup": 101, "runAsNonRoot": True}
    assert [entry["securityContext"] for entry in world.added] == [as_before, corrected]


@pytest.mark.parametrize(
    ("profile", "security", "user"),
    [
        pytest.param(Profile.AUTO, {"runAsUser": 0, "capabilities": {"add": ["SYS_PTRACE"]}}, (0, 0), id="its user"),
        pytest.param(Profile.BASELINE, {"runAsUser": 65532}, (65532, 65532), id="with the app's group"),
        pytest.param(Profile.GENERAL, {"runAsGroup": 5}, (0, 5), id="its group"),
        pytest.param(Profile.GENERAL, {}, (0, 0), id="neither"),
    ],
)
def test_a_custom_profile_may_set_the_user(profile: Profile, security: Json, user: tuple[int, int]) -> None:
    world = World()
    custom = Custom("f", {"securityContext": security, "imagePullPolicy": "Never", "workingDir": "/tmp"})

    open_session(request(privilege=Privilege(profile, custom=custom), pull_policy="Always"), world.ports())

    (entry,) = world.added
    assert (entry["securityContext"]["runAsUser"], entry["securityContext"]["runAsGroup"]) == user
    assert (entry["imagePullPolicy"], entry["workingDir"]) == ("Never", "/tmp")


def test_only_the_same_custom_profile_is_reused() -> None:
    world = World(ends=[Exit(0)] * 3)
    for folder in ("/a", "/b", "/a"):
        privilege = Privilege(Profile.GENERAL, custom=Custom("f", {"workingDir": folder}))
        open_session(request(privilege=privilege), world.ports())

    assert [entry["workingDir"] for entry in world.added] == ["/a", "/b"]


@pytest.mark.parametrize(
    "privilege",
    [Privilege(Profile.BASELINE), Privilege(Profile.GENERAL), Privilege(Profile.GENERAL, cap_drop=("KILL",))],
    ids=lambda privilege: privilege.flags,
)
def test_a_session_with_other_privilege_reuses_nothing(privilege: Privilege) -> None:
    world = World(pod=root_pod(), ends=[Exit(0)] * 3)
    running_holder(world)
    open_session(request(privilege=privilege), world.ports())

    open_session(request(privilege=privilege), world.ports())
    open_session(request(), world.ports())

    ours = world.added[0]["name"]
    assert len(world.added) == 1
    assert [name for name, words in world.opened if words[0] == "terminal"] == [ours, ours, "dshell-abcde"]


def test_a_command_in_a_closed_root_is_refused_with_the_rule_and_the_flag() -> None:
    world = World(facts=[CLOSED])

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), world.ports())

    assert "the app holds the capability NET_BIND_SERVICE (from its binary)" in refusal.value.message
    assert refusal.value.advice == ("Enter as root with SYS_PTRACE: kubectl dshell web -n shop --profile general",)
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")  # others may be there: nothing ends for them


@pytest.mark.parametrize(
    ("runtime_class", "why", "typed"),
    [
        (None, "(the app restarted, or its PID namespace is not shared)", [""]),
        ("nvidia", "is not shared by the runtime class nvidia of its pod)", ["", " --copy"]),
        ("kata-qemu", "so it takes a pod with shareProcessNamespace: true)", [" --copy"]),
    ],
)
def test_an_app_that_its_runtime_hides_is_told_with_the_class_and_a_copy(
    runtime_class: str | None, why: str, typed: list[str]
) -> None:
    world = World(facts=[UNSEEN])
    world.pod["spec"]["runtimeClassName"] = runtime_class

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), world.ports())

    assert refusal.value.message.endswith(why)
    commands = [line.partition(": ")[2] for line in refusal.value.advice]
    assert commands == [f"kubectl dshell web -n shop{flags}" for flags in typed]


def test_a_person_gets_a_shell_beside_a_closed_root() -> None:
    world = World(facts=[CLOSED], ends=[Exit(3)])

    assert open_session(request(command=(), tty=True), world.ports()) == 3
    assert world.opened[-1][1][0] == "outside"
    assert any("cannot read the app's files" in line for line in world.said)


class AppWithShell(FakeStreams):
    def answer(self, asked: Exec) -> Stream:
        stream = super().answer(asked)
        if asked.mode == "shell" and isinstance(stream, FakeStream):
            stream.note = OWN_SHELL
        return stream


KUBECTL_EXEC = (
    "The app's image has a shell: `kubectl exec -it web -c app -n shop -- sh` would do, and adds nothing to the pod."
)


@pytest.mark.parametrize("reused", [False, True])
def test_the_first_shell_in_an_app_with_a_shell_is_told_that_kubectl_exec_would_do(*, reused: bool) -> None:
    world = World(streams=AppWithShell())
    if reused:
        running_holder(world, "dshell-abcde")

    assert open_session(request(command=(), tty=True), world.ports()) == 0

    assert world.said.count(KUBECTL_EXEC) == (not reused)


def test_a_script_is_not_told_of_the_app_s_shell() -> None:
    world = World(streams=AppWithShell())
    world.notices.terminal = False

    assert open_session(request(command=(), tty=True), world.ports()) == 0
    assert world.said == []


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match=r'no pod "wbe" in namespace shop; did you mean web\?'):
        open_session(request(pod="wbe"), World().ports())


def test_a_refused_patch_is_explained() -> None:
    def refuse(_container: Json) -> None:
        message = 'pods "web" is forbidden: violates PodSecurity "baseline:latest": x'
        raise refused(403, message, ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web"))

    with pytest.raises(Forbidden) as refusal:
        open_session(request(), World(on_patch=refuse).ports())
    assert refusal.value.status is ExitStatus.FORBIDDEN


EXEC = ApiRequest("create", "pods/exec", "shop", "web")


class NoExec(FakeStreams):
    def __init__(self, error: DshellError) -> None:
        super().__init__()
        self.error = error

    def answer(self, asked: Exec) -> Stream:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        pytest.param(
            refused(422, "ValidatingAdmissionPolicy 'no-exec' with binding 'b' denied request: not here", EXEC),
            ExitStatus.FORBIDDEN,
            "an admission policy of the cluster denied exec in web",
            id="a policy",
        ),
        pytest.param(ApiError(500, "", "no"), ExitStatus.UNAVAILABLE, "no", id="what nobody explains"),
        pytest.param(Unavailable("no stream", "way out"), ExitStatus.UNAVAILABLE, "no stream", id="no WebSocket"),
    ],
)
def test_what_was_added_before_an_exec_was_refused_is_told(error: DshellError, status: ExitStatus, said: str) -> None:
    world = World(streams=NoExec(error))

    with pytest.raises(DshellError) as caught:
        open_session(request(), world.ports())

    (entry,) = world.added
    assert caught.value.status is status
    assert caught.value.message.startswith(said)
    assert caught.value.aftermath == f"{entry['name']} was added to web; it ends by itself within 50 s."
    assert "Nothing was added" not in " ".join(caught.value.remarks)


@pytest.mark.parametrize("mode", [DryRun.CLIENT, DryRun.SERVER])
def test_a_dry_run_adds_nothing_and_shows_the_patch(mode: Literal[DryRun.CLIENT, DryRun.SERVER]) -> None:
    world = World()

    patch = dry_run(request(), mode, world.ports())

    assert world.added == []
    (entry,) = patch["spec"]["ephemeralContainers"]
    assert entry["securityContext"]["runAsUser"] == 65532
    assert "DSHELL_SEAL" not in environment(entry)  # who adds something else by that name has no word of ours for it


def test_in_a_pod_that_is_being_deleted_what_runs_is_reused_and_nothing_is_added() -> None:
    world = World()
    running_holder(world)
    world.pod["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:20Z", "deletionGracePeriodSeconds": 30}

    assert open_session(request(), world.ports()) == 0
    said = "pod web is being deleted: about 20 s left, less if the app exits sooner"
    wait_until(lambda: said in world.said, 10)
    with pytest.raises(NotFound, match="no new debug container can start in it"):
        open_session(request(new=True), world.ports())
    world.vanished.add("dshell-abcde")
    with pytest.raises(NotFound, match="no new debug container can start in it"):
        open_session(request(), world.ports())
    assert world.added == []


def test_a_capability_that_the_user_drops_is_not_put_down_to_the_app() -> None:
    world = World()
    world.pod = root_pod()
    world.pod["status"]["containerStatuses"] = [running(user=(0, 0), runtime="containerd")]

    with pytest.raises(Forbidden, match="SYS_CHROOT, which the debug container drops"):
        open_session(request(chroot=True, privilege=Privilege(cap_drop=("SYS_CHROOT",))), world.ports())


@pytest.mark.parametrize(
    ("runtime", "privilege", "advice"),
    [
        ("containerd", Privilege(), None),
        ("docker", Privilege(), None),
        ("cri-o", Privilege(), " --cap-add SYS_CHROOT"),
        ("cri-o", Privilege(cap_drop=("KILL",)), " --cap-add SYS_CHROOT --cap-drop KILL"),
        ("cri-o", Privilege(cap_add=("SYS_CHROOT",)), None),
    ],
)
def test_what_the_runtime_gives_to_root_decides_whether_its_root_can_be_changed(
    runtime: str, privilege: Privilege, advice: str | None
) -> None:
    world = World()
    world.pod = root_pod()
    world.pod["status"]["containerStatuses"] = [running(user=(0, 0), runtime=runtime)]
    asked = request(chroot=True, privilege=privilege)

    if advice is None:
        assert open_session(asked, world.ports()) == 0
        return
    with pytest.raises(Forbidden, match="SYS_CHROOT, which CRI-O does not give to root by default") as refusal:
        open_session(asked, world.ports())

    assert refusal.value.advice[-1].endswith(f"more than the app has: {asked.retry_command}{advice}")
    assert world.added == []
