"""What is in the namespace `shop` when it is listed and watched."""

from __future__ import annotations

from copy import deepcopy

from kubectl_dshell.commands.manage.list import ListRequest
from kubectl_dshell.domain.pod.watch_event import Happened, PodEvent
from tests.commands.world import World, running_holder
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


def listed(*pods: Json) -> PodEvent:
    return PodEvent(Happened.LISTED, pods)


def with_state(pod: Json, state: Json) -> Json:
    other = deepcopy(pod)
    other["status"]["ephemeralContainerStatuses"][0]["state"] = state
    return other
