"""`kubectl dshell cleanup`."""

from __future__ import annotations

import math
import sys
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.flags.cleanup import cleanup_flags
from kubectl_dshell.cli.flags.kubectl import GroupedCommand, cluster_flags, to_connection_options
from kubectl_dshell.cli.stdout import write_data

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_dshell.commands.manage.cleanup import Chosen, CleanupRequest
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.cleanup_result import CleanupResult
    from kubectl_dshell.domain.debug_container.status import DebugContainer

_CONDITIONS = ("names", "selector", "mine", "stale", "older_than")
_EVERYBODY = (
    "this would end everybody's debug containers in all namespaces: say which (--stale, --mine, --older-than, "
    "-l or names), or -y for all"
)


@click.command(cls=GroupedCommand, options_metavar="[flags]")
@click.argument("names", nargs=-1, metavar="[NAME|POD|POD/NAME]...")
@cleanup_flags
@click.pass_context
def cleanup_command(ctx: click.Context, /, **flags: Any) -> int:
    """End debug containers: those named (NAME or POD/NAME) or of the PODs named, else all that dshell made here.

    Nothing of them runs afterwards; their entries stay in the pod's spec until the pod is replaced (--explain).
    Without a name or a condition it asks first, at a terminal. What somebody uses this minute is only ended if it is
    asked about at a terminal, or with -y. Exit code 0 only if all ended, else 69.
    The fields of -o json are described in docs/json.md.
    """
    _check(ctx)
    wanted = {name: flags.pop(name) for name in (*_CONDITIONS, "any_tool", "concurrency")}
    wanted |= {"sure": flags.pop("yes"), "cluster_flags": cluster_flags(flags)}
    told = wanted["sure"] or any(wanted[name] not in ((), "", False, None) for name in _CONDITIONS)
    everywhere, dry, form = flags.pop("all_namespaces"), flags.pop("dry_run") != "none", flags.pop("output") or ""
    explain, verbosity, timeout = flags.pop("explain"), flags.pop("verbosity"), flags.pop("timeout")
    may_ask = not dry and sys.stdin.isatty() and sys.stderr.isatty()
    if everywhere and not (told or dry or may_ask):
        raise click.UsageError(_EVERYBODY, ctx)
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.manage.cleanup import CleanupRequest, choose
    from kubectl_dshell.output.notices import write_line

    with ports(to_connection_options(flags), quiet=False, verbosity=verbosity) as (bound, namespace):
        deadline = bound.clock.monotonic() + (timeout or math.inf)
        request = CleanupRequest(namespace=None if everywhere else namespace, deadline=deadline, **wanted)
        chosen = choose(request, bound)
        doubtful = (chosen.used if told else chosen.containers + chosen.used) if may_ask else ()
        agreed = bool(doubtful) and _agreed(doubtful, bound.clock.now())
        if doubtful and not agreed and len(doubtful) == len(chosen.containers + chosen.used):
            write_line("nothing was ended")
            return 0
        sure = chosen.with_used() if agreed else chosen.without_used(request.cluster_flags)
        report = _Report(form, everywhere=everywhere, dry=dry, chosen=sure)
        try:
            _end(request, report, bound)
        finally:
            report.close(explain=explain)
    return report.status()


def _check(ctx: click.Context) -> None:
    if ctx.obj is not None:
        raise click.UsageError("cleanup runs no command", ctx)


def _agreed(chosen: tuple[DebugContainer, ...], now: datetime) -> bool:
    from kubectl_dshell.errors import Interrupted
    from kubectl_dshell.output.cleanup_report import question
    from kubectl_dshell.output.notices import write_line

    write_line(question(chosen, now))
    try:
        return click.confirm(f"End {'it' if len(chosen) == 1 else f'these {len(chosen)}'}?", err=True)
    except (click.Abort, Interrupted):
        write_line("")  # the answer's own
        raise


def _end(request: CleanupRequest, report: _Report, bound: Ports) -> None:
    from kubectl_dshell.commands.manage.cleanup import end_all
    from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult

    for settled in report.chosen.settled:
        report.done.append(settled)
        report.show(settled)
    if report.dry:
        report.done += [CleanupResult(container, CleanupOutcome.WOULD_END) for container in report.chosen.containers]
        for ending in report.done[len(report.chosen.settled) :]:
            report.show(ending)
        return
    with closing(end_all(report.chosen.containers, request, bound, report.done.append)) as endings:
        for ending in endings:
            report.show(ending)


@dataclass
class _Report:
    """Each ending on stdout as it comes (a document when all is over), the sum on stderr; a signal only shortens it."""

    form: str
    everywhere: bool
    dry: bool
    chosen: Chosen
    done: list[CleanupResult] = field(default_factory=list)
    shown: list[CleanupResult] = field(default_factory=list)

    def show(self, ending: CleanupResult) -> None:
        from kubectl_dshell.output.cleanup_report import format_line, format_name

        self.shown.append(ending)
        if self.form in ("", "name"):
            name = self.form == "name"
            write_data(format_name(ending, everywhere=self.everywhere) if name else format_line(ending))

    def close(self, *, explain: bool) -> None:
        from kubectl_dshell.output.cleanup_report import WHY_THEY_STAY, format_endings, next_steps, not_ended, summary
        from kubectl_dshell.output.document import Format
        from kubectl_dshell.output.notices import write_line

        for ending in self.done:
            if ending not in self.shown:
                self.show(ending)
        if self.form in ("json", "yaml"):
            write_data(format_endings(self.done, self.chosen.unclear, Format(self.form)))
        total = len(self.chosen.containers) + len(self.chosen.settled)
        lines = [*next_steps(self.done), *not_ended(self.done, self.chosen.unclear)]
        lines.append(summary(self.done, total - len(self.done), dry=self.dry))
        write_line("\n".join([*lines, WHY_THEY_STAY] if explain else lines))

    def status(self) -> int:
        from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome
        from kubectl_dshell.errors import ExitStatus

        good = {CleanupOutcome.ENDED, CleanupOutcome.ALREADY_ENDED, CleanupOutcome.WOULD_END}
        whole = all(e.outcome in good for e in self.done) and not self.chosen.unclear
        return int(ExitStatus.OK if whole else ExitStatus.UNAVAILABLE)
