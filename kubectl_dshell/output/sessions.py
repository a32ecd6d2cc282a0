"""The listing of debug containers in all its forms."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.age import age
from kubectl_dshell.output.document import Format, format_document
from kubectl_dshell.output.table import format_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.session import Session

VERSION = "dshell/v1"


def format_sessions(found: Sequence[Session], form: str, now: datetime, *, everywhere: bool) -> str:
    """`form` is "", wide, json, yaml or name."""
    if form == "name":
        return "".join(f"{s.namespace + '/' if everywhere else ''}{s.pod}/{s.name}\n" for s in found)
    if form in ("json", "yaml"):
        document = {"apiVersion": VERSION, "kind": "SessionList", "items": [_document(s) for s in found]}
        return format_document(document, Format(form))
    heads = ["POD", "NAME", "TARGET", "USER", "OWNER", "IMAGE", "STATE", "AGE"]
    rows = [[s.pod, s.name, s.target, s.user, s.owner, s.image, s.state, _age(s, now)] for s in found]
    if form == "wide":
        heads.append("NODE")
        rows = [[*row, s.node] for row, s in zip(rows, found, strict=True)]
    if everywhere:
        heads.insert(0, "NAMESPACE")
        rows = [[s.namespace, *row] for row, s in zip(rows, found, strict=True)]
    return format_table(heads, rows)


def _age(session: Session, now: datetime) -> str:
    return age(now - session.started_at) if session.started_at else ""


def _document(session: Session) -> dict[str, Any]:
    """camelCase keys and RFC 3339 times, as the API has them."""
    return {_camel(k): _plain(v) for k, v in dataclasses.asdict(session).items()} | {"state": session.state}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value) if isinstance(value, StrEnum) else value
