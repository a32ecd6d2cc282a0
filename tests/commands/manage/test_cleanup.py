"""Which debug containers are ended, and what is said of those that are not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kubectl_dshell.commands.manage.cleanup import Chosen, CleanupRequest, choose, end_all
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult
from kubectl_dshell.domain.debug_container.seal import Key
from kubectl_dshell.domain.text.invocation import Invocation
from kubectl_dshell.errors import BadConfig, Forbidden, NotFound, PermissionDenied
from tests.commands.world import KEY, OTHER_KEY, FakeCluster, World, end_when_told, running_holder
from tests.pods import Json

SHOP = CleanupRequest(namespace="shop")
OURS, THEIRS = "dshell-abcde", "debugger-x8z4p"


def world_with_one_of_each(key: Key | None = KEY, cluster: FakeCluster | None = None) -> World:
    world = World(cluster=cluster, state="dshell-state holder=ok sessions=0 silent=300 kept=300 left=28700")
    end_when_told(world)
    running_holder(world, key=key)
    world.pod["spec"]["ephemeralContainers"].append({"name": THEIRS, "targetContainerName": "app"})
    started = (world.clock.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    theirs = {"name": THEIRS, "state": {"running": {"startedAt": started}}}
    world.pod["status"]["ephemeralContainerStatuses"].append(theirs)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"running": {"startedAt": started}}
    return world


def names(chosen: Chosen) -> list[str]:
    """In no order: whoever ends many must not begin with the same ones each time."""
    return sorted(s.name for s in chosen.containers)


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({}, [OURS]),
        ({"names": (OURS,)}, [OURS]),
        ({"names": ("web",)}, [OURS]),
        ({"names": (f"web/{OURS}",)}, [OURS]),
        ({"names": (f"shop/web/{OURS}",)}, [OURS]),
        ({"any_tool": True}, [THEIRS, OURS]),
        ({"names": (THEIRS,), "any_tool": True}, [THEIRS]),
        ({"mine": True}, [OURS]),
        ({"mine": True, "any_tool": True}, [OURS]),
        ({"older_than": 7200}, [OURS]),
        ({"older_than": 4 * 3600}, []),
        ({"older_than": 7200, "any_tool": True}, [THEIRS, OURS]),
    ],
)
def test_each_condition_narrows_the_others(request_: dict[str, Any], wanted: list[str]) -> None:
    assert names(choose(replace(SHOP, **request_), world_with_one_of_each().ports())) == wanted


SILENT = "dshell-state holder=ok sessions=1 silent=30 kept=0 left=100"
USED = SILENT.replace("silent=30", "silent=3")


@pytest.mark.parametrize(
    ("state", "request_", "wanted"),
    [
        (SILENT, {}, [OURS]),
        (USED, {}, []),
        (SILENT.replace("kept=0", "kept=9"), {}, []),
        ("dshell-state holder=gone", {}, [OURS]),
        ("", {}, []),
        (USED, {"older_than": 7200}, []),
        (SILENT, {"older_than": 7200}, [OURS]),
        (SILENT, {"older_than": 4 * 3600}, []),
        (SILENT, {"any_tool": True}, [OURS]),
        (SILENT, {"any_tool": True, "older_than": 7200}, [THEIRS, OURS]),
    ],
)
def test_what_is_stale_is_asked_of_the_holder(state: str, request_: dict[str, Any], wanted: list[str]) -> None:
    world = world_with_one_of_each()
    world.state = state

    assert names(choose(replace(SHOP, stale=True, **request_), world.ports())) == wanted


def test_past_its_limit_it_is_stale_whatever_answers_in_its_holder_s_place() -> None:
    """The app may stop the holder, and write what it is asked for."""
    world = world_with_one_of_each()
    world.state = "dshell-state holder=ok sessions=9 silent=0 kept=999999999 left=999999999"
    started = (world.clock.now() - timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"running": {"startedAt": started}}

    assert names(choose(replace(SHOP, stale=True), world.ports())) == [OURS]


def test_what_does_not_say_whether_it_is_used_is_left_alone_and_that_is_said() -> None:
    world = world_with_one_of_each()
    world.vanished = {OURS}

    assert names(choose(replace(SHOP, stale=True), world.ports())) == []
    assert any(re.match(r"skipped 1 \(.+\): could not determine whether", line) for line in world.said)


@pytest.mark.parametrize("key", [OTHER_KEY, None], ids=["sealed by another", "not sealed"])
def test_those_that_only_bear_my_name_are_not_mine(key: Key | None) -> None:
    world = world_with_one_of_each(key=key)

    assert names(choose(replace(SHOP, mine=True), world.ports())) == []
    assert world.said == []


@pytest.mark.parametrize(("owner", "wanted"), [("ada", [OURS]), ("ben", [])])
def test_without_a_key_the_user_name_tells_what_is_mine_and_that_is_said(owner: str, wanted: list[str]) -> None:
    world = world_with_one_of_each(key=OTHER_KEY)
    world.secret = None
    env = world.pod["spec"]["ephemeralContainers"][0]["env"]
    next(one for one in env if one["name"] == "DSHELL_OWNER")["value"] = owner

    assert names(choose(replace(SHOP, mine=True), world.ports())) == wanted
    assert world.said == [
        "--mine matches the user name ada, which others may share: no key has been created on this machine yet"
    ]


def test_mine_needs_a_key_or_a_name() -> None:
    world = world_with_one_of_each()
    world.cluster.user = ""
    assert names(choose(replace(SHOP, mine=True), world.ports())) == [OURS]

    world.secret = None
    with pytest.raises(BadConfig, match=r"--mine: no key .* and the cluster does not report your user name"):
        choose(replace(SHOP, mine=True), world.ports())


def test_how_many_of_other_tools_are_left_alone_is_said() -> None:
    world = world_with_one_of_each()

    choose(SHOP, world.ports())

    assert world.said == ["skipped 1 created by other tools (--any-tool ends them too)"]


def test_an_unknown_name_is_refused_before_anything_ends() -> None:
    world = world_with_one_of_each()

    with pytest.raises(NotFound, match="found for nope in namespace shop"):
        choose(replace(SHOP, names=(OURS, "nope")), world.ports())
    assert world.opened == []


@pytest.mark.parametrize(
    ("name", "state", "outcome", "why"),
    [
        (THEIRS, {"running": {}}, CleanupOutcome.FAILED, "it was not created by dshell (--any-tool ends it too)"),
        (OURS, {"terminated": {"exitCode": 3}}, CleanupOutcome.ALREADY_ENDED, "code 3"),
        (OURS, {"waiting": {"reason": "ImagePullBackOff"}}, CleanupOutcome.FAILED,
         "it has no processes yet: waiting (ImagePullBackOff)"),
        (OURS, {"waiting": {"reason": "RunContainerError"}}, CleanupOutcome.ALREADY_ENDED,
         "it never started: RunContainerError"),
    ],
)  # fmt: skip
def test_one_that_is_named_and_not_ended_is_told_why(name: str, state: Json, outcome: CleanupOutcome, why: str) -> None:
    world = world_with_one_of_each()
    for status in world.pod["status"]["ephemeralContainerStatuses"]:
        status["state"] = state if status["name"] == name else status["state"]

    chosen = choose(replace(SHOP, names=(name,)), world.ports())

    assert (names(chosen), [(s.outcome, s.why) for s in chosen.settled]) == ([], [(outcome, why)])


def test_who_may_not_list_may_name_pods() -> None:
    class Unlisted(FakeCluster):
        def list_debugged(self, namespace: str | None, selector: str = "") -> Any:
            raise PermissionDenied("ada", "list", "pods", namespace)

    world = world_with_one_of_each(cluster=Unlisted())

    for named in ("web", f"web/{OURS}"):
        assert names(choose(replace(SHOP, names=(named,)), world.ports())) == [OURS]
    for refused in ((), (OURS,)):
        with pytest.raises(Forbidden, match="ada may not list pods"):
            choose(replace(SHOP, names=refused), world.ports())


IN_USE = "dshell-state holder=ok sessions=2 silent=3 kept=0 left=28700"


@pytest.mark.parametrize("named", [{}, {"names": (OURS,)}, {"names": ("web",)}, {"mine": True}, {"older_than": 7200}])
@pytest.mark.parametrize(
    ("state", "used"),
    [
        (IN_USE, True),
        (IN_USE.replace("silent=3", "silent=60"), True),
        (IN_USE.replace("silent=3", "silent=61"), False),
        (IN_USE.replace("sessions=2", "sessions=0"), False),
        ("dshell-state holder=gone", False),
        ("", False),
    ],
)
def test_what_somebody_is_in_is_set_apart_whatever_was_asked_for(named: dict[str, Any], state: str, used: bool) -> None:
    """It is ada's own, and ada asks: but ada may be the name of a whole team."""
    world = world_with_one_of_each()
    world.state = state

    chosen = choose(replace(SHOP, **named), world.ports())

    assert ([s.name for s in chosen.used], names(chosen)) == (([OURS], []) if used else ([], [OURS]))


