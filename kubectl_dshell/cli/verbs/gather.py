"""`kubectl dshell gather`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubectl_dshell.cli.flags.gather import GatherOptions
from kubectl_dshell.cli.flags.parsing import verb
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.domain.fanout import RunResult
    from kubectl_dshell.output.fanout_report import RunReport
    from kubectl_dshell.terminal.outputs import OutputRouter


@verb("gather", GatherOptions)
def gather_command(options: GatherOptions) -> int:
    """Print the results of a Job that ran one command in many pods, with --shard, --once and -o json.

    Reads the logs of all its pods, those of failed attempts included, and prints what the same command from here would
    have printed: lines that begin with their pod, or documents. The exit code is that of such a command, too: 0 only if
    all shards are complete and COMMAND succeeded in every pod. A shard that is still at work makes it 75, one that has
    ended without all of its results 69. The fields of -o json are documented in docs/json.md. A Job to start with is
    in manifests/runbook.
    """
    job = options.job
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.verbs.fanout import LAST_WORDS_SECONDS, drain, sinks
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.fanout.gather import gather
    from kubectl_dshell.errors import DshellError, Interrupted
    from kubectl_dshell.output.fanout_report import RunReport
    from kubectl_dshell.output.sinks.multiplexer import Printer, PrinterNotices
    from kubectl_dshell.terminal.outputs import OutputRouter
    from kubectl_dshell.terminal.stdio_fds import StdioFds

    configuration, as_json = Configuration(), options.output is Format.JSON
    with ports(options.connection, options.namespace, quiet=options.quiet) as (bound, namespace):
        with OutputRouter(StdioFds(stdin=None)) as outputs:
            printer = Printer(outputs, os.isatty)
            here = replace(bound, notices=PrinterNotices(printer, quiet=options.quiet))
            colour = configuration.colour(bound.context, namespace)
            make = sinks(printer, None, as_json=as_json, namespaced=True, colour=colour)
            report = RunReport(printer, make, None, as_json=as_json, namespaced=True)
            try:
                gathered = gather(namespace, job, here, _Paced(report, outputs))
            except (DshellError, Interrupted):
                drain(outputs, LAST_WORDS_SECONDS)
                raise
            drain(outputs, None)
        return gathered.exit_code


class _Paced:
    """A report that waits for the reader of our output: the logs may be far larger than our memory."""

    def __init__(self, report: RunReport, outputs: OutputRouter) -> None:
        self._report = report
        self._outputs = outputs

    def repeat(self, result: RunResult, fields: dict[str, Any]) -> None:
        from kubectl_dshell.cli.verbs.fanout import drain

        self._report.repeat(result, fields)
        if self._outputs.full:
            drain(self._outputs, None)
