"""What `ls` lists and what it watches, in a world of one pod."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.commands.manage.list import ListRequest, list_chosen, say_way_out
from kubectl_dshell.commands.manage.watch import watch_chosen
from kubectl_dshell.domain.debug_container.listing import ListFilter, SortKey, Stage
from kubectl_dshell.domain.debug_container.seal import Key
from kubectl_dshell.domain.pod.event import Happened, PodEvent
from kubectl_dshell.errors import ApiError, BadConfig, Forbidden, NotFound, UsageError
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import KEY, OTHER_KEY, FakeCluster, World, refused, running_holder
from tests.pods import Json

IN_SHOP = ListRequest("shop")
THEIRS = {"name": "debugger-x8z4p", "image": "busybox", "targetContainerName": "app"}


def world_of_two() -> World:
    """A running debug container of ours and one of kubectl debug that has ended."""
    world = World()
    running_holder(world)
    world.pod["spec"]["ephemeralContainers"].append(THEIRS)
    ended = {"name": THEIRS["name"], "state": {"terminated": {"exitCode": 0}}}
    world.pod["status"]["ephemeralContainerStatuses"].append(ended)
    return world


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        pytest.param(IN_SHOP, ["debugger-x8z4p", "dshell-abcde"], id="all"),
        pytest.param(replace(IN_SHOP, sort_by=SortKey.STATE), ["dshell-abcde", "debugger-x8z4p"], id="sorted"),
        pytest.param(replace(IN_SHOP, choice=ListFilter(stage=Stage.ENDED)), ["debugger-x8z4p"], id="ended"),
        pytest.param(replace(IN_SHOP, mine=True), ["dshell-abcde"], id="mine"),
        pytest.param(
            replace(IN_SHOP, choice=ListFilter(pods=frozenset({"web"}))), ["debugger-x8z4p", "dshell-abcde"], id="a pod"
        ),
    ],
)
def test_what_is_asked_for_is_listed(request_: ListRequest, names: list[str]) -> None:
    assert [one.container.name for one in list_chosen(request_, world_of_two().ports()).found] == names


def test_running_holders_of_ours_are_asked_and_no_others() -> None:
    world = world_of_two()

    theirs, ours = list_chosen(IN_SHOP, world.ports()).found

    assert [container for container, _ in world.opened] == ["dshell-abcde"]
    assert ours.container.live is not None
    assert (ours.container.live.clients, theirs.container.live) == (1, None)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param({"waiting": {"reason": "ImagePullBackOff"}}, True, id="an image that cannot be pulled"),
        pytest.param({"waiting": {"reason": "ErrImageNeverPull"}}, True, id="an image that may not be pulled"),
        pytest.param({"waiting": {"reason": "ContainerCreating"}}, False, id="just starting"),
        pytest.param({"running": {}}, False, id="running"),
    ],
)
def test_the_way_out_is_said_of_what_waits_for_an_image_in_vain(state: Json, *, said: bool) -> None:
    world = world_of_two()
    world.pod = with_state(world.pod, state)

    say_way_out(list_chosen(IN_SHOP, world.ports()).found, world.ports())

    assert [line.startswith("1 cannot start: the image cannot be pulled") for line in world.said] == [True] * said
    assert all(line.endswith("kubectl dshell web -n shop --image IMAGE") for line in world.said)


def test_nobody_is_asked_for_names_or_about_what_is_not_wanted() -> None:
    world = world_of_two()

    list_chosen(replace(IN_SHOP, ask=False), world.ports())
    list_chosen(replace(IN_SHOP, choice=ListFilter(stage=Stage.ENDED)), world.ports())

    assert world.opened == []


def test_who_asks_for_stale_ones_is_told_of_those_that_do_not_answer() -> None:
    world = world_of_two()
    world.vanished = {"dshell-abcde"}

    assert list_chosen(replace(IN_SHOP, choice=ListFilter(stale=True)), world.ports()).found == []
    assert [line.partition(",")[0] for line in world.said] == ["1 that run did not answer"]


class Refusing(FakeCluster):
    """Refuses to list pods, with `code`, and tells no name."""

    def __init__(self, code: int = 403) -> None:
        super().__init__()
        self.user = ""
        self.code = code

    def list_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Any:
        message = 'User "jane" cannot list resource "pods" in API group ""'
        raise refused(self.code, message, ApiRequest("list", "pods", namespace, selector=selector))

    watch_debugged = list_debugged


@pytest.mark.parametrize(
    ("code", "namespace", "error", "told"),
    [
        pytest.param(403, "shop", Forbidden, "jane may not list pods in namespace shop", id="a namespace"),
        pytest.param(403, None, Forbidden, r"jane may not list pods in all namespaces \(cluster-wide\)", id="all"),
        pytest.param(400, "shop", UsageError, "'a b' is not a label selector", id="a selector"),
        pytest.param(500, "shop", ApiError, "cannot list", id="anything else"),
    ],
)
@pytest.mark.parametrize("watch", [False, True], ids=["list", "watch"])
def test_a_refusal_says_what_lacks(
    code: int, namespace: str | None, error: type[Exception], told: str, *, watch: bool
) -> None:
    world = World(cluster=Refusing(code))
    request = ListRequest(namespace, selector="a b" if code == 400 else "")

    with pytest.raises(error, match=told):
        list(watch_chosen(request, world.ports()) if watch else list_chosen(request, world.ports()).found)


def test_who_has_no_key_and_no_name_has_nothing_of_their_own() -> None:
    world = World(cluster=Refusing())
    world.secret = None

    with pytest.raises(BadConfig, match="--mine"):
        list_chosen(replace(IN_SHOP, mine=True), world.ports())


@pytest.mark.parametrize("watch", [False, True], ids=["list", "watch"])
@pytest.mark.parametrize(
    ("secret", "names"),
    [
        pytest.param(KEY, ["dshell-mine"], id="sealed by me"),
        pytest.param(None, ["dshell-mine", "dshell-named"], id="no key: by the user name"),
    ],
)
def test_mine_is_what_i_sealed(secret: Key | None, names: list[str], *, watch: bool) -> None:
    world = World()
    running_holder(world, "dshell-mine")
    running_holder(world, "dshell-named", OTHER_KEY)
    world.secret, world.happenings = secret, [listed(world.pod)]
    request = replace(IN_SHOP, mine=True)

    if watch:
        found = [change.listed for changes in watch_chosen(request, world.ports()) for change in changes]
    else:
        found = list_chosen(request, world.ports()).found

    assert [one.container.name for one in found] == names
    assert [line.partition(",")[0] for line in world.said] == ([] if secret else ["--mine goes by the user name ada"])


@pytest.mark.parametrize("watch", [False, True], ids=["list", "watch"])
def test_a_pod_that_is_not_there_is_told(*, watch: bool) -> None:
    request = replace(IN_SHOP, choice=ListFilter(pods=frozenset({"nope"})))
    world = World()

    with pytest.raises(NotFound, match='no pod "nope"'):
        list(watch_chosen(request, world.ports()) if watch else list_chosen(request, world.ports()).found)


def listed(*pods: Json) -> PodEvent:
    return PodEvent(Happened.LISTED, pods)


def changed(pod: Json) -> PodEvent:
    return PodEvent(Happened.CHANGED, (pod,))


def with_state(pod: Json, state: Json) -> Json:
    other = deepcopy(pod)
    other["status"]["ephemeralContainerStatuses"][0]["state"] = state
    return other


def told(world: World, request: ListRequest = IN_SHOP) -> list[list[tuple[str, str, bool]]]:
    """What is told, without the times when there is nothing to tell."""
    changing = watch_chosen(request, world.ports())
    found = [[(str(c.kind), c.listed.container.name, c.gone) for c in changes] for changes in changing]
    return [changes for changes in found if changes]


def test_a_watch_tells_what_comes_changes_and_goes() -> None:
    world = world_of_two()
    pod = world.pod
    world.happenings = [
        listed(),
        changed(pod),
        changed(deepcopy(pod)),
        *[None] * 50,
        changed(with_state(pod, {"terminated": {"exitCode": 0, "message": "ended by a client"}})),
        PodEvent(Happened.DELETED, (pod,)),
    ]

    assert told(world) == [
        [("ADDED", "dshell-abcde", False), ("ADDED", "debugger-x8z4p", False)],
        [("MODIFIED", "dshell-abcde", False)],  # it was asked who is there, a little later
        [("MODIFIED", "dshell-abcde", False)],
        [("DELETED", "dshell-abcde", True), ("DELETED", "debugger-x8z4p", True)],
    ]


def test_what_no_longer_matches_goes_as_it_is_now() -> None:
    world = world_of_two()
    over = with_state(world.pod, {"terminated": {"exitCode": 0}})
    world.happenings = [listed(world.pod), changed(over)]
    request = replace(IN_SHOP, choice=ListFilter(stage=Stage.RUNNING))

    first, second = watch_chosen(request, world.ports())

    assert [one.listed.container.name for one in first] == ["dshell-abcde"]
    assert [(str(one.kind), one.listed.stage, one.gone) for one in second] == [("DELETED", Stage.ENDED, False)]


def test_clients_that_come_are_seen_though_no_pod_changes() -> None:
    world = world_of_two()
    world.happenings = [listed(world.pod), *[None] * 20]
    seen: list[int | None] = []

    for number, changes in enumerate(watch_chosen(IN_SHOP, world.ports())):
        world.time += 1
        world.state = f"dshell-state holder=ok sessions={2 if number > 3 else 1} silent={number} kept=0 left=28700"
        seen += [one.listed.container.live.clients for one in changes if one.listed.container.live]

    assert seen == [1, 2]
    assert 2 <= len(world.opened) <= 4


def test_after_a_loss_only_what_differs_is_told_and_nobody_is_asked_meanwhile() -> None:
    world = world_of_two()
    over = with_state(world.pod, {"terminated": {"exitCode": 0}})
    lost = PodEvent(Happened.LOST, why="the API server cannot be reached")
    world.happenings = [listed(world.pod), lost, *[None] * 3, listed(world.pod), listed(over), lost]
    world.happenings += [PodEvent(Happened.RESUMED), None]
    asked: list[int] = []
    found = []
    for changes in watch_chosen(IN_SHOP, world.ports()):
        world.time += 20 if len(asked) < 6 else 0
        asked.append(len(world.opened))
        found.append([str(one.kind) for one in changes])

    assert found == [["ADDED", "ADDED"], [], [], [], [], [], ["MODIFIED"], [], [], []]
    assert asked[:5] == [1] * 5
    back = "the API server is back"
    said = "the API server cannot be reached; trying until it can"
    assert world.said == [said, back, said, back]


def test_a_list_in_pages_is_told_when_it_is_whole_and_begun_anew_when_it_broke_off() -> None:
    world = world_of_two()
    other = deepcopy(world.pod)
    other["metadata"]["name"] = "api"
    begin = PodEvent(Happened.LISTED, (world.pod,), last=False)
    end = PodEvent(Happened.LISTED, (other,), first=False)
    lost = PodEvent(Happened.LOST, why="gone")
    world.happenings = [begin, end, begin, lost, None, begin, end, begin, PodEvent(Happened.LISTED, (), first=False)]

    both = [[one.listed.container.pod for one in changes] for changes in watch_chosen(IN_SHOP, world.ports())]

    assert both == [["api", "api", "web", "web"], [], ["api", "api"]]
    assert world.said == ["gone; trying until it can", "the API server is back"]
    assert [container for container, _ in world.opened].count("dshell-abcde") == 2


def test_a_watch_goes_on_past_a_pod_that_cannot_be_understood_and_names_it_once() -> None:
    world = world_of_two()
    odd = deepcopy(world.pod)
    odd["metadata"] |= {"name": "odd", "namespace": "../../x"}
    nothing: Any = {"metadata": 7}
    world.happenings = [
        listed(odd, world.pod, nothing),
        changed(odd),
        changed(nothing),
        PodEvent(Happened.DELETED, (nothing,)),
    ]
    world.happenings += [PodEvent(Happened.DELETED, (world.pod,))]

    assert told(world) == [
        [("ADDED", "debugger-x8z4p", False), ("ADDED", "dshell-abcde", False)],
        [("DELETED", "dshell-abcde", True), ("DELETED", "debugger-x8z4p", True)],
    ]
    assert world.said == [
        "1 pod could not be read: ../../x/odd (metadata.namespace is not a valid name: '../../x')",
        "1 pod could not be read: without a name (metadata is not an object)",
    ]


def test_the_first_list_is_in_the_order_asked_for() -> None:
    world = world_of_two()
    world.happenings = [listed(world.pod)]

    [first] = watch_chosen(replace(IN_SHOP, sort_by=SortKey.NAME), world.ports())

    assert [one.listed.container.name for one in first] == ["debugger-x8z4p", "dshell-abcde"]
