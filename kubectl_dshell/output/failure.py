"""Formats errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.errors import DshellError


def format_failure(error: DshellError) -> str:
    """`error: MESSAGE`, one line on what was added, and one per suggested next step.

    No full stop is added to a remote message.
    """
    return "\n".join([f"error: {error.message}", *error.remarks])
