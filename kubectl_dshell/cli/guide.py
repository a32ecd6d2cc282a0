"""`kubectl dshell options`: all flags of the main command."""

from __future__ import annotations

import click

from kubectl_dshell.cli.open import OpenCommand, open_command


@click.command(add_help_option=True)
def options_command() -> int:
    """Print all flags of kubectl dshell POD."""
    if isinstance(open_command, OpenCommand):
        context = click.Context(open_command, info_name="kubectl dshell")
        click.echo(open_command.full_help(context))
    return 0
