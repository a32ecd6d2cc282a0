"""Which container that does not run is meant, and when it starts again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubectl_dshell.domain.access.down import choose_any, choose_down, ended_too_soon, expected_start, refuse_never
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.text.invocation import PLAIN
from kubectl_dshell.errors import NotFound
from tests.pods import Json, make_pod, running

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CRASHING = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
FAILED = {"name": "setup", "lastState": {"terminated": {"exitCode": 1}}, **CRASHING}


INIT = {"initContainers": [{"name": "setup"}], "containers": [{"name": "app"}, {"name": "side"}]}
UP = [running(), {**running(), "name": "side"}]
DOWN_SIDE = [running(), {"name": "side", **CRASHING}]
DOWN = [{"name": "app", **CRASHING}, {"name": "side", **CRASHING}]


@pytest.mark.parametrize(
    ("wanted", "statuses", "annotations", "chosen"),
    [
        pytest.param("side", UP, {}, "side", id="named"),
        pytest.param(None, [*DOWN, FAILED], {}, "setup", id="a failing init container"),
        pytest.param("app", [*DOWN, FAILED], {}, "app", id="another than that"),
        pytest.param(None, DOWN_SIDE, {}, "side", id="the one that is down"),
        pytest.param(None, DOWN, {"kubectl.kubernetes.io/default-container": "side"}, "side", id="the default"),
        pytest.param(None, DOWN, {}, "app", id="the first"),
        pytest.param(None, UP, {}, "app", id="all run"),
    ],
)
def test_the_container_is_the_one_that_is_down(
    wanted: str | None, statuses: list[Json], annotations: dict[str, str], chosen: str
) -> None:
    pod = make_pod(spec=INIT, statuses=statuses, annotations=annotations)

    target = choose_down(pod, wanted, PLAIN)

    assert target.container.name == chosen
    assert bool(target.notice) == (wanted is None and not annotations)


def test_what_need_not_be_down_is_the_default_or_first() -> None:
    pod = make_pod(spec=INIT, statuses=DOWN_SIDE)

    assert choose_any(pod, None, down_first=False).container.name == "app"
    assert choose_any(pod, None, down_first=True).container.name == "side"


def test_a_container_alone_needs_no_notice() -> None:
    assert choose_down(make_pod(statuses=DOWN[:1]), None, PLAIN).notice == ""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"phase": "Failed"}, "has terminated"),
        ({"annotations": {"kubernetes.io/config.mirror": "x"}}, "static pod"),
        ({"spec": {"os": {"name": "windows"}}}, "runs on Windows"),
        ({"spec": {"containers": []}}, "has no containers"),
    ],
)
def test_a_pod_in_which_none_can_start_is_refused(words: dict[str, Any], why: str) -> None:
    with pytest.raises(NotFound, match=why):
        choose_down(make_pod(**words), None, PLAIN)


def test_a_wrong_name_is_refused() -> None:
    with pytest.raises(NotFound, match='has no container "none"; available: app, side, setup'):
        choose_down(make_pod(spec=INIT), "none", PLAIN)


def test_a_pod_that_is_being_deleted_is_refused() -> None:
    pod = make_pod()._replace(deleting=True)

    with pytest.raises(NotFound, match="is being deleted"):
        choose_down(pod, None, PLAIN)


def ended(code: int = 1) -> Json:
    return {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": "2026-01-01T12:00:00Z"}}


def waiting(message: str) -> Json:
    return {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}}, "lastState": ended()}


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        pytest.param(waiting("back-off 10s restarting failed container=app pod=web"), 10, id="seconds"),
        pytest.param(waiting("back-off 1m20s restarting failed container=app"), 80, id="minutes"),
        pytest.param(waiting("back-off 5m0s restarting failed container=app"), 300, id="the longest"),
        pytest.param({"state": ended(), "restartCount": 0}, 0, id="the first restart is at once"),
        pytest.param({"state": ended(), "restartCount": 1}, 10, id="the second is not"),
        pytest.param({"state": ended(), "restartCount": 4}, 80, id="each is later"),
        pytest.param({"state": ended(), "restartCount": 9}, 300, id="to a limit"),
        pytest.param({"state": ended(), "restartCount": 2**31 - 1}, 300, id="a large number"),
        pytest.param(waiting("back-off pulling image"), None, id="another wait"),
        pytest.param({"state": {"running": {}}, "lastState": ended()}, None, id="it runs"),
        pytest.param({"state": {"waiting": {"reason": "PodInitializing"}}}, None, id="never started"),
        pytest.param({"state": {"terminated": {"exitCode": 1}}}, None, id="no time"),
    ],
)
def test_the_next_start_is_at_the_end_of_the_back_off(status: Json, seconds: int | None) -> None:
    (container,) = make_pod(statuses=[{"name": "app", **status}]).containers

    expected = expected_start(container)

    assert expected == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("code", "spec", "never"),
    [
        (1, {}, False),
        (0, {"restartPolicy": "Always"}, False),
        (1, {"restartPolicy": "OnFailure"}, False),
        (0, {"restartPolicy": "OnFailure"}, True),
        (1, {"restartPolicy": "Never"}, True),
        (1, {"restartPolicy": "Never", "containers": [{"name": "app", "restartPolicy": "Always"}]}, False),
    ],
)
def test_one_that_is_not_started_again_is_refused(code: int, spec: Json, never: bool) -> None:
    pod = make_pod(spec=spec, statuses=[{"name": "app", "state": ended(code)}])
    target = Target(pod, pod.containers[0])

    if never:
        with pytest.raises(
            NotFound, match=f"does not start again: it exited with code {code} .*, and its restartPolicy"
        ):
            refuse_never(target, NOW, PLAIN)
    else:
        refuse_never(target, NOW, PLAIN)


@pytest.mark.parametrize(("code", "never"), [(0, True), (1, False)])
def test_an_init_container_is_repeated_until_it_succeeds(code: int, never: bool) -> None:
    pod = make_pod(spec=INIT, statuses=[{"name": "setup", "state": ended(code)}])
    target = Target(pod, pod.init[0])

    if never:
        with pytest.raises(NotFound, match="and an init container that has succeeded"):
            refuse_never(target, NOW, PLAIN)
    else:
        refuse_never(target, NOW, PLAIN)


def test_one_that_waits_may_start() -> None:
    pod = make_pod(statuses=[{"name": "app", **CRASHING}], spec={"restartPolicy": "Never"})

    refuse_never(Target(pod, pod.containers[0]), NOW, PLAIN)


def test_one_that_crashes_too_soon_is_for_a_copy() -> None:
    pod = make_pod(statuses=[{"name": "app", "state": ended()}])

    error = ended_too_soon(Target(pod, pod.containers[0]), NOW, PLAIN)

    assert error.message.startswith(
        "container app of web ended before a session could begin in it: it exited with code 1"
    )
    assert error.advice[-1].endswith("kubectl dshell web --container app -n shop --copy")
