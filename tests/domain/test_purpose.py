"""What an existing debug container is for, and why it would not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container import Scripts, Wanted, container_spec, full_name
from kubectl_dshell.domain.purpose import differences, purpose, same_purpose

WANTED = Wanted(
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


def spec(wanted: Wanted = WANTED) -> Any:
    return container_spec("dshell-review", wanted, Scripts("HOLDER", "ENTER"), "abcdefgh")


@pytest.mark.parametrize("wanted", [WANTED, replace(WANTED, pull_policy=None, env=(), measured="", reason="")])
def test_what_an_entry_was_made_for_is_read_back_from_it(wanted: Wanted) -> None:
    assert purpose(spec(wanted)) == wanted
    assert same_purpose(spec(wanted), wanted)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": "proxy"}, "it is for container app, not proxy"),
        ({"image": "tools:2"}, "its image is busybox:1.37, not tools:2"),
        ({"security": {"runAsUser": 0, "runAsGroup": 0}}, "it runs as 65532:0, not 0:0"),
        (
            {"security": {"runAsUser": 65532, "runAsGroup": 0, "runAsNonRoot": True}},
            "its securityContext is another",
        ),
        ({"owner": "ben"}, "it was made by ada, not ben"),
        ({"version": "0.2.0"}, "it was made by version 0.1.0, not 0.2.0"),
        ({"limit": 3600}, "its limit (--ttl) is 8h, not 1h"),
        ({"env": ()}, "its environment (--env) is another"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_differs_is_said(change: dict[str, Any], said: str) -> None:
    assert differences(spec(), replace(WANTED, **change)) == [said]
    assert not same_purpose(spec(), replace(WANTED, **change))


@pytest.mark.parametrize("change", [{"reason": "another"}, {"pull_policy": "Always"}, {"measured": ""}])
def test_what_makes_no_other_purpose(change: dict[str, Any]) -> None:
    assert differences(spec(), replace(WANTED, **change)) == []


def test_the_entry_of_another_tool_is_read_without_a_failure() -> None:
    foreign = {"name": "debugger-x8z4p", "image": "busybox", "env": [{"name": "DSHELL_LIMIT", "value": "long"}]}

    assert purpose(foreign).owner == ""
    assert not same_purpose(foreign, WANTED)


@pytest.mark.parametrize(
    ("name", "full"), [("review", "dshell-review"), ("dshell-review", "dshell-review"), ("dshell", "dshell-dshell")]
)
def test_a_name_is_given_with_or_without_its_prefix(name: str, full: str) -> None:
    assert full_name(name) == full
