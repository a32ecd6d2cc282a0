"""What an existing debug container is for, why it would not do, and which of those there are is joined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.purpose import (
    differences,
    is_third,
    live_holders,
    lookalikes,
    purpose,
    running,
    starting_holders,
)
from kubectl_dshell.domain.debug_container.seal import Key, parse_seal, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec, full_name
from kubectl_dshell.domain.pod.pod import Pod
from tests.pods import STARTER, Json, in_app_image, make_pod

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
    return container_spec("dshell-review", wanted, ["sh"], STARTER, sealed)


def pod_with(entry: Json, state: str = "running", *, uid: str = "u-1") -> Pod:
    pod = make_pod(ephemeral=[entry], ephemeral_statuses=[{"name": entry["name"], "state": {state: {}}}])
    return pod._replace(uid=uid)


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
        ({"version": "0.2.0"}, "it was created by dshell 0.1.0, not 0.2.0"),
        ({"limit": 3600}, "its --ttl is 8h, not 1h"),
        ({"env": ()}, "its environment (--env) differs"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_differs_is_said(change: dict[str, Any], said: str) -> None:
    assert differences(spec(), replace(WANTED, **change)) == [said]
    assert live_holders(pod_with(spec(key=KEY)), replace(WANTED, **change), KEY) == []


REWRITTEN = {"image": "mirror.example/busybox@sha256:0", "securityContext": {"runAsUser": 1, "runAsGroup": 0}}
MAY = " (admission may have changed that)"


@pytest.mark.parametrize(
    ("change", "stored", "said"),
    [
        pytest.param({"limit": 3600}, {}, ["its --ttl is 8h, not 1h"], id="as asked for"),
        pytest.param({"limit": 3600}, REWRITTEN, ["its --ttl is 8h, not 1h"], id="what was rewritten is the same"),
        pytest.param(
            {"limit": 3600, "env": ()},
            REWRITTEN,
            ["its --ttl is 8h, not 1h", "its environment (--env) differs"],
            id="two others",
        ),
        pytest.param(
            {"image": "tools:2"},
            {"securityContext": REWRITTEN["securityContext"]},
            ["its image is busybox:1.37, not tools:2"],
            id="another was rewritten",
        ),
        pytest.param(
            {"image": "tools:2", "limit": 3600},
            {"image": REWRITTEN["image"]},
            [f"its image is {REWRITTEN['image']}, not tools:2{MAY}", "its --ttl is 8h, not 1h"],
            id="the same was rewritten",
        ),
        pytest.param({"image": "tools:2"}, {"image": "tools:2"}, [], id="it was made to look like what is wanted"),
    ],
)
def test_what_admission_changed_is_no_difference_of_mine(
    change: dict[str, Any], stored: dict[str, Any], said: list[str]
) -> None:
    entry = spec(key=KEY) | stored

    assert differences(entry, replace(WANTED, **change), parse_seal(entry, "u-1")) == said


MOUNTED = {"volumeMounts": [{"name": "v", "mountPath": "/v"}], "env": [{"name": "A", "value": "of the file"}]}


@pytest.mark.parametrize(
    ("made_for", "change", "said"),
    [
        pytest.param(MOUNTED, {"custom": MOUNTED}, [], id="the same"),
        pytest.param(MOUNTED, {"custom": MOUNTED, "limit": 3600}, ["its --ttl is 8h, not 1h"], id="only --ttl"),
        pytest.param({}, {"custom": MOUNTED}, ["its other fields (--custom) differ"], id="it has none"),
        pytest.param(MOUNTED, {}, ["its environment (--env) differs" + MAY, "its other fields (--custom) differ"], id="none is wanted"),
        pytest.param(MOUNTED, {"custom": {"workingDir": "/"}}, ["its environment (--env) differs" + MAY, "its other fields (--custom) differ"], id="others"),
    ],
)  # fmt: skip
def test_a_custom_profile_makes_another_purpose(made_for: Json, change: dict[str, Any], said: list[str]) -> None:
    entry, wanted = spec(replace(WANTED, custom=made_for), KEY), replace(WANTED, **change)

    assert differences(entry, wanted, parse_seal(entry, "u-1")) == said
    assert live_holders(pod_with(entry), wanted, KEY) == ["dshell-review"] * (not said)


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
            container_spec("dshell-review", WANTED, ["tee", "/tmp/stolen"], STARTER)
            | {"envFrom": [{"secretRef": {"name": "theirs"}}]},
            id="with a foreign command",
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


@pytest.mark.parametrize(
    ("state", "policy", "wanted", "awaited"),
    [
        pytest.param({"waiting": {"reason": "ImagePullBackOff"}}, "IfNotPresent", None, True, id="a slow pull"),
        pytest.param({"waiting": {"reason": "ContainerCreating"}}, "Always", None, True, id="just added"),
        pytest.param({}, "IfNotPresent", "IfNotPresent", True, id="the kubelet has not reported yet"),
        pytest.param({"waiting": {"reason": "RunContainerError"}}, "IfNotPresent", None, False, id="it never starts"),
        pytest.param(
            {"waiting": {"reason": "ErrImageNeverPull"}}, "Never", "IfNotPresent", False, id="now with a pull"
        ),
        pytest.param({"waiting": {"reason": "ErrImageNeverPull"}}, "Never", None, False, id="now with the usual pull"),
        pytest.param({"running": {}}, "IfNotPresent", None, False, id="it runs"),
        pytest.param({"terminated": {}}, "IfNotPresent", None, False, id="it has ended"),
    ],
)
def test_which_one_that_waits_is_waited_for(
    state: Json, policy: str, wanted: str | None, awaited: bool
) -> None:  # from the table
    entry = spec(replace(WANTED, pull_policy=policy), key=KEY)
    pod = make_pod(ephemeral=[entry], ephemeral_statuses=[{"name": entry["name"], "state": state}])
    wish = replace(WANTED, pull_policy=wanted)

    assert starting_holders(pod, wish, KEY) == (["dshell-review"] if awaited else [])
    assert starting_holders(pod, wish, OTHER) == []
    assert starting_holders(pod, replace(wish, image="tools:2"), KEY) == []


def started(*times: str | None, foreign: int = 0) -> Pod:
    """Debug containers 0, 1, ... for the same purpose that started at these times; the first `foreign` are others'."""
    entries, statuses = list[Json](), list[Json]()
    for number, time in enumerate(times):
        name = f"dshell-{number}"
        sealed = seal(OTHER if number < foreign else KEY, "u-1", name, WANTED)
        entries.insert(0, container_spec(name, WANTED, ["sh"], "abcdefgh 4", sealed))
        state = {"terminated": {"startedAt": f"2026-01-01T{time}Z"}} if time else {"waiting": {}}
        statuses.append({"name": name, "state": state})
    return make_pod(ephemeral=entries, ephemeral_statuses=statuses)


