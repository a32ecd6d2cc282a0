"""What a cluster's admission changed in an entry: the difference between the sent and the stored one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.pod.pod import Json

_MOST_CHANGES = 20
_UNSET = object()
_PRIVILEGE = ("privileged", "capabilities", "allowPrivilegeEscalation", "runAsUser", "runAsGroup", "runAsNonRoot")


def admission_changes(sent: Json, stored: Json) -> list[str]:
    """One line per changed field. Of a variable only the name is shown: an injected value may be a secret."""
    fields = _changes("", _without_env(_defaults(sent) | sent), _without_env(stored))
    changes = [*fields, *_variables(sent, stored)]
    more = len(changes) - _MOST_CHANGES
    return changes[:_MOST_CHANGES] + ([f"and {more} more"] if more > 0 else [])


def privilege_changes(sent: Json, stored: Json) -> list[str]:
    """Like `admission_changes`, of the user and the privileges only."""
    before, after = (_privilege(spec.get("securityContext")) for spec in (sent, stored))
    return list(_changes("securityContext", before, after))[:_MOST_CHANGES]


def _privilege(security: Any) -> Json:
    return {key: security[key] for key in _PRIVILEGE if key in security} if isinstance(security, dict) else {}


def _defaults(sent: Json) -> Json:
    """The fields that the API itself sets if they were not sent (core/v1 `SetDefaults_Container`)."""
    name, _, digest = sent["image"].rpartition("/")[2].partition("@")
    tag = name.partition(":")[2] or ("" if digest else "latest")
    return {
        "imagePullPolicy": "Always" if tag == "latest" else "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "resources": {},
    }


def _without_env(spec: Json) -> Json:
    return {key: value for key, value in spec.items() if key != "env"}


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    """No deeper than the entry that was sent."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            at = f"{path}.{key}" if path else key
            yield from _changes(one_line(at), before.get(key, _UNSET), after.get(key, _UNSET))
    elif before is _UNSET:
        yield f"admission added {path}: {_shown(after)}"
    elif after is _UNSET:
        yield f"admission removed {path}: {_shown(before)}"
    elif before != after:
        yield f"admission changed {path}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return one_line(value)
    try:
        return one_line(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    except RecursionError:
        return "..."


def _variables(sent: Json, stored: Json) -> Iterator[str]:
    before, after = _by_name(sent), _by_name(stored)
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            what = "added" if name not in before else "removed" if name not in after else "changed"
            yield f"admission {what} env {one_line(name)}"


def _by_name(spec: Json) -> dict[str, Json]:
    """The variables without empty fields, which are not stored."""
    listed = spec.get("env")
    variables = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one.get("name")): {key: value for key, value in one.items() if value != ""} for one in variables}
