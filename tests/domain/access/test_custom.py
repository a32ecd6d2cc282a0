"""Custom profiles: what kubectl debug refuses, what a debug container of ours cannot do without, and what is empty."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.custom import parse_custom
from kubectl_dshell.errors import Malformed

WHOLE: dict[str, Any] = {
    "workingDir": "/tmp",
    "imagePullPolicy": "Never",
    "env": [{"name": "A", "value": "1"}, {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
    "envFrom": [{"configMapRef": {"name": "c"}}],
    "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True}],
    "securityContext": {"runAsUser": 0, "privileged": False, "capabilities": {"add": ["NET_ADMIN"]}},
}


def test_it_is_taken_apart() -> None:
    custom = parse_custom("f.yaml", WHOLE)

    assert custom.container == WHOLE
    assert custom.added == ["NET_ADMIN"]
    assert custom.user == (0, None)
    assert set(custom.rest) == {"workingDir", "env", "envFrom", "volumeMounts"}


def test_what_is_empty_is_not_there() -> None:
    empty = {"name": "", "command": [], "lifecycle": None, "tty": None, "env": [{"name": "A", "value": ""}]}

    assert parse_custom("f", empty).container == {"env": [{"name": "A"}]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"name": "x"}, "f.yaml sets name, which cannot be customized"),
        ({"image": "x", "command": ["y"]}, "f.yaml sets command, image, which cannot be customized"),
        ({"lifecycle": {"preStop": {}}}, "f.yaml sets lifecycle, which"),
        ({"volumeDevices": [{"name": "a", "devicePath": "/b"}]}, "f.yaml sets volumeDevices, which"),
        ({"args": ["x"], "stdin": True, "tty": True}, "f.yaml sets args, stdin, tty, which"),
        ({"terminationMessagePolicy": "File"}, "f.yaml sets terminationMessagePolicy, which"),
        ({"volumeMount": [{}]}, "f.yaml sets volumeMount, which no container has"),
        ({"targetContainerName": "x"}, "f.yaml sets targetContainerName, which no container has"),
        (
            {"env": [{"name": "DSHELL_SEAL", "value": "x"}]},
            "f.yaml sets the variable DSHELL_SEAL, which dshell sets itself",
        ),
        ({"securityContext": {"$patch": "delete"}}, "f.yaml contains $patch, which is no field"),
        ({"securityContext": {"capabilities": {"add": ["CAP_BPF"]}}}, "f.yaml: 'CAP_BPF' is not a Linux capability"),
        ({}, "f.yaml contains no fields of a container"),
    ],
    ids=lambda value: next(iter(value), "nothing") if isinstance(value, dict) else None,
)
def test_what_cannot_be_customized(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"f\.yaml") as refusal:
        parse_custom("f.yaml", document)

    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    "document",
    [
        "text",
        [],
        5,
        {"env": {}},
        {"env": ["A=1"]},
        {"env": [{"name": 5}]},
        {"env": [{"name": "A", "value": 1}]},
        {"volumeMounts": "v"},
        {"imagePullPolicy": 1},
        {"securityContext": ["x"]},
        {"securityContext": {"runAsUser": "0"}},
        {"securityContext": {"runAsUser": True}},
        {"securityContext": {"runAsNonRoot": "yes"}},
        {"securityContext": {"privileged": 1}},
        {"securityContext": {"capabilities": {"add": "ALL"}}},
        {"securityContext": {"capabilities": {"drop": [1]}}},
    ],
    ids=str,
)
def test_what_has_another_type(document: Any) -> None:
    with pytest.raises(Malformed, match=r"f\.yaml"):
        parse_custom("f.yaml", document)


def test_what_is_nested_without_end() -> None:
    deep: Any = {}
    for _ in range(50):
        deep = {"resources": deep}

    with pytest.raises(Malformed, match="has more than 16 levels"):
        parse_custom("f.yaml", deep)
