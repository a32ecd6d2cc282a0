"""A list of debug containers in every output format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.output.debug_containers.document import list_document
from kubectl_dshell.output.debug_containers.table import WIDTH, heads, rows
from kubectl_dshell.output.document import DocumentFormat, format_document
from kubectl_dshell.output.escape import escape_line
from kubectl_dshell.output.table import format_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.listing import ListedContainer
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.unreadable import UnreadablePod


def format_debug_containers(
    found: Sequence[ListedContainer], form: str, now: datetime, *, everywhere: bool, with_heads: bool
) -> str:
    """`form` is "", wide or name."""
    if form == "name":
        return "".join(format_name(one, everywhere=everywhere) for one in found)
    wide = form == "wide"
    cells = rows(found, now, wide=wide, everywhere=everywhere)
    table = format_table(heads(wide=wide, everywhere=everywhere), cells, 0 if wide else WIDTH)
    return table if with_heads else table.partition("\n")[2]


def format_document_of(
    found: Iterable[ListedContainer], unclear: Iterable[UnreadablePod], ended: int, form: DocumentFormat
) -> str:
    """The whole of -o json and -o yaml (docs/json.md)."""
    return format_document(list_document(found, unclear, ended), form)


def format_name(listed: ListedContainer, *, everywhere: bool) -> str:
    return name_line(listed.container, everywhere=everywhere)


def name_line(container: DebugContainer, *, everywhere: bool) -> str:
    where = f"{container.namespace}/" if everywhere else ""
    return escape_line(f"{where}{container.pod}/{container.name}") + "\n"
