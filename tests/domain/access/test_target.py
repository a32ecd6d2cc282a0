"""Which container is meant, and why some cannot be entered."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.domain.access.target import choose_target, nearest
from kubectl_dshell.errors import ExitStatus, NotFound
from kubectl_dshell.output.failure import format_failure
from tests.domain.runtime.recorded import NO_SHELL, NOT_PULLED, Line, ids
from tests.pods import make_pod, running

NOW = datetime(2026, 1, 1, 0, 4, tzinfo=UTC)
TWO = {"containers": [{"name": "app"}, {"name": "proxy"}]}
TWO_RUN = [running("app"), running("proxy", id_="b" * 64)]
TWO_NOTICE = 'defaulted container "app" of web out of: app, proxy (choose with -c)'
COPY = "A shell in a copy of the pod, with its image and variables: kubectl dshell web -n shop --copy"
SIDECAR = {"initContainers": [{"name": "mesh", "restartPolicy": "Always"}, {"name": "setup"}]}


@pytest.mark.parametrize(
    ("words", "wanted", "chosen", "notice"),
    [
        pytest.param({}, None, "app", "", id="the only one, silently"),
        pytest.param(
            {"spec": TWO, "statuses": TWO_RUN},
            None,
            "app",
            TWO_NOTICE,
            id="first, said",
        ),
        pytest.param({"spec": TWO, "statuses": TWO_RUN}, "proxy", "proxy", "", id="-c"),
        pytest.param(
            {"spec": TWO, "statuses": TWO_RUN, "annotations": {"kubectl.kubernetes.io/default-container": "proxy"}},
            None,
            "proxy",
            "",
            id="annotation",
        ),
        pytest.param(
            {"spec": TWO, "statuses": TWO_RUN, "annotations": {"kubectl.kubernetes.io/default-container": "gone"}},
            None,
            "app",
            TWO_NOTICE,
            id="annotation that names none",
        ),
        pytest.param(
            {"spec": SIDECAR, "statuses": [running(), running("mesh")]}, "mesh", "mesh", "", id="init sidecar"
        ),
        pytest.param(
            {"spec": SIDECAR, "statuses": [running(), running("mesh")]},
            None,
            "app",
            'defaulted container "app" of web out of: app, mesh (choose with -c)',
            id="sidecars count, app first",
        ),
        pytest.param(
            {"spec": SIDECAR, "statuses": [running("setup", id_="c" * 64)]}, "setup", "setup", "", id="init, running"
        ),
        pytest.param({"spec": TWO, "statuses": TWO_RUN}, "", "app", TWO_NOTICE, id="empty -c"),
    ],
)
def test_the_container_is_chosen_as_kubectl_does(words: Any, wanted: str | None, chosen: str, notice: str) -> None:
    target = choose_target(make_pod(**words), wanted, NOW)

    assert (target.container.name, target.notice) == (chosen, notice)


ENDED = {
    "name": "app",
    "state": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}},
}
CRASHING = {
    "name": "app",
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:03:30Z"}},
}
PULLING = {"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}


@pytest.mark.parametrize(
    ("words", "wanted", "said"),
    [
        pytest.param({"statuses": [ENDED]}, None, "it exited with code 1 (Error) 4m ago", id="terminated"),
        pytest.param(
            {"statuses": [CRASHING]},
            None,
            "it is waiting (CrashLoopBackOff); it last exited with code 137 (OOMKilled) 30s ago",
            id="crash loop",
        ),
        pytest.param(
            {"statuses": [PULLING]}, None, "it is waiting (ErrImagePull): shop/web:1: not found", id="waiting"
        ),
        pytest.param({"statuses": [], "phase": "Pending"}, None, "the pod is Pending", id="no status yet"),
        pytest.param({}, "wbe", 'pod web has no container "wbe"; available: app', id="no such container"),
        pytest.param({"spec": SIDECAR}, "setup", "init container setup of web is not running", id="init container"),
        pytest.param({"ephemeral": [{"name": "dbg"}]}, "dbg", "dbg is a debug container of web", id="debug container"),
        pytest.param({"phase": "Succeeded"}, None, "pod web has terminated (phase Succeeded)", id="completed"),
        pytest.param({"spec": {"os": {"name": "windows"}}}, None, "pod web runs on Windows", id="windows"),
        pytest.param(
            {"annotations": {"kubernetes.io/config.mirror": "x"}}, None, "web is a static pod", id="mirror pod"
        ),
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_reason(
    words: Any, wanted: str | None, said: str, snapshot: SnapshotAssertion
) -> None:
    with pytest.raises(NotFound) as refusal:
        choose_target(make_pod(**words), wanted, NOW)

    assert said in refusal.value.message
    assert refusal.value.status is ExitStatus.NOT_FOUND
    assert format_failure(refusal.value) == snapshot


@pytest.mark.parametrize(
    ("statuses", "advice"),
    [
        pytest.param([ENDED], ("Its logs: kubectl logs web -n shop -c app", COPY), id="terminated"),
        pytest.param([CRASHING], ("Its logs: kubectl logs web -n shop -c app --previous", COPY), id="crash loop"),
        pytest.param([PULLING], ("See why it is waiting: kubectl describe pod web -n shop",), id="never ran"),
        pytest.param([], ("See why it is waiting: kubectl describe pod web -n shop",), id="no status yet"),
    ],
)
def test_who_cannot_be_joined_may_still_be_asked(statuses: list[Any], advice: tuple[str, ...]) -> None:
    with pytest.raises(NotFound) as refusal:
        choose_target(make_pod(statuses=statuses), None, NOW)

    assert refusal.value.advice == advice


def test_one_with_volumes_is_offered_with_these_too() -> None:
    app = {"name": "app", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}

    with pytest.raises(NotFound) as refusal:
        choose_target(make_pod(spec={"containers": [app]}, statuses=[CRASHING]), None, NOW)

    in_place = "A shell in this pod, with its volumes and without its image: kubectl dshell web -n shop --volumes"
    assert refusal.value.advice[-2:] == (in_place, COPY)


def test_the_token_alone_is_not_worth_it() -> None:
    token = {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    pod = make_pod(spec={"containers": [{"name": "app", "volumeMounts": [token]}]}, statuses=[CRASHING])

    with pytest.raises(NotFound) as refusal:
        choose_target(pod, None, NOW)

    assert refusal.value.advice == ("Its logs: kubectl logs web -n shop -c app --previous", COPY)


@pytest.mark.parametrize("key", ["state", "lastState"])
def test_a_failing_init_container_is_offered_as_a_copy(key: str) -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    setup = {"name": "setup", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, key: ended}
    waiting = {"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}

    with pytest.raises(NotFound) as refusal:
        choose_target(make_pod(spec=SIDECAR, statuses=[setup, waiting]), None, NOW)

    assert (
        refusal.value.advice[-1]
        == "A shell in a copy of the pod, with its image and variables: kubectl dshell web --container setup -n shop --copy"
    )


def test_a_pod_that_is_being_deleted_is_refused() -> None:
    with pytest.raises(NotFound, match="pod web is being deleted: no new debug container can start in it"):
        choose_target(make_pod()._replace(deleting=True), None, NOW)


def test_what_runs_in_a_pod_that_is_being_deleted_is_joined_and_the_way_to_it_is_said() -> None:
    live = {"name": "dshell-abcde", "state": {"running": {}}}
    pod = make_pod(ephemeral=[{"name": "dshell-abcde"}], ephemeral_statuses=[live])._replace(deleting=True)

    assert choose_target(pod, None, NOW, new=False).container.name == "app"
    with pytest.raises(NotFound) as refused:
        choose_target(pod, None, NOW)
    assert refused.value.advice == (
        "Attach to one that is running in it, possibly not yours: kubectl dshell attach web/dshell-abcde -n shop",
    )


@pytest.mark.parametrize("line", [*NO_SHELL, *NOT_PULLED], ids=ids((*NO_SHELL, *NOT_PULLED)))
def test_a_runtime_s_reason_is_one_short_line_and_the_sentence_goes_on(line: Line) -> None:
    waiting = {"waiting": {"reason": line.reason, "message": line.text}}
    pod = make_pod(
        spec={"containers": [{"name": "app", "image": "dshell.test/absent:1"}]},
        statuses=[{"name": "app", "state": waiting}],
    )

    with pytest.raises(NotFound) as refused:
        choose_target(pod, None, NOW)

    image = "dshell.test/absent:1: " if line in NOT_PULLED else ""
    assert f"it is waiting ({line.reason}): {image}{line.short}. A debug container can only" in refused.value.message


def test_the_scheduler_s_reason_is_told() -> None:
    pod = make_pod(statuses=[], phase="Pending")
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    pod = pod._replace(conditions=(unscheduled,))

    with pytest.raises(NotFound, match="0/1 nodes are available"):
        choose_target(pod, None, NOW)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("web-6d4f9-x7k2q", ["web-6d4f9-x7k2p"]),
        ("web", ["web-6d4f9-x7k2p", "web-8c1aa-77777"]),
        ("wbe", ["web-6d4f9-x7k2p", "web-8c1aa-77777"]),
        ("postgers", ["postgres-0"]),
        ("db-", ["db-0"]),
        ("crash", ["crashing"]),
        ("version", []),
        ("nope", []),
        ("zzz", []),
    ],
)
def test_the_nearest_names_are_offered(typed: str, expected: list[str]) -> None:
    names = ["web-6d4f9-x7k2p", "core", "web-8c1aa-77777", "db-0", "crashing", "postgres-0"]

    assert nearest(typed, names) == expected


def test_the_nearest_of_many_thousand_names_take_no_time() -> None:
    names = [f"web-{number % 50}-{number:05}" for number in range(20_000)]
    began = time.process_time()

    assert nearest("wbe", names)
    assert time.process_time() - began < 5


def test_an_app_that_waits_for_its_init_container_says_how_to_enter_that() -> None:
    waiting = {"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}
    pod = make_pod(spec=SIDECAR, statuses=[running("setup"), waiting])

    with pytest.raises(NotFound) as refusal:
        choose_target(pod, None, NOW)

    assert refusal.value.advice == ("Enter its running init container: kubectl dshell web --container setup -n shop",)
