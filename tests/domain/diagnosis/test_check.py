"""Permissions and the clock, as checks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kubectl_dshell.domain.diagnosis.check import Check, Checkup, Status, Unknown, clock, permissions
from kubectl_dshell.domain.permissions import SESSION, USES, Permission, every_permission

LS = next(use for use in USES if use.name == "ls")


def allowed_but(*missing: Permission) -> dict[Permission, bool]:
    return {one: one not in missing for one in every_permission()}


def test_everything_is_allowed() -> None:
    found = permissions(SESSION, allowed_but())

    assert (found.name, found.status, found.fix, found.missing) == ("permissions.session", Status.OK, (), ())
    assert found.message == "kubectl dshell POD: all granted"


def test_without_a_needed_permission_no_session_is_possible() -> None:
    patch = Permission("patch", "pods/ephemeralcontainers")

    found = permissions(SESSION, allowed_but(patch, Permission("watch", "pods")))

    assert found.status is Status.FAILED
    assert found.message == "kubectl dshell POD: missing patch pods/ephemeralcontainers; watch pods"
    assert found.missing == (patch, Permission("watch", "pods"))


def test_without_a_helpful_one_it_is_slower() -> None:
    found = permissions(SESSION, allowed_but(Permission("watch", "pods")))

    assert found.status is Status.WARNING
    assert found.message == "kubectl dshell POD: missing watch pods; works without, but slower"
    assert found.fix == ("a Role that suffices: manifests/rbac/session.yaml",)


def test_what_is_optional_is_only_mentioned() -> None:
    found = permissions(SESSION, allowed_but(Permission("list", "events"), Permission("list", "pods")))

    assert (found.status, found.missing) == (Status.OK, ())
    assert found.message == "kubectl dshell POD: all granted (optional, and missing: list events, pods)"


def test_another_use_is_not_everybody_s() -> None:
    found = permissions(LS, allowed_but(Permission("list", "pods")))

    assert (found.status, found.message) == (Status.WARNING, "kubectl dshell ls: missing list pods")
    assert found.fix == ("a Role that suffices: manifests/rbac/ls.yaml",)


def test_who_may_not_even_ask_hears_why() -> None:
    found = permissions(LS, Unknown("you may not create selfsubjectaccessreviews"))

    assert found.status is Status.UNKNOWN
    assert found.message == "kubectl dshell ls: you may not create selfsubjectaccessreviews"


@pytest.mark.parametrize(
    ("seconds", "status", "said"),
    [
        (None, Status.UNKNOWN, "the API server sends no Date header"),
        (0, Status.OK, "within 5 s of the API server's"),
        (-5, Status.OK, "within 5 s of the API server's"),
        (90, Status.WARNING, "this machine's clock is 90s behind the API server's"),
        (-7200, Status.WARNING, "this machine's clock is 120m ahead of the API server's"),
    ],
)
def test_clocks_are_compared(seconds: int | None, status: Status, said: str) -> None:
    found = clock(None if seconds is None else timedelta(seconds=seconds))

    assert (found.status, found.message.partition(":")[0]) == (status, said)
    assert bool(found.fix) is (status is Status.WARNING)


@pytest.mark.parametrize("status", Status)
def test_one_failed_check_is_enough(status: Status) -> None:
    checks = (Check("a", "a", Status.OK, ""), Check("b", "b", status, ""))

    assert Checkup("shop", "ada", checks).failed is (status is Status.FAILED)