def test_what_was_said_to_end_all_the_same_is_ended_and_else_told_how() -> None:
    world = world_with_one_of_each()
    world.state = IN_USE
    chosen = choose(SHOP, world.ports())

    assert names(chosen.with_used()) == [OURS]
    [left] = chosen.without_used(Invocation(("--context", "here"))).settled
    assert (left.outcome, left.why) == (CleanupOutcome.LEFT, "in use (2 clients, last heartbeat 3 s ago)")
    command = f"kubectl dshell cleanup web/{OURS} -n shop --context here -y"
    assert left.advice == (f"end it anyway: {command}",)
    opened = len(world.opened)
    assert names(choose(replace(SHOP, sure=True), world.ports())) == [OURS]
    assert len(world.opened) == opened, "who is sure asks nobody"


def test_where_nothing_runs_nobody_is_asked() -> None:
    world = world_with_one_of_each()
    for status in world.pod["status"]["ephemeralContainerStatuses"]:
        status["state"] = {"terminated": {"exitCode": 0}}

    assert names(choose(SHOP, world.ports())) == []
    assert world.opened == []


def test_every_ending_is_given_and_recorded() -> None:
    world = world_with_one_of_each()
    chosen, record = choose(SHOP, world.ports()), list[CleanupResult]()

    [ending] = end_all(chosen.containers, SHOP, world.ports(), record.append)

    assert ending == CleanupResult(chosen.containers[0], CleanupOutcome.ENDED)
    assert record == [ending]


