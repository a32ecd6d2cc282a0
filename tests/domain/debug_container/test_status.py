"""What a pod's ephemeral containers say."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.domain.debug_container.status import debug_containers
from tests.domain.runtime.recorded import NO_SHELL, Line, ids
from tests.pods import STARTER, TOOLS, Json, in_app_image, make_pod

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
ENTRY = container_spec("dshell-abcde", WANTED, ["sh"], STARTER)
RUNS: Json = {"name": "dshell-abcde", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"running": {}}, "running"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "waiting (ImagePullBackOff)"),
        ({"terminated": {"exitCode": 0, "message": "ended by its last session\n"}}, "ended (by its last session)"),
        ({"terminated": {"exitCode": 137, "message": "42\n"}}, "ended (code 137)"),
        ({"terminated": {"exitCode": 137, "message": "42 1 900 0 28800\n"}}, "ended (code 137)"),
        ({"terminated": {"exitCode": 137, "message": "42 new\n"}}, "ended (code 137)"),
        ({"terminated": {"exitCode": 0}}, "ended (code 0)"),
        (None, "not started"),
    ],
)
def test_the_state_is_told_in_a_word_or_three(state: Json | None, text: str) -> None:
    statuses = [{"name": "dshell-abcde", "state": state}] if state else []
    [container] = debug_containers(make_pod(ephemeral=[ENTRY], ephemeral_statuses=statuses))

    assert container.state == text


@pytest.mark.parametrize("line", NO_SHELL, ids=ids(NO_SHELL))
@pytest.mark.parametrize("phase", ["waiting", "terminated"])
def test_what_a_runtime_says_is_one_short_line(line: Line, phase: str) -> None:
    state = {"reason": "StartError" if phase == "terminated" else line.reason, "message": line.text}
    statuses = [{"name": "dshell-abcde", "state": {phase: state}}]
    [container] = debug_containers(make_pod(ephemeral=[ENTRY], ephemeral_statuses=statuses))

    assert container.message == line.short


def test_what_a_process_wrote_is_left_as_it_is() -> None:
    ended = {"exitCode": 1, "reason": "Error", "message": "exec failed: a step, but of an app\nand more\n"}
    statuses = [{"name": "dshell-abcde", "state": {"terminated": ended}}]
    [container] = debug_containers(make_pod(ephemeral=[ENTRY], ephemeral_statuses=statuses))

    assert container.message == "exec failed: a step, but of an app and more"


def test_debug_containers_of_other_tools_are_listed_as_theirs() -> None:
    foreign = {"name": "debugger-x8z4p", "image": "busybox", "targetContainerName": "app"}
    [ours, theirs] = debug_containers(make_pod(ephemeral=[ENTRY, foreign], ephemeral_statuses=[RUNS]))

    assert (ours.ours, ours.protocol, ours.owner, ours.user) == (True, 2, "ada", "65532")
    assert (theirs.ours, theirs.protocol, theirs.owner, theirs.user) == (False, None, "", "")


def test_those_of_a_version_that_had_its_scripts_in_the_entry_are_ours() -> None:
    before = {"name": "dshell-abcde", "image": "i", "env": [{"name": "DSHELL_HOLDER", "value": "main"}]}
    [found] = debug_containers(make_pod(ephemeral=[before], ephemeral_statuses=[RUNS]))

    assert (found.ours, found.protocol) == (True, 1)


def test_of_a_pair_each_knows_the_other() -> None:
    entries = [in_app_image("dshell-own", WANTED), container_spec("dshell-lends", WANTED, ["sh"], STARTER), ENTRY]
    [own, lender, alone] = debug_containers(make_pod(ephemeral=entries))

    assert (own.tools, own.borrower) == (TOOLS, "")
    assert (lender.tools, lender.borrower) == (None, "dshell-own")
    assert (alone.tools, alone.borrower) == (None, "")


def test_one_that_has_ended_borrows_nothing_any_more() -> None:
    entries = [in_app_image("dshell-own", WANTED), container_spec("dshell-lends", WANTED, ["sh"], STARTER)]
    ended = [{"name": "dshell-own", "state": {"terminated": {"exitCode": 0}}}]
    [_, lender] = debug_containers(make_pod(ephemeral=entries, ephemeral_statuses=ended))

    assert lender.borrower == ""


@pytest.mark.parametrize(
    "change",
    [
        {"command": ["sh", "-c", "text"]},
        {"command": [TOOLS.shell_words[0], "--library-path"]},
        {"command": None},
        {"env": [{"name": "DSHELL_TOOLS", "value": "dshell-lends 42 123456 . /bin;id"}]},
        {"env": [{"name": "DSHELL_TOOLS"}]},
    ],
    ids=str,
)
def test_tools_that_nobody_could_have_lent_are_none(change: Json) -> None:
    [own] = debug_containers(make_pod(ephemeral=[in_app_image("dshell-own", WANTED) | change]))

    assert own.tools is None
