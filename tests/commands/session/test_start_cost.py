"""What is said before another entry is added, and when none is."""

from __future__ import annotations

from typing import Literal

import pytest

from kubectl_dshell.commands.session.dry_run import DryRun, dry_run
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.errors import ExitStatus, PodTooLarge
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import World, refused, request, running_holder
from tests.pods import Json


def fill(world: World, number: int, size: int = 0) -> None:
    """As many entries of another tool, `size` bytes large all together."""
    env = [{"name": "BIG", "value": "x" * (size // number)}]
    world.pod["spec"]["ephemeralContainers"] += [{"name": f"debugger-{n}", "env": env} for n in range(number)]


@pytest.mark.parametrize(
    ("number", "terminal", "told"),
    [
        pytest.param(49, True, False, id="few"),
        pytest.param(50, True, True, id="fifty"),
        pytest.param(51, True, True, id="more"),
        pytest.param(50, False, True, id="a script, at fifty"),
        pytest.param(51, False, False, id="a script, at more"),
        pytest.param(100, False, True, id="a script, at a hundred"),
    ],
)
def test_many_entries_are_told_before_another_is_added(number: int, *, terminal: bool, told: bool) -> None:
    world = World()
    world.notices.terminal = terminal
    fill(world, number)
    said: list[str] = []
    world.on_patch = lambda _container: said.extend(world.said)

    assert open_session(request(), world.ports()) == 0

    assert [line.partition(":")[0] for line in said] == ([f"web has {number} ephemeral containers"] if told else [])
    assert world.said[:1] == said or not said


def test_who_joins_one_is_not_told() -> None:
    world = World()
    fill(world, 60)
    running_holder(world)

    open_session(request(), world.ports())

    assert not any("ephemeral containers" in line for line in world.said)


def test_a_pod_without_room_gets_no_other_and_what_runs_in_it_is_named() -> None:
    world = World()
    running_holder(world)
    fill(world, 7, 1_500_000)
    world.on_patch = lambda _container: pytest.fail("the cluster was asked")

    with pytest.raises(PodTooLarge) as refusal:
        open_session(request(new=True), world.ports())

    assert refusal.value.status is ExitStatus.UNAVAILABLE
    assert refusal.value.message.startswith(
        "web cannot take another debug container: it is 1.4 MiB in size, with 8 ephemeral"
    )
    assert refusal.value.advice[0] == "Join one that is running: kubectl dshell attach web/dshell-abcde -n shop"
    assert world.said == []


def test_what_runs_in_a_pod_without_room_is_joined() -> None:
    world = World()
    running_holder(world)
    fill(world, 7, 1_500_000)

    assert open_session(request(), world.ports()) == 0


@pytest.mark.parametrize("mode", [DryRun.CLIENT, DryRun.SERVER])
def test_a_dry_run_is_refused_too_and_tells_no_cost(mode: Literal[DryRun.CLIENT, DryRun.SERVER]) -> None:
    world = World()
    fill(world, 60)
    dry_run(request(), mode, world.ports())
    assert world.said == []

    fill(world, 7, 1_500_000)
    with pytest.raises(PodTooLarge):
        dry_run(request(), mode, world.ports())


def test_a_cluster_that_stores_less_is_explained_in_the_same_words() -> None:
    def refuse(_container: Json) -> None:
        asked = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web", container="dshell-x")
        raise refused(500, "etcdserver: request is too large", asked)

    world = World(on_patch=refuse)
    fill(world, 7, 900_000)

    with pytest.raises(PodTooLarge) as refusal:
        open_session(request(), world.ports())

    assert refusal.value.message == (
        "web cannot take another debug container: it is 879 KiB in size, with 7 ephemeral containers; "
        "the cluster does not store a larger one: etcdserver: request is too large"
    )
    assert refusal.value.advice[0].startswith("Entries are removed only with their pod. ")
