"""`kubectl dshell cleanup`."""

from __future__ import annotations

import math
import sys
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.flags.cleanup import CleanupOptions
from kubectl_dshell.cli.flags.parsing import verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_dshell.commands.manage.cleanup import Chosen, CleanupRequest
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.cleanup_result import CleanupResult
    from kubectl_dshell.domain.debug_container.status import DebugContainer

_EVERYBODY = (
    "this would end everyone's debug containers in all namespaces; narrow it down (--stale, --mine, "
    "--older-than, -l or names), or confirm with -y"
)


@verb("cleanup", CleanupOptions)
def cleanup_command(options: CleanupOptions) -> int:
    """End debug containers: by NAME or POD/NAME, those in a POD, or all that dshell created in the namespace.

    Their processes are gone afterwards; their entries stay in the pod's spec until the pod is replaced (--explain).
    Without a name or a condition, you are asked for confirmation at a terminal. Debug containers in use are only ended
    after confirmation at a terminal, or with -y. The exit code is 0 only if all of them ended, otherwise 69.
    The fields of -o json are documented in docs/json.md.
    """
    if options.command is not None:
        raise click.UsageError("cleanup takes no command after --")
    dry, told = options.dry_run is not DryRun.NONE, options.yes or options.has_condition
    may_ask = not dry and sys.stdin.isatty() and sys.stderr.isatty()
    if options.all_namespaces and not (told or dry or may_ask):
        raise click.UsageError(_EVERYBODY)
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.manage.cleanup import choose
    from kubectl_dshell.output.notices import write_line

    with ports(options.connection, options.namespace, quiet=False) as (bound, namespace):
        request = _request(options, namespace, bound)
        chosen = choose(request, bound)
        doubtful = (chosen.used if told else chosen.containers + chosen.used) if may_ask else ()
        agreed = bool(doubtful) and _agreed(doubtful, bound.clock.now())
        if doubtful and not agreed and len(doubtful) == len(chosen.containers + chosen.used):
            write_line("nothing was ended")
            return 0
        sure = chosen.with_used() if agreed else chosen.without_used(bound.invocation)
        report = _Report(options.output, everywhere=options.all_namespaces, dry=dry, chosen=sure)
        try:
            _end(request, report, bound)
        finally:
            report.close(explain=options.explain)
    return report.status()


def _request(options: CleanupOptions, namespace: str, bound: Ports) -> CleanupRequest:
    from kubectl_dshell.commands.manage.cleanup import CleanupRequest

    return CleanupRequest(
        names=options.names,
        namespace=None if options.all_namespaces else namespace,
        selector=options.selector,
        stale=options.stale,
        mine=options.mine,
        older_than=options.older_than,
        any_tool=options.any_tool,
        concurrency=options.concurrency,
        deadline=bound.clock.monotonic() + (options.timeout or math.inf),
        sure=options.yes,
    )


def _agreed(chosen: tuple[DebugContainer, ...], now: datetime) -> bool:
    from kubectl_dshell.errors import Interrupted
    from kubectl_dshell.output.cleanup_report import question
    from kubectl_dshell.output.notices import write_line

    write_line(question(chosen, now))
    try:
        return click.confirm(f"End {'it' if len(chosen) == 1 else f'these {len(chosen)}'}?", err=True)
    except (click.Abort, Interrupted):
        write_line("")  # ends the line of the question
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
    """Writes each result to stdout as it arrives (JSON and YAML at the end) and a summary to stderr."""

    form: Format | None
    everywhere: bool
    dry: bool
    chosen: Chosen
    done: list[CleanupResult] = field(default_factory=list)
    shown: list[CleanupResult] = field(default_factory=list)

    def show(self, ending: CleanupResult) -> None:
        from kubectl_dshell.output.cleanup_report import format_line, format_name

        self.shown.append(ending)
        if self.form is Format.NAME:
            write_data(format_name(ending, everywhere=self.everywhere))
        elif self.form is None:
            write_data(format_line(ending))

    def close(self, *, explain: bool) -> None:
        from kubectl_dshell.output.cleanup_report import WHY_THEY_STAY, format_endings, next_steps, not_ended, summary
        from kubectl_dshell.output.notices import write_line

        for ending in self.done:
            if ending not in self.shown:
                self.show(ending)
        if self.form is Format.JSON or self.form is Format.YAML:
            write_data(format_endings(self.done, self.chosen.unclear, self.form))
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
