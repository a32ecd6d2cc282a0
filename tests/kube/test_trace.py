"""-v 6 and -v 8 show what kubectl shows, and no secret."""

from __future__ import annotations

import json

import pytest

from kubectl_dshell.kube.trace import HIDDEN, Trace, redacted


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        pytest.param(0, [], id="nothing by default"),
        pytest.param(6, ["GET https://host/api 200 OK in 12 ms"], id="6: requests"),
        pytest.param(8, ["GET https://host/api 200 OK in 12 ms", 'Response Body: {"a":1}'], id="8: bodies"),
    ],
)
def test_the_level_decides_what_is_shown(level: int, shown: list[str]) -> None:
    lines: list[str] = []
    trace = Trace(level, lines.append)

    trace.answered("GET", "https://host/api", "200 OK", 0.0123)
    trace.body("Response", b'{"a": 1}')
    trace.body("Request", b"")

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
            {"env": [{"name": "DSHELL_LEASE", "value": "50"}]},
            {"env": [{"name": "DSHELL_LEASE", "value": "50"}]},
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


def test_text_that_is_not_json_is_shown_as_it_is() -> None:
    assert redacted(b'container not found ("box")') == 'container not found ("box")'


def test_the_seal_of_an_entry_that_may_be_refused_is_not_shown() -> None:
    entry = {"env": [{"name": "DSHELL_SEAL", "value": "1 aa bb"}]}

    assert json.loads(redacted(json.dumps(entry).encode())) == {"env": [{"name": "DSHELL_SEAL", "value": HIDDEN}]}
