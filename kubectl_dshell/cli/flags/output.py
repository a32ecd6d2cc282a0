"""Flags that say what is printed, shared by several verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.param_types import OneOf
from kubectl_dshell.cli.flags.parsing import Flag, option, optional
from kubectl_dshell.commands.session.dry_run import DryRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.output.document import Format

OUTPUT = "Output"


def output(forms: Iterable[Format], help: str) -> Flag[Format | None]:  # noqa: A002  # click's word
    """-o; None if not given."""
    return optional(OneOf(tuple(forms)), "-o", "--output", group=OUTPUT, help=help)


def dry_run(modes: Iterable[DryRun], help: str) -> Flag[DryRun]:  # noqa: A002  # click's word
    """--dry-run; without a value it is that of the client, as in kubectl."""
    return option(
        OneOf(tuple(modes)),
        "--dry-run",
        default=DryRun.NONE,
        is_flag=False,
        flag_value=DryRun.CLIENT.value,
        group=OUTPUT,
        help=help,
    )
