"""The entry of a debug container: what the kubelet makes of it, and what is read back from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.domain.app_image.app import AppParts
from kubectl_dshell.domain.debug_container.spec import (
    PROTOCOL,
    DebugSpec,
    InAppImage,
    container_spec,
    environment,
    escape_expansion,
    protocol_of,
    starter,
    tools_of,
)
from tests.pods import TOOLS, Json, in_app_image

COMMAND = ["sh", "-c", "echo $(date) $$ $1 ${2%x}", "a$"]
WANTED = DebugSpec(
    target="app",
    image="busybox:1.37",
    pull_policy=None,
    security={"runAsUser": 65532},
    owner="ada$(HOME)",
    version="0.1.0",
    limit=28800,
    env=(("A", "$x"), ("B", "$(A)$$(A)")),
    reason="5 $, not 6 €",
)
ENTRY = container_spec("dshell-abcde", WANTED, COMMAND, "abcd2345 4", "1 seal seal")


def expanded(text: str, *, runes: bool) -> str:
    """As the kubelet does it (k8s.io/kubernetes `third_party/forked/golang/expansion`), where every variable is set.

    It goes through bytes. What follows a `$` it copied for long as a byte that it took for a character; only later
    versions copy the whole of it (`runes`).
    """
    source, out, at = text.encode(), b"", 0
    while at < len(source):
        rest = source[at + 1 :]
        if source[at : at + 1] != b"$" or not rest:
            out += source[at : at + 1]
            at += 1
        elif rest[:1] == b"$":
            out += b"$"
            at += 2
        elif rest[:1] == b"(":
            name, closed, _ = rest[1:].partition(b")")
            out += b"EXPANDED" if closed else b"$("
            at += 2 + len(name) + 1 if closed else 2
        else:
            copied = rest.decode()[0] if runes else chr(rest[0])
            out += b"$" + copied.encode()
            at += 1 + (len(copied.encode()) if runes else 1)
    return out.decode(errors="replace")


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("$(A)", "EXPANDED"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$EXPANDED"),
        ("$(A", "$(A"),
        ("$A $", "$A $"),
        ("$$", "$"),
        ("a$$$", "a$$"),
        ("$()$", "EXPANDED$"),
    ],
)
@pytest.mark.parametrize("runes", [True, False])
def test_what_is_held_against_the_kubelet_is_its_rules(text: str, becomes: str, *, runes: bool) -> None:
    """As its source has them."""
    assert expanded(text, runes=runes) == becomes


@pytest.mark.parametrize("runes", [True, False], ids=["a later kubelet", "an earlier kubelet"])
@given(text=st.text(st.one_of(st.sampled_from("$$$()A é\n"), st.characters(exclude_categories=["Cs"]))))
@example(text="$")
@example(text="$$(A)$")
@example(text="5 $é")
@example(text="$$€")
def test_an_escaped_text_comes_out_of_the_kubelet_as_it_was(text: str, *, runes: bool) -> None:
    assert expanded(escape_expansion(text), runes=runes) == text
    assert environment({"env": [{"name": "A", "value": escape_expansion(text)}]}) == {"A": text}


@pytest.mark.parametrize("text", ["", "echo $1 ${2%x} $?", "a$", "(x)$"])
def test_a_dollar_that_means_nothing_to_the_kubelet_stays_as_it_is(text: str) -> None:
    """The entry stays in the pod: its command is to be read by people."""
    assert escape_expansion(text) == text


@pytest.mark.parametrize("runes", [True, False])
def test_the_kubelet_leaves_command_and_environment_as_they_are_meant(*, runes: bool) -> None:
    env = {one["name"]: expanded(one["value"], runes=runes) for one in ENTRY["env"]}

    assert [expanded(word, runes=runes) for word in ENTRY["command"]] == COMMAND
    assert (env["A"], env["B"], env["DSHELL_OWNER"]) == ("$x", "$(A)$$(A)", "ada$(HOME)")
    assert environment(ENTRY) == env


def test_the_stamps_are_these_and_no_more() -> None:
    """They stay in the pod for good."""
    assert [name for name in environment(ENTRY) if name.startswith("DSHELL_")] == [
        "DSHELL_PROTOCOL",
        "DSHELL_OWNER",
        "DSHELL_VERSION",
        "DSHELL_SEAL",
        "DSHELL_REASON",
        "DSHELL_LIMIT",
    ]


def test_the_first_process_knows_the_session_it_is_started_for() -> None:
    assert environment(ENTRY)["DSHELL_PROTOCOL"] == f"{PROTOCOL} abcd2345 4"
    assert starter(ENTRY) == "abcd2345"


def test_the_entry_waits_for_words_on_stdin_and_targets_the_app() -> None:
    assert ENTRY["stdin"] is True
    assert "tty" not in ENTRY
    assert "stdinOnce" not in ENTRY
    assert ENTRY["targetContainerName"] == "app"


def entry(name: str, **env: str) -> Json:
    return {"name": name, "image": "i", "env": [{"name": key, "value": value} for key, value in env.items()]}


@pytest.mark.parametrize(
    ("spec", "protocol"),
    [
        pytest.param(ENTRY, PROTOCOL, id="ours"),
        pytest.param(entry("dshell-a", DSHELL_HOLDER="main"), 1, id="of a version that had its scripts in the entry"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL="3 abcd2345 4 more"), 3, id="of a later version"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL="2"), 2, id="for nobody"),
        pytest.param(entry("dshell-a", DSHELL_OWNER="ada"), None, id="only the name"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL=""), None, id="an empty stamp"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL=" 2"), None, id="a blank first"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL="² x 4"), None, id="a digit that is none"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL="9" * 5000), None, id="a number without an end"),
        pytest.param(entry("dshell-a", DSHELL_PROTOCOL="-2 x 4"), None, id="below zero"),
        pytest.param(entry("debugger-x", DSHELL_PROTOCOL="2 abcd2345 4"), None, id="another name"),
        pytest.param(entry("debugger-x", DSHELL_HOLDER="main"), None, id="another name, as before"),
        pytest.param({"name": "dshell-a"}, None, id="no environment"),
        pytest.param({"env": [{"name": "DSHELL_PROTOCOL", "value": "2 x 4"}]}, None, id="no name"),
        pytest.param(
            {"name": "dshell-a", "env": [{"name": "DSHELL_PROTOCOL", "valueFrom": {"fieldRef": {}}}]},
            None,
            id="a value from elsewhere",
        ),
    ],
)
def test_the_protocol_of_an_entry(spec: Json, protocol: int | None) -> None:
    assert protocol_of(spec) == protocol


def test_a_custom_profile_is_merged_as_it_stands() -> None:
    mounts = [{"name": "v", "mountPath": "/v"}]
    variables = [{"name": "IP", "value": "$(POD_IP)"}, {"name": "A", "value": "$$"}]
    custom = {"volumeMounts": mounts, "env": variables}

    entry = container_spec("dshell-abcde", replace(WANTED, custom=custom), COMMAND, "abcd2345 4", "1 seal seal")

    by_name = {variable["name"]: variable for variable in entry["env"]}
    assert (by_name["IP"], by_name["A"]) == tuple(variables)  # the kubelet expands them
    assert {name for name in by_name if name.startswith("DSHELL_")} == {
        variable["name"] for variable in ENTRY["env"] if variable["name"].startswith("DSHELL_")
    }
    assert {**entry, "env": ENTRY["env"]} == {**ENTRY, "volumeMounts": mounts}


def test_one_of_the_app_s_image_has_what_the_app_has_and_names_the_tools() -> None:
    mount = {"name": "data", "mountPath": "/data"}
    within = InAppImage(TOOLS, AppParts("shop/web:1", (mount,), "/srv", ("/etc/x",)), "abcd2345")
    entry = container_spec("dshell-abcde", WANTED, ["sh"], "abcd2345 4", within=within)

    assert (entry["workingDir"], entry["volumeMounts"]) == ("/srv", [mount])
    assert environment(entry)["DSHELL_TOOLS"] == TOOLS.stamp
    assert entry.keys() - container_spec("dshell-abcde", WANTED, ["sh"], "abcd2345 4").keys() == {
        "workingDir",
        "volumeMounts",
    }


def test_what_the_app_has_not_is_not_in_the_entry() -> None:
    assert not {"workingDir", "volumeMounts"} & in_app_image("dshell-abcde", WANTED).keys()


def test_the_tools_of_an_entry_are_read_back() -> None:
    assert tools_of(in_app_image("dshell-abcde", WANTED)) == TOOLS
    assert tools_of(ENTRY) is None
