"""What the debug container of an earlier run says about its command."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.fanout.once import ran_before
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.errors import Unavailable
from tests.pods import STARTER, Json, make_pod

NAME = "dshell-fix"
SPEC = DebugSpec(
    target="app",
    image="busybox:1.37",
    pull_policy=None,
    security={"runAsUser": 1, "runAsGroup": 1},
    owner="ada",
    version="1",
    limit=60,
    env=(),
)
OURS = container_spec(NAME, SPEC, ["sh"], STARTER)
BEGAN = {"startedAt": "2026-01-01T00:00:00Z"}


def said(state: Json | None, entry: Json = OURS) -> str:
    statuses = [] if state is None else [{"name": NAME, "state": state}]
    return ran_before(make_pod(ephemeral=[entry], ephemeral_statuses=statuses), NAME, "kubectl dshell web -n shop")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"running": BEGAN}, "an earlier run is running the command here, and has its output; dshell-fix: running"),
        (
            {"terminated": {"exitCode": 0, "message": "ended by its last session"}},
            "an earlier run has run the command here, and has its output; dshell-fix: ended (by its last session)",
        ),
        (
            {"terminated": {"exitCode": 0, "message": "ended after 50 s without a client"}},
            "has run the command here, and has its output; dshell-fix: ended (after 50 s without a client)",
        ),
        (
            {"terminated": {"exitCode": 137, "message": ""}},
            "has run the command here, and has its output; dshell-fix: ended (code 137)",
        ),
    ],
)
def test_it_has_run_or_may_have(state: Json, words: str) -> None:
    assert words in said(state)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "dshell-fix of an earlier run is not started in web: nothing was run yet"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "is waiting (ImagePullBackOff) in web: nothing was run yet"),
        (
            {"terminated": {"exitCode": 0, "message": "ended after 50 s without its first client"}},
            "dshell-fix of an earlier run was lost in web before anything was run",
        ),
    ],
)
def test_it_has_not_run_and_is_not_tried_again(state: Json | None, words: str) -> None:
    with pytest.raises(Unavailable) as failed:
        said(state)

    assert words in failed.value.message
    assert failed.value.advice == (
        "Run it there under another name: kubectl dshell web -n shop --once OTHER -- COMMAND",
    )


def test_a_container_of_another_tool_proves_nothing() -> None:
    with pytest.raises(Unavailable, match="was not created by kubectl dshell, so nothing was run there"):
        said({"running": BEGAN}, {"name": NAME, "image": "busybox"})


def test_a_pod_that_was_replaced_has_none() -> None:
    with pytest.raises(Unavailable, match="dshell-fix is no longer in web, which was replaced meanwhile"):
        ran_before(make_pod(), NAME, "kubectl dshell web")
