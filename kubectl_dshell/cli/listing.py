"""`kubectl dshell ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.options import (
    GroupedCommand,
    all_namespaces_option,
    connection_options,
    namespace_option,
    option,
    to_connection_options,
)

if TYPE_CHECKING:
    from kubectl_dshell.domain.session import Session


@click.command(cls=GroupedCommand, options_metavar="[flags]")
@namespace_option
@all_namespaces_option
@option(
    "-o",
    "--output",
    type=click.Choice(["wide", "json", "yaml", "name"]),
    group="Output",
    help="Another form than the table.",
)
@connection_options
@click.pass_context
def ls_command(ctx: click.Context, /, **flags: Any) -> int:
    """List debug containers, made by any tool: pod, target, user, image, age, state."""
    if ctx.obj is not None:
        raise click.UsageError("ls runs no command", ctx)
    everywhere, output, verbosity = flags.pop("all_namespaces"), flags.pop("output"), flags.pop("verbosity")
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.listing import list_sessions
    from kubectl_dshell.output.notices import write_line
    from kubectl_dshell.output.sessions import format_sessions

    with ports(to_connection_options(flags), quiet=False, verbosity=verbosity) as (bound, namespace):
        found: list[Session] = list_sessions(None if everywhere else namespace, bound)
        if not found and output in (None, "wide"):
            write_line(f"no debug containers in {'any namespace' if everywhere else f'namespace {namespace}'}")
            return 0
        click.echo(format_sessions(found, output or "", bound.clock.now(), everywhere=everywhere), nl=False)
    return 0