@pytest.mark.parametrize(
    ("pod", "third"),
    [
        pytest.param(started("00:00:00", "00:01:00"), None, id="two"),
        pytest.param(started("00:00:00", "00:01:00", "00:10:00"), "dshell-2", id="three in ten minutes"),
        pytest.param(started("00:00:00", "00:01:00", "00:10:01"), None, id="three in more"),
        pytest.param(started("00:00:00", "01:00:00", "01:00:09", "01:00:20"), "dshell-3", id="the first long ago"),
        pytest.param(started("00:00:00", "00:04:00", "00:08:00", "00:12:00"), "dshell-2", id="said once"),
        pytest.param(started("00:00:00", None, "00:01:00"), None, id="one that never ran"),
        pytest.param(started("00:00:00", "00:01:00", "00:02:00", foreign=1), None, id="one of somebody else"),
    ],
)
def test_the_third_in_ten_minutes_is_known_by_the_node_s_clock(pod: Pod, third: str | None) -> None:
    names = [c.name for c in pod.ephemeral]

    assert [name for name in names if is_third(name, pod, WANTED, KEY)] == ([third] if third else [])
    assert not any(is_third(name, pod, replace(WANTED, image="tools:2"), KEY) for name in names)


@pytest.mark.parametrize("times", [("00:00:00", "00:00:01", "00:00:01"), ("00:00:01",) * 3, ("00:00:01",) * 4])
def test_of_several_in_one_second_the_newest_is_the_last(times: tuple[str, ...]) -> None:
    newest = f"dshell-{len(times) - 1}"

    assert is_third(newest, started(*times), WANTED, KEY) is (len(times) == 3)


