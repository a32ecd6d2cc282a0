"""`kubectl dshell cleanup`."""

from __future__ import annotations

from typing import Any

import click

from kubectl_dshell.cli.options import (
    GroupedCommand,
    all_namespaces_option,
    connection_options,
    namespace_option,
    to_connection_options,
)


@click.command(cls=GroupedCommand, options_metavar="[flags]")
@click.argument("names", nargs=-1, metavar="[NAME|POD]...")
@namespace_option
@all_namespaces_option
@connection_options
@click.pass_context
def cleanup_command(ctx: click.Context, /, **flags: Any) -> int:
    """End debug containers of dshell: all of the namespace, or those named (or of the pods named).

    Nothing of them runs afterwards; their entries stay in the pod's spec until the pod is replaced, since
    Kubernetes cannot remove an ephemeral container. Exit code 0 only if all ended.
    """
    if ctx.obj is not None:
        raise click.UsageError("cleanup runs no command", ctx)
    names, everywhere, verbosity = flags.pop("names"), flags.pop("all_namespaces"), flags.pop("verbosity")
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.cleanup import Outcome, cleanup
    from kubectl_dshell.errors import ExitStatus
    from kubectl_dshell.output.escape import escape
    from kubectl_dshell.output.notices import write_line

    with ports(to_connection_options(flags), quiet=False, verbosity=verbosity) as (bound, namespace):
        results = cleanup(names, None if everywhere else namespace, bound)
    for result in results:
        s = result.session
        why = f": {result.why}" if result.why else ""
        click.echo(escape(f"{s.namespace}/{s.pod} {s.name} {result.outcome}{why}"))
    failed = sum(r.outcome is Outcome.FAILED for r in results)
    stay = (
        " The entries stay listed in their pods until the pods are replaced; nothing of them runs." if results else ""
    )
    write_line(f"{len(results) - failed} ended, {failed} failed.{stay}")
    return int(ExitStatus.UNAVAILABLE if failed else ExitStatus.OK)
