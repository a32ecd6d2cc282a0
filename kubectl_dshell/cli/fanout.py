"""`kubectl dshell TARGET... -- COMMAND` over many pods."""

from __future__ import annotations

import os
import select
from contextlib import ExitStack
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

import click

from kubectl_dshell.commands.fanout.run import run_many
from kubectl_dshell.commands.fanout.targets import TargetQuery, find
from kubectl_dshell.domain.fanout import overall
from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import DshellError, Interrupted
from kubectl_dshell.output.fanout_report import RunReport
from kubectl_dshell.output.sinks.files import FileSink, new_folder
from kubectl_dshell.output.sinks.memory import MemorySink
from kubectl_dshell.output.sinks.multiplexer import Printer, PrinterNotices
from kubectl_dshell.output.sinks.prefixed import PrefixedLines, may_colour, prefix
from kubectl_dshell.terminal.outputs import OutputRouter
from kubectl_dshell.terminal.stdio_fds import StdioFds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubectl_dshell.commands.fanout.run import ManyRequest
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.output.fanout_report import PodSink
    from kubectl_dshell.output.progress.fanout_bar import FanoutBar

_SHOWN = 10
_LAST_WORDS_SECONDS = 1.0
_LOOK_MS = 1000


@dataclass(frozen=True, slots=True)
class OutputForm:
    """What becomes of the output: lines with a prefix, `folder`, JSON, or the last two together."""

    folder: str | None
    as_json: bool
    quiet: bool
    bar: bool


def run(aim: TargetQuery, request: ManyRequest, forms: OutputForm, bound: Ports) -> int:
    """The exit code of all together."""
    folder = new_folder(forms.folder) if forms.folder else None
    with OutputRouter(StdioFds(stdin=None)) as outputs:
        printer = Printer(outputs, os.isatty)
        ports = replace(bound, notices=PrinterNotices(printer, quiet=forms.quiet))
        try:
            found = find(aim, ports)
            with ExitStack() as stack:
                bar = stack.enter_context(_bar(printer, len(found))) if forms.bar else None
                make = _sinks(printer, folder, as_json=forms.as_json, namespaced=aim.namespace is None)
                report = RunReport(printer, make, bar, as_json=forms.as_json, namespaced=aim.namespace is None)
                results = run_many(found, request, ports, report)
        except (DshellError, Interrupted):
            _drain(outputs, _LAST_WORDS_SECONDS)
            raise
        _drain(outputs, None)
    return overall(results)


def refuse_shell(aim: TargetQuery, ctx: click.Context, bound: Ports) -> None:
    """Many pods and no command: say which there are to choose from."""
    places = [one.place for one in find(aim, bound)]
    shown = "".join(f"\n  kubectl dshell {quote(place.pod)} -n {quote(place.namespace)}" for place in places[:_SHOWN])
    more = f"\n  and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    raise click.UsageError(f"a shell is for one pod; choose one, or put a COMMAND for all behind --:{shown}{more}", ctx)


def _bar(printer: Printer, total: int) -> FanoutBar:
    from kubectl_dshell.output.progress.fanout_bar import FanoutBar

    return FanoutBar(printer, total)


def _sinks(
    printer: Printer, folder: Path | None, *, as_json: bool, namespaced: bool
) -> Callable[[ContainerRef], PodSink]:
    if folder is not None:
        return lambda place: FileSink(folder, place)
    if as_json:
        return lambda _place: MemorySink(printer)
    colours = {c: may_colour() and printer.is_terminal(c) for c in (Channel.STDOUT, Channel.STDERR)}
    return lambda place: PrefixedLines(
        printer, {c: prefix(place, namespaced=namespaced, colour=colour) for c, colour in colours.items()}
    )


def _drain(outputs: OutputRouter, seconds: float | None) -> None:
    """Wait until all is written, or nothing can be."""
    poll = select.poll()
    poll.register(outputs, select.POLLIN)
    while True:
        outputs.check()
        outputs.clear()
        if outputs.drained:
            return
        if not poll.poll(_LOOK_MS if seconds is None else seconds * 1000) and seconds is not None:
            return
