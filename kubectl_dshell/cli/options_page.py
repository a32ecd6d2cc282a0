"""`kubectl dshell options`: all flags of the main command."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.kubectl import GroupedCommand
from kubectl_dshell.cli.open import OpenCommand, open_command
from kubectl_dshell.cli.stdout import write_data


@click.command(cls=GroupedCommand)
def options_command() -> int:
    """Print all flags of kubectl dshell POD."""
    if isinstance(open_command, OpenCommand):
        context = click.Context(open_command, info_name="kubectl dshell")
        write_data(f"{open_command.full_help(context)}\n")
    return 0
