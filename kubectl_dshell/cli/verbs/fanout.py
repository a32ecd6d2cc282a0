"""`kubectl dshell TARGET... -- COMMAND` in many pods."""

from __future__ import annotations

import os
import select
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import click

from kubectl_dshell.commands.fanout.run import ManyRequest, run_many
from kubectl_dshell.commands.fanout.targets import TargetQuery, find
from kubectl_dshell.domain.fanout import overall
from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import DshellError, Interrupted
from kubectl_dshell.output.document import Format
from kubectl_dshell.output.fanout_report import RunReport
from kubectl_dshell.output.sinks.files import FileSink, new_folder
from kubectl_dshell.output.sinks.memory import MemorySink
from kubectl_dshell.output.sinks.multiplexer import Printer, PrinterNotices
from kubectl_dshell.output.sinks.prefixed import PrefixedLines, may_colour, prefix
from kubectl_dshell.terminal.outputs import OutputRouter
from kubectl_dshell.terminal.stdio_fds import StdioFds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kubectl_dshell.cli.flags.open import OpenOptions
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.config.values import Colour
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.output.fanout_report import PodSink
    from kubectl_dshell.output.progress.fanout_bar import FanoutBar

_SHOWN = 10
LAST_WORDS_SECONDS = 1.0
_LOOK_MS = 1000


def run(options: OpenOptions, *, shell: bool) -> int:
    """The overall exit code. `shell`: a shell was requested, which is refused with the names of the pods."""
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import ports

    configuration = Configuration()
    quiet, verbosity = options.session.quiet, options.connection.verbosity
    with ports(options.connection, options.session.namespace, quiet=quiet) as (bound, namespace):
        query = TargetQuery(
            references=options.targets,
            selector=options.selector,
            namespace=None if options.all_namespaces else namespace,
            container=options.session.container,
            every=options.all_pods,
            shard=options.shard,
        )
        if shell:
            _refuse_shell(query, bound)
        configuration.require_reason(options.session.reason, bound.context, query.namespace)
        configured = _Configured(options, configuration)
        if query.namespace:
            configured.tell([query.namespace], bound)
        as_json = options.output is Format.JSON
        request = ManyRequest(
            template=configured.template,
            retry_command=lambda namespace, pod: options.retry_command(namespace, pod, bound),
            concurrency=options.concurrency,
            fail_fast=options.fail_fast,
            summary=not (as_json and options.shard),
        )
        bar = not quiet and not verbosity and sys.stderr.isatty()
        colour = configuration.colour(bound.context, query.namespace)
        form = _OutputForm(options.output_dir, as_json=as_json, quiet=quiet, bar=bar, colour=colour)
        return _run(query, request, form, bound, configured)


class _Configured:
    """The options in each namespace: with -A, too, what is set for a namespace counts there."""

    def __init__(self, options: OpenOptions, configuration: Configuration) -> None:
        self._options = options
        self._configuration = configuration
        self._templates: dict[str, OpenRequest] = {}

    def tell(self, namespaces: Iterable[str], bound: Ports) -> None:
        """What sessions there get that the user has not typed, once each.

        Raises click.UsageError for what the options contradict, before anything is sent to a pod of theirs.
        """
        told = set()
        given = self._options.session
        for namespace in dict.fromkeys(namespaces):
            if namespace in self._templates:
                continue
            made = self._configuration.session(given, bound.context, namespace)
            self._templates[namespace] = _template(self._options.but(session=made), namespace)
            key = (made.image, made.profile, self._configuration.source("profile", bound.context, namespace))
            if key not in told:
                told.add(key)
                self._configuration.tell(given, made, bound, namespace, self._options.connection.verbosity)

    def template(self, namespace: str) -> OpenRequest:
        """The request for a pod there, once that namespace has been told."""
        return self._templates[namespace]


def _template(options: OpenOptions, namespace: str) -> OpenRequest:
    once = options.once is not None
    return replace(
        options.session.to_request(namespace, "", ""),
        command=options.command or (),
        env=options.env,
        name=options.once or options.name,
        app_image=options.way.app_image,
        chroot=options.way.chroot,
        target_env=options.way.target_env,
        privilege=options.privilege,
        once=once,
        new=options.session.new or once,
    )


@dataclass(frozen=True, slots=True)
class _OutputForm:
    """Where the output goes: prefixed lines, files in `folder`, JSON, or the last two together."""

    folder: str | None
    as_json: bool
    quiet: bool
    bar: bool
    colour: Colour | None = None


def _run(query: TargetQuery, request: ManyRequest, form: _OutputForm, bound: Ports, configured: _Configured) -> int:
    folder = new_folder(form.folder) if form.folder else None
    with OutputRouter(StdioFds(stdin=None)) as outputs:
        printer = Printer(outputs, os.isatty)
        bound = replace(bound, notices=PrinterNotices(printer, quiet=form.quiet))
        try:
            found = find(query, bound)
            # a server may list pods of other namespaces than was asked for
            configured.tell((one.place.namespace for one in found), bound)
            if not found:
                bound.notices.notice(f"shard {query.shard} has no pods: there is nothing to do")
            with ExitStack() as stack:
                bar = stack.enter_context(_bar(printer, len(found))) if form.bar else None
                namespaced = query.namespace is None
                make = sinks(printer, folder, as_json=form.as_json, namespaced=namespaced, colour=form.colour)
                report = RunReport(printer, make, bar, as_json=form.as_json, namespaced=namespaced)
                results = run_many(found, request, bound, report) if found else []
                if query.shard:
                    report.end_shard(query.shard, len(found), overall(results))
        except (DshellError, Interrupted, click.UsageError):
            drain(outputs, LAST_WORDS_SECONDS)
            raise
        drain(outputs, None)
    return overall(results)


def _refuse_shell(query: TargetQuery, bound: Ports) -> NoReturn:
    """Raises click.UsageError that lists the pods to choose from."""
    places = [one.place for one in find(query, bound)]
    shown = "".join(f"\n  {bound.invocation.open(place.namespace, place.pod)}" for place in places[:_SHOWN])
    more = f"\n  and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    choose = "choose one, or put a COMMAND for all of them after --"
    raise click.UsageError(f"a shell needs exactly one pod; {choose}:{shown}{more}")


def _bar(printer: Printer, total: int) -> FanoutBar:
    from kubectl_dshell.output.progress.fanout_bar import FanoutBar

    return FanoutBar(printer, total)


def sinks(
    printer: Printer, folder: Path | None, *, as_json: bool, namespaced: bool, colour: Colour | None = None
) -> Callable[[ContainerRef], PodSink]:
    if folder is not None:
        return lambda place: FileSink(folder, place)
    if as_json:
        return lambda _place: MemorySink(printer)
    colours = {c: may_colour(colour, terminal=printer.is_terminal(c)) for c in (Channel.STDOUT, Channel.STDERR)}
    return lambda place: PrefixedLines(
        printer, {c: prefix(place, namespaced=namespaced, colour=colour) for c, colour in colours.items()}
    )


def drain(outputs: OutputRouter, seconds: float | None) -> None:
    """Wait until everything is written, or until `seconds` pass without progress."""
    poll = select.poll()
    poll.register(outputs, select.POLLIN)
    while True:
        outputs.check()
        outputs.clear()
        if outputs.drained:
            return
        if not poll.poll(_LOOK_MS if seconds is None else seconds * 1000) and seconds is not None:
            return
