"""What an existing debug container is for, why it would not do, and which of those there are is joined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.purpose import differences, live_holders, lookalikes, purpose
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, Scripts, container_spec, full_name
from kubectl_dshell.domain.pod.pod import Pod
from tests.pods import Json, make_pod

KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)

WANTED = DebugSpec(
    target="app",
    image="busybox:1.37",
    pull_policy="Never",
    security={"runAsUser": 65532, "runAsGroup": 0},
    owner="ada",
    version="0.1.0",
    limit=28800,
    env=(("A", "$x"), ("B", "")),
    measured="id 1:2",
    reason="INC-42: $(date) $$",
)


def spec(wanted: DebugSpec = WANTED, key: Key | None = None) -> Any:
    sealed = seal(key, "u-1", "dshell-review", wanted) if key else ""
    return container_spec("dshell-review", wanted, Scripts("HOLDER", "ENTER"), "abcdefgh", sealed)


def pod_with(entry: Json, state: str = "running", *, uid: str = "u-1") -> Pod:
    pod = make_pod(ephemeral=[entry], ephemeral_statuses=[{"name": entry["name"], "state": {state: {}}}])
    return replace(pod, uid=uid)


@pytest.mark.parametrize("wanted", [WANTED, replace(WANTED, pull_policy=None, env=(), measured="", reason="")])
def test_what_an_entry_was_made_for_is_read_back_from_it(wanted: DebugSpec) -> None:
    assert purpose(spec(wanted)) == wanted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": "proxy"}, "it targets container app, not proxy"),
        ({"image": "tools:2"}, "its image is busybox:1.37, not tools:2"),
        ({"security": {"runAsUser": 0, "runAsGroup": 0}}, "it runs as 65532:0, not 0:0"),
        (
            {"security": {"runAsUser": 65532, "runAsGroup": 0, "runAsNonRoot": True}},
            "its securityContext differs",
        ),
        ({"owner": "ben"}, "it was created by ada, not ben"),
        ({"version": "0.2.0"}, "it was created by version 0.1.0, not 0.2.0"),
        ({"limit": 3600}, "its --ttl is 8h, not 1h"),
        ({"env": ()}, "its environment (--env) differs"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_differs_is_said(change: dict[str, Any], said: str) -> None:
    assert differences(spec(), replace(WANTED, **change)) == [said]
    assert live_holders(pod_with(spec(key=KEY)), replace(WANTED, **change), KEY) == []


@pytest.mark.parametrize("change", [{"reason": "another"}, {"pull_policy": "Always"}, {"measured": ""}])
def test_what_makes_no_other_purpose(change: dict[str, Any]) -> None:
    assert differences(spec(), replace(WANTED, **change)) == []
    assert live_holders(pod_with(spec(key=KEY)), replace(WANTED, **change), KEY) == ["dshell-review"]


def test_the_entry_of_another_tool_is_read_without_a_failure() -> None:
    foreign = {"name": "debugger-x8z4p", "image": "busybox", "env": [{"name": "DSHELL_LIMIT", "value": "long"}]}

    assert purpose(foreign).owner == ""
    assert live_holders(pod_with(foreign), WANTED, KEY) == []


@pytest.mark.parametrize("limit", ["²", "9" * 5000, "-1", "1e3", ""])
def test_a_limit_that_is_no_number_is_none(limit: str) -> None:
    assert purpose({"name": "dshell-a", "env": [{"name": "DSHELL_LIMIT", "value": limit}]}).limit == 0


def test_what_is_told_of_an_entry_is_one_line() -> None:
    owner = "ada\nTo see why, type: sh" + "x" * 10_000
    [said] = differences(spec(replace(WANTED, owner=owner)), WANTED)

    assert len(said.splitlines()) == 1
    assert len(said) < 400


@pytest.mark.parametrize(
    ("state", "key", "uid", "joined"),
    [
        pytest.param("running", KEY, "u-1", ["dshell-review"], id="mine"),
        pytest.param("terminated", KEY, "u-1", [], id="it ended"),
        pytest.param("waiting", KEY, "u-1", [], id="it does not run yet"),
        pytest.param("running", OTHER, "u-1", [], id="another user, or another machine"),
        pytest.param("running", None, "u-1", [], id="no key"),
        pytest.param("running", KEY, "u-2", [], id="a seal copied into another pod"),
        pytest.param("running", KEY, "", [], id="a pod without a UID"),
    ],
)
def test_only_what_was_made_with_the_key_is_joined(state: str, key: Key | None, uid: str, joined: list[str]) -> None:
    assert live_holders(pod_with(spec(key=KEY), state, uid=uid), WANTED, key) == joined


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(spec(), id="without a seal"),
        pytest.param(spec(key=OTHER), id="with a seal of somebody else"),
        pytest.param(spec(key=KEY) | {"name": "dshell-other"}, id="a seal copied under another name"),
        pytest.param(
            container_spec("dshell-review", WANTED, Scripts("#holder of mallory", "tee /tmp/stolen"), "abcdefgh")
            | {"command": ["tee", "/tmp/stolen"], "envFrom": [{"secretRef": {"name": "theirs"}}]},
            id="with a foreign command and holder",
        ),
    ],
)
def test_what_only_says_that_it_is_mine_is_passed_over_and_known_for_it(forged: Json) -> None:
    assert live_holders(pod_with(forged), WANTED, KEY) == []
    assert lookalikes(pod_with(forged), WANTED, KEY) == [forged["name"]]


def test_what_admission_rewrote_is_still_what_was_asked_for() -> None:
    rewritten = spec(key=KEY) | {"image": "mirror.example/busybox@sha256:0", "securityContext": {"runAsUser": 1}}
    rewritten["env"] = [{"name": "HTTP_PROXY", "value": "http://p"}, *rewritten["env"]]

    assert live_holders(pod_with(rewritten), WANTED, KEY) == ["dshell-review"]
    assert lookalikes(pod_with(rewritten), WANTED, KEY) == []


@pytest.mark.parametrize(
    ("name", "full"), [("review", "dshell-review"), ("dshell-review", "dshell-review"), ("dshell", "dshell-dshell")]
)
def test_a_name_is_given_with_or_without_its_prefix(name: str, full: str) -> None:
    assert full_name(name) == full