def test_what_runs_and_is_mine_is_found_whatever_for() -> None:
    pod = pod_with(spec(replace(WANTED, image="tools:2"), key=KEY))

    assert running(pod, KEY) == ["dshell-review"]
    assert running(pod, OTHER) == []


PAIRED = replace(WANTED, image="shop/web:1", tools_image="busybox:1.37")


def paired(key: Key | None = KEY) -> Json:
    return in_app_image("dshell-review", PAIRED, seal(key, "u-1", "dshell-review", PAIRED) if key else "")


@pytest.mark.parametrize(
    ("entry", "wanted", "said"),
    [
        pytest.param(
            paired(), replace(PAIRED, tools_image=""),
            "its root directory is that of the app's image (--app-image)",
            id="of the app's image",
        ),
        pytest.param(spec(PAIRED), PAIRED, "it is not of the app's image", id="of the debug image"),
        pytest.param(
            paired(None), replace(PAIRED, tools_image="tools:2"), "its tools are not those of tools:2", id="unknown tools"
        ),
    ],
)  # fmt: skip
def test_whose_tools_it_has_differs(entry: Json, wanted: DebugSpec, said: str) -> None:
    assert said in differences(entry, wanted)


def test_one_with_other_tools_is_of_another_purpose_and_its_entry_does_not_show_it() -> None:
    assert live_holders(pod_with(paired()), PAIRED, KEY) == ["dshell-review"]
    assert live_holders(pod_with(paired()), replace(PAIRED, tools_image="tools:2"), KEY) == []
    assert live_holders(pod_with(paired()), replace(PAIRED, tools_image=""), KEY) == []


DATA = {"name": "data", "mountPath": "/data", "readOnly": True}
BESIDE = replace(WANTED, mounts=(DATA,))


def test_the_volumes_of_a_container_that_it_has_not_joined_are_read_back() -> None:
    assert purpose(spec(BESIDE)) == BESIDE
    assert live_holders(pod_with(spec(BESIDE, KEY)), BESIDE, KEY) == ["dshell-review"]


@pytest.mark.parametrize(
    ("has", "wanted", "said"),
    [
        (BESIDE, WANTED, "it has the app's volumes only (--volumes)"),
        (WANTED, BESIDE, "it joins the app (without --volumes)"),
        (BESIDE, replace(BESIDE, mounts=({**DATA, "readOnly": False},)), "its volumes are mounted otherwise"),
    ],
)
def test_whether_it_has_joined_the_app_differs(has: DebugSpec, wanted: DebugSpec, said: str) -> None:
    entry = spec(has, KEY)

    assert differences(entry, wanted) == [said]
    assert differences(entry, wanted, parse_seal(entry, "u-1")) == [said]
    assert live_holders(pod_with(entry), wanted, KEY) == []


def test_of_forged_mounts_only_what_a_mount_has_is_read() -> None:
    entry = {**spec(BESIDE), "volumeMounts": [{**DATA, "subPath": "x", "more": {"a": []}, "name": 7}]}

    assert purpose(entry).mounts == ({"mountPath": "/data", "readOnly": True},)
