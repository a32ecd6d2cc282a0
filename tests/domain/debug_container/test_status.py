"""What a pod's ephemeral containers say."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.debug_container.spec import DebugSpec, Scripts, container_spec, environment
from kubectl_dshell.domain.debug_container.status import debug_containers
from tests.pods import Json, make_pod

WANTED = DebugSpec(
    target="app",
    image="busybox:1.37",
    pull_policy=None,
    security={"runAsUser": 65532},
    owner="ada",
    version="0.1.0",
    limit=28800,
    env=(("A", "$x"),),
)
ENTRY = container_spec("dshell-abcde", WANTED, Scripts("echo $1", "exit $?"), "abcd2345")
RUNS: Json = {"name": "dshell-abcde", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


def test_every_dollar_of_the_spec_is_doubled_and_read_back() -> None:
    assert "$" not in str(ENTRY).replace("$$", "")
    assert environment(ENTRY)["DSHELL_HOLDER"] == "echo $1"
    assert environment(ENTRY)["A"] == "$x"


def test_the_holder_knows_the_session_it_is_started_for() -> None:
    assert environment(ENTRY)["DSHELL_STARTER"] == "abcd2345"


def test_the_entry_waits_for_words_on_stdin_and_targets_the_app() -> None:
    assert ENTRY["stdin"] is True
    assert "tty" not in ENTRY
    assert "stdinOnce" not in ENTRY
    assert ENTRY["targetContainerName"] == "app"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"running": {}}, "running"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "waiting (ImagePullBackOff)"),
        ({"terminated": {"exitCode": 0, "message": "ended by its last session\n"}}, "ended (by its last session)"),
        ({"terminated": {"exitCode": 137, "message": "42\n"}}, "ended (code 137)"),
        ({"terminated": {"exitCode": 137, "message": "42 1 900 0 28800\n"}}, "ended (code 137)"),
        ({"terminated": {"exitCode": 0}}, "ended (code 0)"),
        (None, "not started"),
    ],
)
def test_the_state_is_told_in_a_word_or_three(state: Json | None, text: str) -> None:
    statuses = [{"name": "dshell-abcde", "state": state}] if state else []
    [container] = debug_containers(make_pod(ephemeral=[ENTRY], ephemeral_statuses=statuses))

    assert container.state == text


def test_debug_containers_of_other_tools_are_listed_as_theirs() -> None:
    foreign = {"name": "debugger-x8z4p", "image": "busybox", "targetContainerName": "app"}
    [ours, theirs] = debug_containers(make_pod(ephemeral=[ENTRY, foreign], ephemeral_statuses=[RUNS]))

    assert (ours.ours, ours.owner, ours.user) == (True, "ada", "65532")
    assert (theirs.ours, theirs.owner, theirs.user) == (False, "", "")
