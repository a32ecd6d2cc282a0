"""The checks of `doctor`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.diagnosis.check import Status
from kubectl_dshell.domain.permissions import role, role_binding
from kubectl_dshell.output.debug_containers.document import VERSION
from kubectl_dshell.output.diagnosis.paint import paragraph, single_line
from kubectl_dshell.output.document import DocumentFormat, format_document, format_yaml_documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.diagnosis.check import Check, Checkup

_STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "bold red", Status.UNKNOWN: "cyan"}
_STATUS_WIDTH = max(map(len, Status))
_TITLE_WIDTH = len("ephemeral containers")


def format_lines(found: Checkup, width: int, paint: Callable[[str, str], str]) -> str:
    """A line for each check and each fix, broken to fit `width` columns (0: not at all); then the missing Role."""
    lines = list[str]()
    for one in found.checks:
        before = f"{one.status:{_STATUS_WIDTH}}   {one.title:{_TITLE_WIDTH}}   "
        whole = [*paragraph(before, one.message, width)]
        whole[0] = paint(one.status, _STYLES[one.status]) + whole[0][len(one.status) :]
        fixes = [line for fix in one.fix for line in fix.splitlines()]
        lines += [*whole, *(paragraph(f"{'':{len(before)}}", f"-> {fix}", 0)[0] for fix in fixes)]
    return "\n".join(lines) + "\n" + _missing_role(found)


def summary(found: Checkup) -> str:
    """The last line, for people."""
    count = Counter(one.status for one in found.checks)
    words = {Status.WARNING: "warning" if count[Status.WARNING] == 1 else "warnings"}
    counted = ", ".join(f"{count[status]} {words.get(status, status)}" for status in Status if count[status])
    return counted if found.complete else f"{counted}; the other checks need a connection"


def format_checkup(found: Checkup, form: DocumentFormat) -> str:
    """The whole of -o json and -o yaml (docs/json.md)."""
    document = {
        "apiVersion": VERSION,
        "kind": "Checkup",
        "namespace": found.namespace or None,
        "user": found.who or None,
        "checks": [_document(found, one) for one in found.checks],
    }
    return format_document(document, form)


def _document(found: Checkup, one: Check) -> dict[str, Any]:
    return {
        "name": one.name,
        "status": str(one.status),
        "message": single_line(one.message),
        "fix": [single_line(fix) for fix in one.fix],
        "missingRole": role(_role_name(one), found.namespace, one.missing) if one.missing else None,
    }


def _missing_role(found: Checkup) -> str:
    """A manifest that grants what keeps a session from working; that for the other uses is in manifests/rbac."""
    lacking = [one for one in found.checks if one.missing and one.status is Status.FAILED]
    if not lacking:
        return ""
    documents = [document for one in lacking for document in _granting(found, one)]
    head = "\n# What is missing; an administrator of the namespace can grant it with: kubectl apply -f FILE\n"
    return head + format_yaml_documents(documents)


def _granting(found: Checkup, one: Check) -> list[dict[str, Any]]:
    name = _role_name(one)
    granted = [role(name, found.namespace, one.missing)]
    return [*granted, role_binding(name, found.namespace, found.who)] if found.who else granted


def _role_name(one: Check) -> str:
    return f"dshell-{one.name.rpartition('.')[2]}"
