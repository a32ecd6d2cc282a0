"""Coming back, sharing, and being told why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.commands.request import AttachRequest
from kubectl_dshell.commands.session.attach import attach
from kubectl_dshell.domain.app_image.app import AppParts
from kubectl_dshell.domain.app_image.tools import MOUNTED
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, InAppImage, container_spec
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.domain.text.invocation import Invocation
from kubectl_dshell.errors import ExitStatus, Forbidden, NotFound, PermissionDenied, UsageError
from tests.commands.world import CLOSED, GONE, KEY, OTHER_KEY, FakeCluster, World, running_holder
from tests.pods import STARTER, Json, pod_json


def asked(**changes: Any) -> AttachRequest:
    usual: dict[str, Any] = {
        "namespace": "shop",
        "word": None,
        "pod": None,
        "name": None,
        "container": None,
        "command": ("true",),
        "stdin": True,
        "tty": True,
        "keep": 0,
        "timeout": 60,
        "retry_command": "",
    }
    return AttachRequest(**usual | changes)


class Shop(FakeCluster):
    """Two more pods beside `web`, with nothing in them."""

    def __init__(self) -> None:
        super().__init__()
        self.may_list = True
        self.others = [pod_json(), pod_json()]
        for number, pod in enumerate(self.others):
            pod["metadata"]["name"] = f"api-{number}"

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        if not self.may_list:
            raise PermissionDenied("ada", "list", "pods", namespace)
        yield from [self.pod, *self.others]


class Namespace(World):
    def __init__(self, shop: Shop | None = None, **changes: Any) -> None:
        self.shop = shop or Shop()
        super().__init__(cluster=self.shop, **changes)


def copy_to(world: Namespace, number: int) -> None:
    """The debug containers of `web` in another pod too."""
    other = world.shop.others[number]
    other["spec"]["ephemeralContainers"] = list(world.pod["spec"]["ephemeralContainers"])
    other["status"]["ephemeralContainerStatuses"] = list(world.pod["status"]["ephemeralContainerStatuses"])


@pytest.mark.parametrize(
    "where",
    [
        {"word": "dshell-review"},
        {"word": "review"},
        {"word": "web"},
        {"pod": "web"},
        {"pod": "web", "name": "dshell-review"},
        {"pod": "web", "name": "review"},
        {},
        {"container": "app"},
    ],
    ids=str,
)
def test_it_is_found_by_its_name_by_its_pod_or_as_the_only_one(where: dict[str, str]) -> None:
    world = Namespace(ends=[Exit(7)])
    running_holder(world, "dshell-review")

    assert attach(asked(**where), world.ports()) == 7
    assert world.added == []
    assert ("dshell-review", ["terminal", "24", "80", "true"]) in world.opened
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye ")


@pytest.mark.parametrize("where", [{"pod": "web", "name": "abcde"}, {"word": "dshell-abcde"}, {"word": "abcde"}])
@pytest.mark.parametrize(
    ("made_with", "secret", "said"),
    [
        (KEY, KEY, "(reused)"),
        (OTHER_KEY, KEY, "(shared, owner ada; not created by you on this machine)"),
        (None, KEY, "(shared, owner ada; not created by you on this machine)"),
        (KEY, None, "(shared, owner ada; not created by you on this machine)"),
    ],
)
def test_what_is_named_is_joined_whoever_made_it_and_whose_it_is_is_said(
    where: dict[str, str], made_with: Key | None, secret: Key | None, said: str
) -> None:
    world = Namespace(secret=secret)
    running_holder(world, key=made_with)

    assert attach(asked(**where), world.ports()) == 0

    assert world.said == [f"dshell-abcde {said} in web as 65532:65532 (as created)"]


@pytest.mark.parametrize(
    ("where", "made_with", "told"),
    [
        ({"word": "abcde"}, OTHER_KEY, True),
        ({"word": "abcde"}, KEY, False),
        ({"pod": "web", "name": "abcde"}, OTHER_KEY, False),
    ],
)
def test_a_script_that_named_no_pod_is_told_whose_it_is(where: dict[str, str], made_with: Key, *, told: bool) -> None:
    """Mine of that name has ended, and somebody has made another one in a pod of theirs: it gets what is piped."""

    world = Namespace()
    world.notices.terminal = False
    running_holder(world, key=made_with)

    assert attach(asked(**where), world.ports()) == 0
    line = "dshell-abcde (shared, owner ada; not created by you on this machine) in web as 65532:65532 (as created)"
    assert world.said == ([line] if told else [])


def test_a_command_without_a_terminal_is_joined_with_one_exec() -> None:
    world = Namespace(ends=[Exit(7)])
    running_holder(world, "dshell-review")

    assert attach(asked(pod="web", tty=False, keep=1800), world.ports()) == 7

    assert world.opened == [("dshell-review", ["pipe", "true"])]


def test_keep_is_said_at_once_and_with_the_goodbye() -> None:
    world = Namespace()
    running_holder(world)

    attach(asked(pod="web", keep=1800), world.ports())

    words = [line.split()[0] for line in world.tethers[0].sent.splitlines()]
    assert words[-2:] == [b"keep", b"bye"]
    assert words.count(b"keep") >= 2


def test_of_several_in_a_pod_the_newest_of_mine_is_taken_and_said() -> None:
    world = Namespace()
    for name in ("dshell-older", "dshell-newer"):
        running_holder(world, name)
    world.pod["status"]["ephemeralContainerStatuses"][1]["state"]["running"]["startedAt"] = "2026-01-01T00:00:00Z"

    attach(asked(word="web"), world.ports())

    assert world.said[0] == "attaching to dshell-newer of web (others: dshell-older; choose with web/NAME)"
    assert {container for container, _ in world.opened} == {"dshell-newer"}


def test_several_of_mine_in_a_namespace_are_listed_as_commands() -> None:
    world = Namespace()
    running_holder(world)
    copy_to(world, 0)

    with pytest.raises(
        UsageError, match="2 of your debug containers are running in namespace shop; choose one"
    ) as refused:
        attach(asked(), replace(world.ports(), invocation=Invocation(("--context", "kind"))))

    assert {line.partition("  #")[0] for line in refused.value.advice} == {
        "  kubectl dshell attach web/dshell-abcde -n shop --context kind",
        "  kubectl dshell attach api-0/dshell-abcde -n shop --context kind",
    }
    assert world.opened == []


def test_a_name_that_lives_in_several_pods_is_ambiguous() -> None:
    world = Namespace()
    running_holder(world, "dshell-review")
    copy_to(world, 1)

    with pytest.raises(UsageError, match="2 debug containers are named review; choose one"):
        attach(asked(word="review"), world.ports())


@pytest.mark.parametrize(
    ("where", "told"), [({}, "in namespace shop"), ({"pod": "web"}, "in web"), ({"word": "web"}, "in web")], ids=str
)
@pytest.mark.parametrize(
    ("made_with", "secret", "why"),
    [
        pytest.param(OTHER_KEY, KEY, "", id="another user, or another machine"),
        pytest.param(None, KEY, "", id="an older version, or who wrote my name into it"),
        pytest.param(KEY, None, " (no key has been created on this machine yet)", id="nobody knows who"),
    ],
)
def test_what_i_did_not_make_here_is_not_joined_without_a_name(
    where: dict[str, str], told: str, made_with: Key | None, secret: Key | None, why: str
) -> None:
    world = Namespace(secret=secret)
    running_holder(world, key=made_with)

    with pytest.raises(NotFound) as refused:
        attach(asked(**where), world.ports())

    none = f"none of the debug containers running {told} was created by you on this machine{why}"
    assert refused.value.message == none
    assert refused.value.advice == (
        "Created by others or on another machine (1); join one with:",
        "  kubectl dshell attach web/dshell-abcde -n shop  # app, 65532:65532, running, owner ada",
    )
    assert world.opened == []


def test_mine_is_taken_though_a_newer_one_only_bears_my_name() -> None:
    world = Namespace()
    running_holder(world, "dshell-mine")
    running_holder(world, "dshell-forged", OTHER_KEY)
    world.pod["status"]["ephemeralContainerStatuses"][1]["state"]["running"]["startedAt"] = "2026-01-01T00:00:00Z"

    assert attach(asked(), world.ports()) == 0
    world.ends = [Exit(0)]
    assert attach(asked(pod="web"), world.ports()) == 0

    assert {container for container, _ in world.opened} == {"dshell-mine"}
    assert "attaching to dshell-mine of web (others: dshell-forged of ada; choose with web/NAME)" in world.said


def test_the_one_that_runs_is_meant_where_others_wait_for_an_image() -> None:
    world = Namespace()
    for name in ("dshell-one", "dshell-two", "dshell-runs"):
        running_holder(world, name)
    for status in world.pod["status"]["ephemeralContainerStatuses"][:2]:
        status["state"] = {"waiting": {"reason": "ImagePullBackOff"}}

    assert attach(asked(), world.ports()) == 0

    assert {container for container, _ in world.opened} == {"dshell-runs"}
    assert world.said[0] == (
        "2 more of your debug containers in namespace shop are not running yet: "
        "kubectl dshell ls --mine --state waiting -n shop"
    )


def test_several_that_wait_are_listed() -> None:
    world = Namespace()
    for name in ("dshell-one", "dshell-two"):
        running_holder(world, name)
    for status in world.pod["status"]["ephemeralContainerStatuses"]:
        status["state"] = {"waiting": {"reason": "ImagePullBackOff"}}

    with pytest.raises(UsageError, match="2 of your debug containers are waiting in") as refused:
        attach(asked(), world.ports())

    assert all("waiting (ImagePullBackOff)" in line for line in refused.value.advice)


def test_a_key_that_cannot_be_trusted_is_told() -> None:
    world = Namespace(secret=None, refused=True, trouble="/home/ada/key is open to others")
    running_holder(world)

    attach(asked(word="abcde"), world.ports())

    assert world.said[0] == "your key cannot be used, so no debug container is reused: /home/ada/key is open to others"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            {"word": "dshell-abcdf"},
            'no debug container or pod "dshell-abcdf" in namespace shop; did you mean dshell-abcde?',
        ),
        ({"word": "wbe"}, 'no debug container or pod "wbe" in namespace shop; did you mean web'),
        ({"pod": "web", "name": "abcdf"}, 'no debug container "abcdf" in web; did you mean dshell-abcde?'),
        ({"pod": "wbe"}, 'no pod "wbe" in namespace shop; did you mean web'),
        ({"word": "api-1", "container": "proxy"}, 'no debug container or pod "api-1" in namespace shop'),
        (
            {"pod": "web", "container": "proxy"},
            "no debug container created by dshell is running in web for container proxy",
        ),
    ],
    ids=str,
)
def test_what_is_not_there_is_answered_with_the_nearest(where: dict[str, str], said: str) -> None:
    world = Namespace()
    world.shop.others = []
    running_holder(world)

    with pytest.raises(NotFound) as refused:
        attach(asked(**where), world.ports())

    assert refused.value.message.startswith(said)
    assert refused.value.status is ExitStatus.NOT_FOUND


def test_who_may_not_list_is_told_the_way_without() -> None:
    world = Namespace()
    world.shop.may_list = False
    running_holder(world)

    with pytest.raises(Forbidden, match="may not list pods") as refused:
        attach(asked(word="dshell-abcde"), world.ports())
    assert refused.value.advice == (
        "If you name the pod, no list is needed: kubectl dshell attach POD/dshell-abcde -n shop",
    )
    assert attach(asked(pod="web", name="dshell-abcde"), world.ports()) == 0


def test_one_that_ended_says_why_and_one_that_is_just_ending_too() -> None:
    ended, ending = Namespace(), Namespace(facts=[GONE])
    for world in (ended, ending):
        running_holder(world)
    ended.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {
        "terminated": {"exitCode": 0, "message": "ended by its last session"}
    }

    with pytest.raises(NotFound, match=r"dshell-abcde in web ended \(by its last session\)") as refused:
        attach(asked(word="dshell-abcde"), ended.ports())
    assert refused.value.advice == ("Start a new one: kubectl dshell web -n shop",)
    with pytest.raises(
        NotFound, match="no debug container created by dshell is running in web; the last one, dshell-abcde, has ended"
    ):
        attach(asked(word="web"), ended.ports())
    with pytest.raises(NotFound, match="the debug container dshell-abcde is ending"):
        attach(asked(word="web"), ending.ports())


def test_a_closed_root_is_explained_and_what_opens_it_is_a_command_for_the_pod() -> None:
    world = Namespace(facts=[CLOSED])
    running_holder(world)

    with pytest.raises(Forbidden) as refused:
        attach(asked(pod="web"), world.ports())

    assert refused.value.advice == ("Enter as root with SYS_PTRACE: kubectl dshell web -n shop --profile general",)


class Starting(Shop):
    """The debug container runs with the first change of the pod."""

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        yield None
        self.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"running": {}}
        yield self.pod


def test_one_that_is_just_starting_is_waited_for() -> None:
    world = Namespace(Starting())
    running_holder(world)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"waiting": {"reason": "ContainerCreating"}}

    assert attach(asked(word="web"), world.ports()) == 0
    assert world.tethers


def a_copy(world: Namespace, key: Key = KEY) -> None:
    """As if --copy had created the pod `web` as a copy of `api`."""
    spec = DebugSpec("app", "shop/api:1", None, {}, "ada", "0.1.0", 28800, ())
    sealed = seal(key, "copy shop/web", "dshell-abcde", spec)
    within = InAppImage(MOUNTED, AppParts("", (), "", ()), "abcd2345")
    command = [*MOUNTED.shell_words, "-c", "x"]
    entry = container_spec("dshell-abcde", spec, command, STARTER, sealed, within)
    tools = [{"name": "dshell-tools", "image": {"reference": "tools:1"}}]
    world.pod = pod_json(
        spec={"containers": [entry], "volumes": tools},
        statuses=[{"name": "dshell-abcde", "state": {"running": {}}}],
        annotations={"kubectl-dshell/copy-of": "api/app"},
    )


def test_a_copy_is_joined_by_its_name() -> None:
    world = Namespace(ends=[Exit(7)])
    a_copy(world)

    assert attach(asked(pod="web", name="dshell-abcde", command=()), world.ports()) == 7

    assert any("/ is the app's image, tools are tools:1." in line for line in world.said)
    assert not any("shared" in line for line in world.said)


def test_a_copy_is_never_joined_without_its_name_because_its_seal_could_be_another_s() -> None:
    world = Namespace()
    a_copy(world)

    with pytest.raises(NotFound, match="none of the debug containers running in web was created by you"):
        attach(asked(pod="web"), world.ports())
    with pytest.raises(NotFound):
        attach(asked(), world.ports())


def test_the_end_of_a_copy_names_the_command_for_another_one() -> None:
    world = Namespace(facts=[GONE])
    a_copy(world)

    with pytest.raises(NotFound) as gone:
        attach(asked(pod="web", name="dshell-abcde"), world.ports())

    assert gone.value.advice == ("Retry with: kubectl dshell api --container app -n shop --copy",)


def test_one_with_the_volumes_of_a_container_that_is_down_is_joined() -> None:
    from kubectl_dshell.commands.volumes.open import open_volumes
    from tests.commands.world import request

    world = Namespace(ends=[Exit(0), Exit(7)])
    mounts = [{"name": "data", "mountPath": "/data"}]
    world.pod["spec"]["containers"] = [{"name": "app", "volumeMounts": mounts}]
    world.pod["status"]["containerStatuses"] = [{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    open_volumes(request(volumes=True, run_as=(7, 8), keep=600), world.ports())

    assert attach(asked(word="web"), world.ports()) == 7

    assert len(world.added) == 1
    assert world.opened[-1][0] == world.added[0]["name"]


def test_a_new_one_of_that_kind_is_suggested_where_it_has_ended() -> None:
    from kubectl_dshell.domain.debug_container.spec import VOLUMES_OF

    world = Namespace()
    env = [{"name": "DSHELL_PROTOCOL", "value": f"2 {STARTER}"}, {"name": VOLUMES_OF, "value": "app"}]
    world.pod["spec"]["ephemeralContainers"] = [{"name": "dshell-abcde", "env": env}]
    world.pod["status"]["ephemeralContainerStatuses"] = [{"name": "dshell-abcde", "state": {"terminated": {}}}]

    with pytest.raises(NotFound) as refused:
        attach(asked(pod="web", name="abcde"), world.ports())

    assert refused.value.advice == ("Start a new one: kubectl dshell web --container app -n shop --volumes",)