@pytest.mark.parametrize(
    ("condition", "before", "now", "outcome"),
    [
        ({"stale": True}, SILENT, USED, CleanupOutcome.LEFT),
        (
            {"stale": True},
            SILENT,
            SILENT.replace("sessions=1", "sessions=0").replace("kept=0", "kept=9"),
            CleanupOutcome.LEFT,
        ),
        ({"stale": True}, SILENT, SILENT, CleanupOutcome.ENDED),
        ({"stale": True}, SILENT, "", CleanupOutcome.ENDED),
        ({"stale": True, "sure": True}, SILENT, USED, CleanupOutcome.ENDED),
        ({}, SILENT.replace("silent=30", "silent=61"), USED, CleanupOutcome.LEFT),
        ({}, USED, USED, CleanupOutcome.ENDED),
        ({"sure": True}, SILENT, USED, CleanupOutcome.ENDED),
    ],
)
def test_what_somebody_came_to_before_its_turn_is_left(
    condition: dict[str, Any], before: str, now: str, outcome: CleanupOutcome
) -> None:
    """As with those that hang before it in the janitor's run, or with a person who thinks about the question."""
    world = world_with_one_of_each()
    world.state = before
    asked = replace(SHOP, **condition)
    agreed = choose(asked, world.ports()).with_used()
    world.state = now

    [ending] = end_all(agreed.containers, asked, world.ports(), lambda _ending: None)

    assert (ending.outcome, "in use" in ending.why) == (outcome, outcome is CleanupOutcome.LEFT)
    assert outcome is CleanupOutcome.ENDED or world.tethers == []


def test_what_nobody_came_to_before_the_stop_is_not_touched() -> None:
    world = world_with_one_of_each()
    [container] = choose(SHOP, world.ports()).containers
    record = list[CleanupResult]()
    endings = end_all([container] * 3, replace(SHOP, concurrency=1), world.ports(), record.append)

    assert next(endings).outcome is CleanupOutcome.ENDED
    endings.close()

    assert len(record) <= 2
    assert all(
        e.outcome in {CleanupOutcome.ENDED, CleanupOutcome.ALREADY_ENDED, CleanupOutcome.INTERRUPTED} for e in record
    )
