"""Which debug containers are ended, and how each end is told."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.cleanup import Outcome, cleanup
from kubectl_dshell.domain.pod import Phase
from kubectl_dshell.errors import NoTarget
from tests.commands.world import World, running_holder
from tests.pods import Json


class Ending(World):
    """The status shows the end once `end` was said."""

    def get_pod(self, namespace: str, name: str) -> Json:
        if any(b"end\n" in t.sent for t in self.tethers):
            for status in self.pod["status"]["ephemeralContainerStatuses"]:
                status["state"] = {"terminated": {"exitCode": 0, "message": "ended by a client"}}
        return super().get_pod(namespace, name)


def world_with_one_of_each() -> Ending:
    world = Ending()
    running_holder(world)
    world.pod["spec"]["ephemeralContainers"].append({"name": "debugger-x", "targetContainerName": "app"})
    return world


@pytest.mark.parametrize("names", [(), ("dshell-abcde",), ("web",)], ids=["all", "by name", "by pod"])
def test_ours_are_ended_and_others_left_alone(names: tuple[str, ...]) -> None:
    world = world_with_one_of_each()

    [result] = cleanup(names, "shop", world.ports())

    assert (result.session.name, result.outcome) == ("dshell-abcde", Outcome.ENDED)
    assert {container for container, _ in world.opened} == {"dshell-abcde"}


def test_an_unknown_name_is_refused_before_anything_ends() -> None:
    world = world_with_one_of_each()

    with pytest.raises(NoTarget, match="called nope in namespace shop"):
        cleanup(("dshell-abcde", "nope"), "shop", world.ports())
    assert world.opened == []


def test_one_that_ended_already_is_not_touched() -> None:
    world = world_with_one_of_each()
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {Phase.TERMINATED: {"exitCode": 0}}

    assert cleanup((), "shop", world.ports()) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("debugger-x", "web debugger-x was not made by dshell and is left alone"),
        ("dshell-abcde", "web dshell-abcde does not run: ended (code 0)"),
    ],
)
def test_one_that_is_named_and_left_alone_is_told_why(name: str, why: str) -> None:
    world = world_with_one_of_each()
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {Phase.TERMINATED: {"exitCode": 0}}

    assert cleanup((name,), "shop", world.ports()) == []
    assert world.said == [why]


def test_one_that_cannot_be_reached_is_reported_with_the_reason() -> None:
    world = world_with_one_of_each()
    world.vanished = {"dshell-abcde"}

    [result] = cleanup((), "shop", world.ports())

    assert result.outcome is Outcome.FAILED
    assert result.why
