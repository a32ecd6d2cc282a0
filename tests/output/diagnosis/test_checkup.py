"""Checks as people and programs read them."""

from __future__ import annotations

import json

import pytest
import yaml

from kubectl_dshell.domain.diagnosis.check import Check, Checkup, Status
from kubectl_dshell.domain.permissions import Permission
from kubectl_dshell.output.diagnosis.checkup import format_checkup, format_lines, summary
from kubectl_dshell.output.document import Format

MISSING = (Permission("patch", "pods/ephemeralcontainers"), Permission("get", "pods/exec"))
FOUND = Checkup(
    "shop",
    "ada",
    (
        Check("server", "server", Status.OK, "https://api.test, Kubernetes v1.36.3"),
        Check(
            "permissions.session", "permissions", Status.FAILED, "missing", ("have the Role below granted",), MISSING
        ),
        Check("permissions.ls", "permissions", Status.WARNING, "a\x1b[31m", ("a", "b"), (Permission("list", "pods"),)),
        Check("nodes", "nodes", Status.UNKNOWN, "first\n  second"),
    ),
)


def plain(text: str, _style: str) -> str:
    return text


def test_each_check_has_a_line_and_each_fix_another() -> None:
    lines = format_lines(FOUND, 0, plain).partition("\n\n")[0].splitlines()

    assert lines == [
        "ok        server                 https://api.test, Kubernetes v1.36.3",
        "failed    permissions            missing",
        "                                 -> have the Role below granted",
        "warning   permissions            a\\x1b[31m",
        "                                 -> a",
        "                                 -> b",
        "unknown   nodes                  first",
        "                                 second",
    ]


def test_the_role_that_keeps_sessions_from_working_can_be_applied() -> None:
    role, binding = yaml.safe_load_all(format_lines(FOUND, 0, plain).partition("\n\n")[2])

    assert (role["kind"], role["metadata"]) == ("Role", {"name": "dshell-session", "namespace": "shop"})
    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        (["pods/ephemeralcontainers"], ["patch"]),
        (["pods/exec"], ["get"]),
    ]
    assert (binding["kind"], binding["subjects"][0]["name"]) == ("RoleBinding", "ada")


def test_a_user_without_a_name_is_bound_by_the_administrator() -> None:
    nameless = Checkup("shop", "", FOUND.checks)

    (role,) = yaml.safe_load_all(format_lines(nameless, 0, plain).partition("\n\n")[2])

    assert role["kind"] == "Role"


def test_where_nothing_failed_no_role_is_printed() -> None:
    fine = Checkup("shop", "ada", FOUND.checks[2:])

    assert "kind:" not in format_lines(fine, 0, plain)


def test_lines_fit_the_terminal_and_only_the_status_is_coloured() -> None:
    long = Checkup("shop", "ada", (Check("clock", "clock", Status.WARNING, "word " * 30, ("a command " * 12,)),))

    lines = format_lines(long, 80, lambda text, style: f"<{style}>{text}</>").splitlines()

    assert lines[0].startswith("<yellow>warning</>   clock")
    assert max(len(line) for line in lines[1:-1]) <= 80
    assert lines[-1].endswith("a command " * 11 + "a command")  # what is to be typed stays in one piece


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (FOUND.checks, "1 ok, 1 warning, 1 failed, 1 unknown"),
        (FOUND.checks[2:3] * 2, "2 warnings"),
    ],
)
def test_the_last_line_counts(checks: tuple[Check, ...], said: str) -> None:
    assert summary(Checkup("shop", "ada", checks)) == said


def test_the_last_line_says_what_was_not_checked() -> None:
    alone = Checkup("", "", FOUND.checks[1:2], complete=False)

    assert summary(alone) == "1 failed; the other checks need a connection"


def test_programs_get_one_document() -> None:
    found = json.loads(format_checkup(FOUND, Format.JSON))

    assert {key: found[key] for key in ("apiVersion", "kind", "namespace", "user")} == {
        "apiVersion": "dshell/v1",
        "kind": "Checkup",
        "namespace": "shop",
        "user": "ada",
    }
    server, session, ls, nodes = found["checks"]
    assert server == {
        "name": "server",
        "status": "ok",
        "message": "https://api.test, Kubernetes v1.36.3",
        "fix": [],
        "missingRole": None,
    }
    assert session["missingRole"]["metadata"] == {"name": "dshell-session", "namespace": "shop"}
    assert ls["missingRole"]["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    assert nodes["message"] == "first second"
    assert yaml.safe_load(format_checkup(FOUND, Format.YAML)) == found


def test_without_a_connection_there_is_no_user_and_no_namespace() -> None:
    found = json.loads(format_checkup(Checkup("", "", ()), Format.JSON))

    assert (found["user"], found["namespace"], found["checks"]) == (None, None, [])
