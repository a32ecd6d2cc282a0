"""Which debug container is joined, and why some cannot be."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubectl_dshell.domain.debug_container.joinable import describe, joinable, newest, refusal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from tests.pods import STARTER, Json, in_app_image, make_pod

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AGAIN = "kubectl dshell web -n shop"
Entry = tuple[str, str, Json]
FOREIGN: Json = {"name": "debugger-x8z4p", "image": "busybox", "targetContainerName": "app"}


def running(minute: int) -> Json:
    return {"running": {"startedAt": f"2026-01-01T11:{minute:02d}:00Z"}}


WAITING: Json = {"waiting": {"reason": "ImagePullBackOff"}}
ENDED: Json = {
    "terminated": {"exitCode": 0, "message": "ended by its last session\n", "finishedAt": "2026-01-01T11:57:00Z"}
}


def found(*entries: Entry, foreign: bool = False) -> list[DebugContainer]:
    """Debug containers as (name, owner, state)."""
    wanted = [
        DebugSpec("app", "i", None, {"runAsUser": 1}, owner, "0", 60, (), reason="a\nb") for _, owner, _ in entries
    ]
    specs = [container_spec(name, one, ["sh"], STARTER) for (name, _, _), one in zip(entries, wanted, strict=True)] + [
        FOREIGN
    ] * foreign
    statuses = [{"name": name, "state": state} for name, _, state in entries]
    return list(debug_containers(make_pod(ephemeral=specs, ephemeral_statuses=statuses)))


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        pytest.param([], [], id="none"),
        pytest.param([("a", "ada", running(1)), ("b", "ada", running(2))], ["b", "a"], id="the newest first"),
        pytest.param([("a", "ada", running(1)), ("b", "ben", running(2))], ["a", "b"], id="one's own first"),
        pytest.param([("a", "ada", WAITING), ("b", "ada", running(2))], ["b", "a"], id="what runs first"),
        pytest.param([("a", "ada", ENDED), ("b", "ben", WAITING)], ["b"], id="what ended is none"),
    ],
)
def test_those_that_can_be_joined_in_order(entries: list[Entry], names: list[str]) -> None:
    there = found(*[(f"dshell-{name}", owner, state) for name, owner, state in entries], foreign=True)

    assert [s.name for s in joinable(there, lambda s: s.owner == "ada")] == [f"dshell-{name}" for name in names]


def test_a_live_one_is_not_refused() -> None:
    (container,) = found(("dshell-a", "ben", running(1)))

    assert refusal(container, make_pod(), NOW, AGAIN) is None


def test_one_that_ended_says_why_and_what_to_type() -> None:
    (container,) = found(("dshell-a", "ada", ENDED))
    error = refusal(container, make_pod(), NOW, AGAIN)

    assert error
    assert error.message == "dshell-a in web ended (by its last session) 3m ago and cannot be started again"
    assert error.advice == ("Start a new one: kubectl dshell web -n shop",)


@pytest.mark.parametrize("stdin", [True, False])
def test_another_tool_s_is_refused_with_kubectl_s_commands(*, stdin: bool) -> None:
    pod = make_pod(
        ephemeral=[FOREIGN | {"stdin": stdin}], ephemeral_statuses=[{"name": FOREIGN["name"], "state": {"running": {}}}]
    )
    (container,) = debug_containers(pod)
    error = refusal(container, pod, NOW, AGAIN)

    assert error
    assert error.message.startswith("debugger-x8z4p in web was not created by kubectl dshell")
    assert error.advice[0].endswith("\n  kubectl exec -it web -c debugger-x8z4p -n shop -- sh")
    assert error.advice[1:] == (
        ("Attach to its main process:\n  kubectl attach -it web -c debugger-x8z4p -n shop",) if stdin else ()
    )


def test_a_list_to_choose_from_has_one_line_each() -> None:
    sessions_ = found(("dshell-a", "ada", running(0)), ("dshell-b", "ada", WAITING))

    assert [describe(s, NOW) for s in sessions_] == [
        "app, 1, 60m, 'a b'",
        "app, 1, 'waiting (ImagePullBackOff)', 'a b'",
    ]
    assert describe(sessions_[0], NOW, mine=False) == "app, 1, 60m, owner ada, 'a b'"


@pytest.mark.parametrize("word", ["$(echo RUN)", "`echo RUN`", "; echo RUN", "'; echo RUN; '", "&echo RUN", ">RUN"])
def test_a_shell_without_comments_runs_nothing_of_what_others_wrote(word: str, tmp_path: Path) -> None:
    """A line of that list is pasted whole, and to an interactive zsh what is behind # are words."""
    waits: Json = {"waiting": {"reason": word}}
    (container,) = found(("dshell-a", word, waits))
    line = f"printf '%s|' # {describe(replace(container, reason=word), NOW, mine=False)}".replace("#", "'#'")

    said = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert said == f"#|app,|1,|waiting ({word}),|owner|{word},|{word}|"
    assert list(tmp_path.iterdir()) == []


def test_the_newest_is_the_one_that_started_last_wherever_it_stands() -> None:
    there = found(("dshell-a", "ada", running(2)), ("dshell-b", "ada", running(9)), ("dshell-c", "ada", running(5)))

    assert newest(there) == there[1]
    assert newest([]) is None


@pytest.mark.parametrize(
    ("owners", "names"),
    [
        pytest.param(("ada", "ada"), ["own"], id="both one's own"),
        pytest.param(("ben", "ada"), ["lends", "own"], id="somebody else claims to borrow"),
        pytest.param(("ben", "ben"), ["own", "lends"], id="both somebody else's"),
    ],
)
def test_of_a_pair_of_one_s_own_the_one_of_the_app_s_image_is_joined(owners: tuple[str, str], names: list[str]) -> None:
    wanted = [DebugSpec("app", "i", None, {"runAsUser": 1}, owner, "0", 60, ()) for owner in owners]
    entries = [in_app_image("dshell-own", wanted[0]), container_spec("dshell-lends", wanted[1], ["sh"], STARTER)]
    statuses = [{"name": "dshell-own", "state": running(2)}, {"name": "dshell-lends", "state": running(1)}]
    there = debug_containers(make_pod(ephemeral=entries, ephemeral_statuses=statuses))

    assert [s.name for s in joinable(there, lambda s: s.owner == "ada")] == [f"dshell-{name}" for name in names]
