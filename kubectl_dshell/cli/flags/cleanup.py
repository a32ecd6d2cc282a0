"""The options of `kubectl dshell cleanup`."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import OUTPUT, dry_run, output
from kubectl_dshell.cli.flags.param_types import Duration
from kubectl_dshell.cli.flags.parsing import (
    Options,
    nested,
    operands,
    option,
    parsed,
    remote_command,
    switch,
)
from kubectl_dshell.cli.flags.selection import (
    ALL_NAMESPACES,
    MINE,
    NAMESPACE,
    OLDER_THAN,
    SELECTOR,
    STALE,
    WHICH,
    concurrency,
)
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.output.document import Format

_STALE_HELP = (
    "Only stale ones: no client heartbeat for 25 s and no --keep, no holder, or past --ttl. Those created by other "
    "tools are stale only by age (--older-than)."
)


class CleanupOptions(Options):
    names: tuple[str, ...] = parsed(operands(click.STRING, "names", "[NAME|POD|POD/NAME]..."))
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE)
    all_namespaces: bool = parsed(ALL_NAMESPACES)
    selector: str = parsed(SELECTOR)
    mine: bool = parsed(MINE)
    stale: bool = parsed(STALE.but(help=_STALE_HELP))
    older_than: int | None = parsed(
        OLDER_THAN.but(help="Only those running for longer than this: 2h, 1h30m. All conditions must hold.")
    )
    any_tool: bool = parsed(
        switch(
            "--any-tool",
            group=WHICH,
            help="Also those created by other tools, by signalling their processes (requires a shell in their image).",
        )
    )
    yes: bool = parsed(
        switch("-y", "--yes", group="Session", help="Do not ask for confirmation, and end those in use, too.")
    )
    concurrency: int = parsed(concurrency(256))
    timeout: int = parsed(
        option(
            Duration(),
            "--timeout",
            default=0,
            metavar="TIME",
            group="Session",
            help="Stop after this time and leave the rest running; 0 means no limit.",
        )
    )
    dry_run: DryRun = parsed(dry_run((DryRun.NONE, DryRun.CLIENT), "Only print what would be ended."))
    explain: bool = parsed(switch("--explain", group=OUTPUT, help="Also explain why entries stay in the pod's spec."))
    output: Format | None = parsed(
        output((Format.JSON, Format.YAML, Format.NAME), "Output format instead of lines; name: only those that ended.")
    )
    connection: ConnectionFlags = nested(ConnectionFlags)

    @property
    def has_condition(self) -> bool:
        """Whether a name or a flag narrows the selection."""
        return bool(self.names or self.selector or self.mine or self.stale or self.older_than)
