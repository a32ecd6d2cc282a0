"""However many pods there are, descriptors and threads are as many as --concurrency needs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubectl_dshell.commands.descriptor_budget import EACH
from kubectl_dshell.commands.fanout.run import run_many
from kubectl_dshell.commands.fanout.targets import SelectedPod
from kubectl_dshell.commands.manage.cleanup import choose, end_all
from kubectl_dshell.commands.manage.probe import probe
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Event, Exit
from tests.commands.fanout.test_run import Cluster, Notebook, Pods, job
from tests.commands.manage.test_cleanup import SHOP, world_with_one_of_each

CONCURRENCY = 8
OTHERS = 4
"""Of the Stop, and of what the test itself has opened meanwhile."""


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@dataclass
class Highest:
    """Since its creation; `watch` is called where most is open."""

    descriptors: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        self._before = descriptors(), threading.active_count()

    def watch(self) -> None:
        self.descriptors = max(self.descriptors, descriptors() - self._before[0])
        self.threads = max(self.threads, threading.active_count() - self._before[1])

    def require_no_more_than(self, concurrency: int) -> None:
        print(self)
        assert 0 < self.descriptors <= EACH * concurrency + OTHERS
        assert 0 < self.threads <= 2 * concurrency, "each session, and a request of it"


@pytest.mark.parametrize("count", [100, 1000])
def test_a_command_in_many_pods(count: int) -> None:
    highest = Highest()

    def script(_pod: str) -> list[Event]:
        highest.watch()
        return [Exit(0)]

    names = [f"web-{number}" for number in range(count)]
    pods: Any = names
    world, book = Cluster(Pods(pods), script), Notebook()
    found = [SelectedPod(ContainerRef("shop", name, "app"), None, time.monotonic()) for name in names]

    results = run_many(found, job(concurrency=CONCURRENCY), world.ports(), book)

    assert [result.exit_code for result in results] == [0] * count
    assert sorted(world.ran) == sorted(names)
    highest.require_no_more_than(CONCURRENCY)


def test_many_holders_that_are_asked_and_ended() -> None:
    world, highest = world_with_one_of_each(), Highest()
    answer = world.streams.answer

    def watched(asked: Any) -> Any:
        stream = answer(asked)
        highest.watch()
        return stream

    world.streams.answer = watched  # type: ignore[method-assign]
    many = list(choose(SHOP, world.ports()).containers) * 500

    assert len(list(probe(many, world.ports(), CONCURRENCY))) == 500
    outcomes = {ending.outcome for ending in end_all(many, SHOP, world.ports(), lambda _ending: None)}

    assert outcomes <= {CleanupOutcome.ENDED, CleanupOutcome.ALREADY_ENDED}
    highest.require_no_more_than(SHOP.concurrency)
