"""What `ls` lists, in a world of one pod, and what it refuses, with --watch or without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.commands.manage.list import ListRequest, list_chosen, say_way_out
from kubectl_dshell.commands.manage.watch import watch_chosen
from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, ListFilter, SortKey, Stage
from kubectl_dshell.domain.debug_container.seal import Key
from kubectl_dshell.errors import ApiError, BadConfig, Forbidden, NotFound, UsageError
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.manage.shop import IN_SHOP, listed, with_state, world_of_two
from tests.commands.world import KEY, OTHER_KEY, FakeCluster, World, refused, running_holder
from tests.pods import Json

ENDED = ListFilter(stages=frozenset({Stage.ENDED}))


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        pytest.param(IN_SHOP, ["debugger-x8z4p", "dshell-abcde"], id="all"),
        pytest.param(replace(IN_SHOP, sort_by=SortKey.STATE), ["dshell-abcde", "debugger-x8z4p"], id="sorted"),
        pytest.param(replace(IN_SHOP, choice=ENDED), ["debugger-x8z4p"], id="ended"),
        pytest.param(replace(IN_SHOP, mine=True), ["dshell-abcde"], id="mine"),
        pytest.param(
            replace(IN_SHOP, choice=ListFilter(pods=frozenset({"web"}))), ["debugger-x8z4p", "dshell-abcde"], id="a pod"
        ),
    ],
)
def test_what_is_asked_for_is_listed(request_: ListRequest, names: list[str]) -> None:
    assert [one.container.name for one in list_chosen(request_, world_of_two().ports()).found] == names


@pytest.mark.parametrize("namespace", ["shop", None])
@pytest.mark.parametrize(
    ("choice", "shown", "ended"),
    [
        pytest.param(ListFilter(), 2, 0, id="in every state"),
        pytest.param(ListFilter(stages=NOT_ENDED), 1, 1, id="those that have not ended"),
        pytest.param(ListFilter(stages=NOT_ENDED, pods=frozenset({"web"})), 1, 1, id="in a pod"),
        pytest.param(ListFilter(stages=NOT_ENDED, older_than=0), 0, 0, id="by age, which an ended one does not have"),
    ],
)
def test_what_ended_and_is_not_shown_is_counted(
    choice: ListFilter, shown: int, ended: int, namespace: str | None
) -> None:
    found = list_chosen(replace(IN_SHOP, namespace=namespace, choice=choice), world_of_two().ports())

    assert (len(found.found), found.ended) == (shown, ended)


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
        pytest.param({"waiting": {"reason": "RegistryUnavailable"}}, True, id="a registry that does not answer"),
        pytest.param({"waiting": {"reason": "ContainerCreating"}}, False, id="just starting"),
        pytest.param({"running": {}}, False, id="running"),
    ],
)
def test_the_way_out_is_said_of_what_waits_for_an_image_in_vain(state: Json, *, said: bool) -> None:
    world = world_of_two()
    world.pod = with_state(world.pod, state)

    say_way_out(list_chosen(IN_SHOP, world.ports()).found, world.ports())

    assert [line.startswith("1 debug container cannot start: the image cannot be pulled") for line in world.said] == [
        True
    ] * said
    assert all(line.endswith("kubectl dshell web -n shop --image IMAGE") for line in world.said)


def test_nobody_is_asked_for_names_or_about_what_is_not_wanted() -> None:
    world = world_of_two()

    list_chosen(replace(IN_SHOP, ask=False), world.ports())
    list_chosen(replace(IN_SHOP, choice=ENDED), world.ports())

    assert world.opened == []


def test_who_asks_for_stale_ones_is_told_of_those_that_do_not_answer() -> None:
    world = world_of_two()
    world.vanished = {"dshell-abcde"}

    assert list_chosen(replace(IN_SHOP, choice=ListFilter(stale=True)), world.ports()).found == []
    assert [line.partition(",")[0] for line in world.said] == ["no answer from 1 of the running debug containers"]


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
        pytest.param(400, "shop", UsageError, "'a b' is not a valid label selector", id="a selector"),
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
        found = [change.listed for update in watch_chosen(request, world.ports()) for change in update.changes]
    else:
        found = list_chosen(request, world.ports()).found

    assert [one.container.name for one in found] == names
    assert [line.partition(",")[0] for line in world.said] == ([] if secret else ["--mine matches the user name ada"])


@pytest.mark.parametrize("watch", [False, True], ids=["list", "watch"])
def test_a_pod_that_is_not_there_is_told(*, watch: bool) -> None:
    request = replace(IN_SHOP, choice=ListFilter(pods=frozenset({"nope"})))
    world = World()

    with pytest.raises(NotFound, match='no pod "nope"'):
        list(watch_chosen(request, world.ports()) if watch else list_chosen(request, world.ports()).found)
