"""What admission changed in an entry is told, and neither what the API itself sets, nor a secret."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.admission import admission_changes, privilege_changes
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec

SECURITY = {"runAsUser": 65532, "capabilities": {"drop": ["ALL"]}}
ENV = (("A", "$x"), ("EMPTY", ""))
DEFAULTS = {"terminationMessagePath": "/dev/termination-log", "resources": {}}


def sent(image: str = "busybox:1.37", policy: str | None = None) -> Any:
    wanted = DebugSpec("app", image, policy, SECURITY, "ada", "0", 60, ENV)
    return container_spec("dshell-a", wanted, ["sh"], "abcdefgh 4")


def stored(image: str = "busybox:1.37", policy: str = "IfNotPresent", **changes: Any) -> Any:
    """As the API server answers: with its defaults, and without what is empty."""
    entry = {**sent(image, policy), **DEFAULTS, **changes}
    return entry | {"env": [{key: value for key, value in one.items() if value} for one in entry["env"]]}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("busybox:1.37", "IfNotPresent"),
        ("busybox", "Always"),
        ("localhost:5000/busybox", "Always"),
        ("localhost:5000/tools/busybox:latest", "Always"),
        ("busybox:latest@sha256:0", "Always"),
        ("busybox@sha256:0", "IfNotPresent"),
    ],
)
def test_what_the_api_sets_by_itself_is_no_change(image: str, policy: str) -> None:
    assert admission_changes(sent(image), stored(image, policy)) == []
    assert admission_changes(sent(image, policy), stored(image, policy)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"image": "mirror.example/busybox@sha256:0"},
            ["admission changed image: busybox:1.37 -> mirror.example/busybox@sha256:0"],
        ),
        (
            {"securityContext": {**SECURITY, "readOnlyRootFilesystem": True}},
            ["admission added securityContext.readOnlyRootFilesystem: true"],
        ),
        (
            {"securityContext": {"runAsUser": 1}},
            [
                'admission removed securityContext.capabilities: {"drop":["ALL"]}',
                "admission changed securityContext.runAsUser: 65532 -> 1",
            ],
        ),
        ({"securityContext": None}, ['admission changed securityContext: {"runAsUser":65532,"capabilities":{"drop":["ALL"]}} -> null']),
        ({"imagePullPolicy": "Always"}, ["admission changed imagePullPolicy: IfNotPresent -> Always"]),
        ({"resources": {"limits": {"cpu": "1"}}}, ['admission added resources.limits: {"cpu":"1"}']),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, ['admission added envFrom: [{"secretRef":{"name":"s"}}]']),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_each_changed_field_is_a_line(change: dict[str, Any], said: list[str]) -> None:
    assert admission_changes(sent(), stored(**change)) == said


def test_of_a_variable_only_the_name_is_shown() -> None:
    env = [
        {"name": "TOKEN", "value": "hunter2"},
        {"name": "A", "value": "hunter3"},
        {"name": "LATER", "valueFrom": {"secretKeyRef": {"name": "s", "key": "hunter4"}}},
        *[one for one in sent()["env"] if one["name"] not in ("A", "DSHELL_VERSION")],
    ]

    assert admission_changes(sent(), stored(env=env)) == [
        "admission changed env A",
        "admission removed env DSHELL_VERSION",
        "admission added env TOKEN",
        "admission added env LATER",
    ]


def test_many_and_long_ones_are_cut() -> None:
    many = admission_changes(sent(), stored(**{f"field{number:02}": "x" * 10_000 for number in range(30)}))

    assert len(many) == 21
    assert many[-1] == "and 10 more"
    assert max(map(len, many)) < 600


def test_a_value_that_is_nested_too_deeply_is_left_out() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = [deep]

    assert admission_changes(sent(), stored(lifecycle=deep)) == ["admission added lifecycle: ..."]


@pytest.mark.parametrize(
    ("security", "said"),
    [
        (SECURITY | {"readOnlyRootFilesystem": True, "seccompProfile": {"type": "RuntimeDefault"}}, []),
        ({"runAsUser": 65532}, ['admission removed securityContext.capabilities: {"drop":["ALL"]}']),
        (SECURITY | {"privileged": True}, ["admission added securityContext.privileged: true"]),
        (SECURITY | {"runAsUser": 0}, ["admission changed securityContext.runAsUser: 65532 -> 0"]),
    ],
    ids=str,
)
def test_other_privileges_are_told_apart_from_other_fields(security: Any, said: list[str]) -> None:
    changed = stored(image="another", securityContext=security)

    assert privilege_changes(sent(), changed) == said


def test_an_entry_that_is_not_there_has_none_of_them() -> None:
    assert len(privilege_changes(sent(), {})) == 2
    assert len(privilege_changes(sent(), {"securityContext": "x"})) == 2
