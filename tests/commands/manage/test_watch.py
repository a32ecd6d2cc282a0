"""What `ls --watch` tells of the debug containers of one pod, as they come, change and go."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from kubectl_dshell.commands.manage.list import ListRequest
from kubectl_dshell.commands.manage.watch import watch_chosen
from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, ListFilter, SortKey, Stage
from kubectl_dshell.domain.pod.watch_event import Happened, PodEvent
from tests.commands.manage.shop import IN_SHOP, listed, with_state, world_of_two
from tests.commands.world import World
from tests.pods import Json


def changed(pod: Json) -> PodEvent:
    return PodEvent(Happened.CHANGED, (pod,))


def told(world: World, request: ListRequest = IN_SHOP) -> list[list[tuple[str, str, bool]]]:
    """What is told, without the times when there is nothing to tell."""
    changing = watch_chosen(request, world.ports())
    found = [[(str(c.kind), c.listed.container.name, c.gone) for c in update.changes] for update in changing]
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
    request = replace(IN_SHOP, choice=ListFilter(stages=frozenset({Stage.RUNNING})))

    first, second = watch_chosen(request, world.ports())

    assert [one.listed.container.name for one in first.changes] == ["dshell-abcde"]
    assert [(str(one.kind), one.listed.stage, one.gone) for one in second.changes] == [("DELETED", Stage.ENDED, False)]


def test_the_end_is_told_once_and_then_counted() -> None:
    world = world_of_two()
    over = with_state(world.pod, {"terminated": {"exitCode": 0}})
    world.happenings = [listed(world.pod), changed(over), changed(over), PodEvent(Happened.DELETED, (over,))]
    request = replace(IN_SHOP, choice=ListFilter(stages=NOT_ENDED))

    told = [
        ([(str(one.kind), one.listed.stage) for one in update.changes], update.ended)
        for update in watch_chosen(request, world.ports())
    ]

    assert told == [([("ADDED", Stage.RUNNING)], 1), ([("DELETED", Stage.ENDED)], 2), ([], 2), ([], 0)]


def test_clients_that_come_are_seen_though_no_pod_changes() -> None:
    world = world_of_two()
    world.happenings = [listed(world.pod), *[None] * 20]
    seen: list[int | None] = []

    for number, update in enumerate(watch_chosen(IN_SHOP, world.ports())):
        world.time += 1
        world.state = f"dshell-state holder=ok sessions={2 if number > 3 else 1} silent={number} kept=0 left=28700"
        seen += [one.listed.container.live.clients for one in update.changes if one.listed.container.live]

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
    for update in watch_chosen(IN_SHOP, world.ports()):
        world.time += 20 if len(asked) < 6 else 0
        asked.append(len(world.opened))
        found.append([str(one.kind) for one in update.changes])

    assert found == [["ADDED", "ADDED"], [], [], [], [], [], ["MODIFIED"], [], [], []]
    assert asked[:5] == [1] * 5
    back = "reconnected to the API server"
    said = "the API server cannot be reached; retrying"
    assert world.said == [said, back, said, back]


def test_a_list_in_pages_is_told_when_it_is_whole_and_begun_anew_when_it_broke_off() -> None:
    world = world_of_two()
    other = deepcopy(world.pod)
    other["metadata"]["name"] = "api"
    begin = PodEvent(Happened.LISTED, (world.pod,), last=False)
    end = PodEvent(Happened.LISTED, (other,), first=False)
    lost = PodEvent(Happened.LOST, why="gone")
    world.happenings = [begin, end, begin, lost, None, begin, end, begin, PodEvent(Happened.LISTED, (), first=False)]

    updates = watch_chosen(IN_SHOP, world.ports())
    both = [[one.listed.container.pod for one in update.changes] for update in updates]

    assert both == [["api", "api", "web", "web"], [], ["api", "api"]]
    assert world.said == ["gone; retrying", "reconnected to the API server"]
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

    assert [one.listed.container.name for one in first.changes] == ["debugger-x8z4p", "dshell-abcde"]
