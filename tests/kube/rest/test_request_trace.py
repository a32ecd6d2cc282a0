"""-v 6 and -v 8 show what kubectl shows, and no secret; -v 1 what admission changed."""

from __future__ import annotations

import json

import pytest

from kubectl_dshell.kube.kubeconfig.secret import HIDDEN
from kubectl_dshell.kube.rest.request_trace import RequestTrace, redacted

ADMITTED = "dshell-a in web: admission changed image: a:1 -> b:1"
DEFAULTS = {"imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log", "resources": {}}


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        pytest.param(0, [], id="nothing by default"),
        pytest.param(1, [ADMITTED], id="1: what admission changed"),
        pytest.param(6, ["GET https://host/api 200 OK in 12 ms", ADMITTED], id="6: requests"),
        pytest.param(8, ["GET https://host/api 200 OK in 12 ms", 'Response Body: {"a":1}', ADMITTED], id="8: bodies"),
    ],
)
def test_the_level_decides_what_is_shown(level: int, shown: list[str]) -> None:
    lines: list[str] = []
    trace = RequestTrace(level, lines.append)

    trace.answered("GET", "https://host/api", "200 OK", 0.0123)
    trace.body("Response", b'{"a": 1}')
    trace.body("Request", b"")
    trace.admitted("web", {"name": "dshell-a", "image": "a:1"}, {"name": "dshell-a", "image": "b:1"} | DEFAULTS)

    assert lines == shown


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        pytest.param(
            {"env": [{"name": "PASSWORD", "value": "hunter2"}]},
            {"env": [{"name": "PASSWORD", "value": HIDDEN}]},
            id="a variable of the app",
        ),
        pytest.param(
            {"env": [{"name": "DSHELL_PROTOCOL", "value": "2 abcd2345 4"}]},
            {"env": [{"name": "DSHELL_PROTOCOL", "value": "2 abcd2345 4"}]},
            id="a variable of ours",
        ),
        pytest.param(
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}, {"name": "B", "value": ""}]},
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}, {"name": "B", "value": ""}]},
            id="variables without a value of their own",
        ),
        pytest.param({"kind": "Secret", "data": {"k": "dg=="}}, {"kind": "Secret", "data": HIDDEN}, id="data"),
        pytest.param({"status": {"token": "ey"}}, {"status": {"token": HIDDEN}}, id="a token, deep inside"),
        pytest.param({"items": [{"stringData": {"k": "v"}}]}, {"items": [{"stringData": HIDDEN}]}, id="in a list"),
        pytest.param(
            {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"env":"hunter2"}'}},
            {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": HIDDEN}},
            id="the applied manifest repeats the environment",
        ),
        pytest.param({"env": {"name": "odd"}}, {"env": {"name": "odd"}}, id="an env that is no list"),
    ],
)
def test_bodies_are_shown_without_secrets(document: object, shown: object) -> None:
    assert json.loads(redacted(json.dumps(document).encode())) == shown


def test_the_words_of_a_command_are_not_shown_in_a_url() -> None:
    """More than kubectl hides: a password may be among them, and -v 6 is what people paste."""
    lines: list[str] = []

    RequestTrace(6, lines.append).answered(
        "GET", "https://h/exec?container=box&command=mysql&command=-ps3cret&stdin=true", "101", 0.001
    )

    assert lines == ["GET https://h/exec?container=box&command=...&stdin=true 101 in 1 ms"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"data":{"k":"dg=="}',
        b'[{"token":"s3cret"}, 1' + b"0" * 5000 + b"]",
        b'{"a":' * 100_000 + b'"s3cret"',
        b'  {"token": "s3cret", }',
    ],
    ids=["cut", "a number too long", "too deep", "no JSON"],
)
def test_json_that_cannot_be_read_cannot_be_masked_and_is_not_shown(content: bytes) -> None:
    assert redacted(content) == f"{HIDDEN} ({len(content)} bytes that are not JSON)"


def test_text_that_is_not_json_is_shown_as_it_is() -> None:
    assert redacted(b'container not found ("box")') == 'container not found ("box")'


@pytest.mark.parametrize("depth", [200, 400, 900, 100_000])
def test_what_is_nested_deeply_is_shown_or_not_and_no_bug(depth: int) -> None:
    shown = redacted(b'{"token":["x"],"a":' * depth + b"1" + b"}" * depth)

    assert "x" not in shown


def test_the_seal_of_an_entry_that_may_be_refused_is_not_shown() -> None:
    entry = {"env": [{"name": "DSHELL_SEAL", "value": "1 aa bb"}]}

    assert json.loads(redacted(json.dumps(entry).encode())) == {"env": [{"name": "DSHELL_SEAL", "value": HIDDEN}]}
