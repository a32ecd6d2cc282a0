"""Ports for plans that are not carried out."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.diagnosis.once import reading_once
from tests.commands.world import World


def test_the_pod_and_the_user_are_read_once() -> None:
    world, read = World(), list[str]()
    world.cluster.on_get = lambda pod: read.append(pod["metadata"]["name"])
    ports = reading_once(world.ports())

    pods = [ports.cluster.get_pod("shop", "web") for _ in range(2)]
    world.cluster.user = "ben"
    users = [ports.cluster.whoami() for _ in range(2)]

    assert pods[0] is pods[1]
    assert (read, users) == (["web"], ["ben", "ben"])


def test_nothing_can_be_added() -> None:
    world = World()
    cluster = reading_once(world.ports()).cluster

    cluster.add_ephemeral_container("shop", "web", {"name": "x"}, dry_run=True)
    with pytest.raises(TypeError):
        cluster.add_ephemeral_container("shop", "web", {"name": "x"})

    assert world.added == []


def test_nothing_is_said() -> None:
    world = World()
    notices = reading_once(world.ports()).notices

    for say in (notices.identity, notices.notice, notices.warn, notices.interject, notices.progress):
        say("something")

    assert world.said == []


def test_the_rest_is_the_cluster_s() -> None:
    world = World()
    cluster = reading_once(world.ports()).cluster

    assert list(cluster.list_pods("shop")) == [world.pod]
    assert list(cluster.pod_changes("shop", "web", "1", 1.0)) == [world.pod]
    assert cluster.events("shop", "web", "u-1") == []
