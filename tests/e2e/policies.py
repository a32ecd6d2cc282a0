"""Admission policies for one namespace of a test."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json

ADMISSION = {"apiVersion": "admissionregistration.k8s.io/v1"}
ADDING, EXEC = ("UPDATE", "pods/ephemeralcontainers"), ("CONNECT", "pods/exec")


def rule(what: tuple[str, str]) -> Json:
    return {"apiGroups": [""], "apiVersions": ["v1"], "operations": [what[0]], "resources": [what[1]]}


def only(namespace: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


@contextmanager
def in_force(cluster: Cluster, namespace: str, what: tuple[str, str], expression: str, message: str) -> Iterator[str]:
    """The name of a policy that denies with `message` where `expression` is false."""
    spec = {
        "matchConstraints": {"resourceRules": [rule(what)]},
        "validations": [{"expression": expression, "message": message}],
    }
    with _applied(cluster, namespace, "ValidatingAdmissionPolicy", spec, {"validationActions": ["Deny"]}) as name:
        yield name


@contextmanager
def rewriting(cluster: Cluster, namespace: str, expression: str) -> Iterator[str]:
    """The name of a policy that applies the JSON patch of `expression` to whatever adds an ephemeral container."""
    spec = {
        "matchConstraints": {"resourceRules": [rule(ADDING)]},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}],
        "reinvocationPolicy": "Never",
    }
    with _applied(cluster, namespace, "MutatingAdmissionPolicy", spec, {}) as name:
        yield name


@contextmanager
def _applied(cluster: Cluster, namespace: str, kind: str, spec: Json, binding: Json) -> Iterator[str]:
    name = f"e2e-{secrets.token_hex(3)}-{namespace}"
    binding = {"policyName": name, "matchResources": only(namespace), **binding}
    parts = ((kind, {"failurePolicy": "Fail", **spec}), (f"{kind}Binding", binding))
    try:
        cluster.apply(*({**ADMISSION, "kind": kind, "metadata": {"name": name}, "spec": spec} for kind, spec in parts))
        yield name
    finally:
        gone = (f"{kind.lower()}/{name}" for kind, _ in reversed(parts))
        cluster.kubectl("delete", *gone, "--wait=false", "--ignore-not-found", check=False)
