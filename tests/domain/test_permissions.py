"""The permissions of the program are those that manifests/rbac grants; and how they are written as a Role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_dshell.domain.permissions import (
    SESSION,
    USES,
    Permission,
    Use,
    every_permission,
    in_words,
    role,
    role_binding,
    rules,
)

RBAC = Path(__file__).parents[2] / "manifests/rbac"


def permissions(listed: list[Any]) -> set[Permission]:
    return {
        Permission(verb, resource, group)
        for rule in listed
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_each_manifest_is_of_a_use() -> None:
    assert {path.stem for path in RBAC.iterdir()} == {use.name for use in USES}


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_a_manifest_grants_what_its_use_needs_and_has_the_rest_as_comments(use: Use) -> None:
    text = (RBAC / f"{use.name}.yaml").read_text()
    (granted,) = yaml.safe_load_all(text)
    optional = re.findall(r"^  # ((?:- |  )\w+: .*)$", text, re.MULTILINE)

    assert granted["metadata"]["name"] == f"dshell-{use.name}"
    assert permissions(granted["rules"]) == set(use.granted)
    assert permissions(yaml.safe_load("\n".join(optional)) or []) == set(use.optional)


def test_a_permission_is_asked_about_once() -> None:
    found = every_permission()

    assert len(found) == len(set(found))
    assert found[0] == Permission("get", "pods")
    assert set(found) == {one for use in USES for one in (*use.granted, *use.optional)}


def test_resources_with_the_same_verbs_share_a_rule() -> None:
    asked = [
        Permission("get", "deployments", "apps"),
        Permission("get", "pods"),
        Permission("get", "daemonsets", "apps"),
        Permission("watch", "pods"),
    ]

    assert rules(asked) == [
        {"apiGroups": ["apps"], "resources": ["deployments", "daemonsets"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "watch"]},
    ]
    assert in_words(asked) == "get deployments.apps, daemonsets.apps; get, watch pods"
    assert in_words([*asked[:2], asked[2]]) == "get deployments.apps, daemonsets.apps, pods"


def test_a_role_and_its_binding_belong_together() -> None:
    made = role("dshell-session", "shop", SESSION.needed)
    bound = role_binding("dshell-session", "shop", "jane")

    assert permissions(made["rules"]) == set(SESSION.needed)
    assert made["metadata"] == bound["metadata"] == {"name": "dshell-session", "namespace": "shop"}
    assert (bound["roleRef"]["kind"], bound["roleRef"]["name"]) == (made["kind"], made["metadata"]["name"])


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("jane", {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}),
        ("system:serviceaccount:ops:bot", {"kind": "ServiceAccount", "name": "bot", "namespace": "ops"}),
        (
            "system:serviceaccount:odd",
            {"kind": "User", "name": "system:serviceaccount:odd", "apiGroup": "rbac.authorization.k8s.io"},
        ),
    ],
)
def test_a_role_is_granted_to_whoever_asks(user: str, subject: dict[str, str]) -> None:
    assert role_binding("r", "ns", user)["subjects"] == [subject]
