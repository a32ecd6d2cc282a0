"""Names at TAB: through a debug container of one's own that runs already, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubectl_dshell.commands.cp.names import names_in
from kubectl_dshell.domain.stream import Channel, Exit, Output, Stream
from kubectl_dshell.errors import NotFound
from tests.commands.world import OTHER_KEY, Exec, FakeStream, FakeStreams, World, running_holder


class Listing(FakeStreams):
    """Each exec prints `printed`."""

    def __init__(self, printed: bytes) -> None:
        super().__init__()
        self.printed = printed

    def answer(self, asked: Exec) -> Stream:
        self.opened.append((asked.container, list(asked.words)))
        return FakeStream([Output(Channel.STDOUT, self.printed), Exit(0)])


def listed(world: World, container: str | None = None) -> list[str]:
    return names_in("shop", "web", container, "/etc//", "ho", world.ports(), seconds=1)


def test_names_are_read_and_nothing_else_is_done() -> None:
    world = World(streams=Listing(b"hosts\0ho st/\0new\nline\0\xff\0cut o"))
    running_holder(world)

    assert listed(world) == ["hosts", "ho st/", "new\nline", "\ufffd"]
    assert [(name, words[0], words[2:]) for name, words in world.opened] == [
        ("dshell-abcde", "names", ["complete", "etc", "ho"])
    ]
    assert (world.added, world.said) == ([], [])


def terminated(world: World) -> None:
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}


def somebody_elses(world: World) -> None:
    world.secret = OTHER_KEY


def without_a_key(world: World) -> None:
    world.secret = None


def of_another_container(world: World) -> None:
    world.pod["spec"]["ephemeralContainers"][0]["targetContainerName"] = "sidecar"


@pytest.mark.parametrize("change", [terminated, somebody_elses, without_a_key, of_another_container])
def test_no_other_debug_container_is_used(change: Callable[[World], None]) -> None:
    world = World(streams=Listing(b"hosts\0"))
    running_holder(world)
    change(world)

    assert listed(world) == []
    assert (world.opened, world.added) == ([], [])


def test_a_container_that_is_not_there_is_refused() -> None:
    world = World(streams=Listing(b"hosts\0"))
    running_holder(world)

    with pytest.raises(NotFound):
        listed(world, "nothing")
