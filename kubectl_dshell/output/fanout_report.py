"""The output of one command in many pods: lines, files or JSON, a progress bar, and the errors."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Protocol

from kubectl_dshell.domain.fanout import ALREADY_RUN
from kubectl_dshell.domain.stream import Channel, Output, Sink
from kubectl_dshell.errors import ExitStatus
from kubectl_dshell.output.debug_containers.document import VERSION
from kubectl_dshell.output.sinks.prefixed import prefix

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.fanout import RunResult
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.shard import Shard
    from kubectl_dshell.output.progress.fanout_bar import FanoutBar
    from kubectl_dshell.output.sinks.multiplexer import Printer


class PodSink(Sink, Protocol):
    """Receives the output of one pod."""

    def finish(self, *, whole: bool) -> dict[str, Any]:
        """Its fields in the JSON document of the pod."""


class RunReport:
    """Used by several threads."""

    def __init__(
        self,
        printer: Printer,
        make_sink: Callable[[ContainerRef], PodSink],
        bar: FanoutBar | None,
        *,
        as_json: bool,
        namespaced: bool,
    ) -> None:
        self._printer = printer
        self._make_sink = make_sink
        self._bar = bar
        self._as_json = as_json
        self._namespaced = namespaced
        self._sinks: dict[tuple[str, str], PodSink] = {}
        self._writing = threading.Lock()
        """Held while a document is built: output of zero bytes takes twelve times its size there."""

    def begin(self, place: ContainerRef) -> PodSink:
        sink = self._sinks[place.namespace, place.pod] = self._make_sink(place)
        return sink

    def end(self, result: RunResult) -> None:
        sink = self._sinks.pop((result.place.namespace, result.place.pod), None)
        if self._as_json:
            with self._writing:
                self._write(run_document(result, _finished(sink, result)))
        else:
            _finished(sink, result)
            if result.error is not None:
                happened = (f"error: {result.error.message}", result.error.aftermath)
                self.say(result.place, "\n".join(filter(None, happened)))
            elif result.earlier:
                self.say(result.place, result.earlier)
        if self._bar:
            self._bar.advance(failed=result.failed)

    def repeat(self, result: RunResult, fields: dict[str, Any]) -> None:
        """A result that another process has written as a document, with the `fields` of the output there."""
        if self._as_json:
            self._write(run_document(result, fields))
            return
        if fields:
            sink = self.begin(result.place)
            for channel, name in ((Channel.STDOUT, "stdout"), (Channel.STDERR, "stderr")):
                sink.write(Output(channel, fields[name].encode(errors="replace")))
        self.end(result)

    def end_shard(self, shard: Shard, pods: int, exit_code: int) -> None:
        """All pods of a shard have their results."""
        if self._as_json:
            self._write(shard_document(shard, pods, exit_code))

    def _write(self, document: dict[str, Any]) -> None:
        self._printer.write(Channel.STDOUT, f"{json.dumps(document)}\n".encode())

    def say(self, place: ContainerRef, text: str) -> None:
        start = prefix(place, namespaced=self._namespaced, colour=False).decode()
        self._printer.line("\n".join(start + line for line in text.split("\n")))

    def progress(self, text: str) -> None:
        if self._bar:
            self._bar.say(text)


def _finished(sink: PodSink | None, result: RunResult) -> dict[str, Any]:
    return sink.finish(whole=result.exit_code is not None) if sink else {}


def run_document(result: RunResult, fields: dict[str, Any]) -> dict[str, Any]:
    """One RunResult, as described in docs/json.md."""
    return {
        "apiVersion": VERSION,
        "kind": "RunResult",
        "namespace": result.place.namespace,
        "pod": result.place.pod,
        "container": result.place.container or None,
        "debugContainer": result.debug_container or None,
        "identity": _identity(result),
        "exitCode": result.exit_code,
        "durationSeconds": round(result.seconds, 3),
        "error": _error(result),
        **(fields or {"stdout": None, "stderr": None}),
    }


def shard_document(shard: Shard, pods: int, exit_code: int) -> dict[str, Any]:
    """One ShardResult, as described in docs/json.md."""
    return {
        "apiVersion": VERSION,
        "kind": "ShardResult",
        "index": shard.index,
        "count": shard.count,
        "pods": pods,
        "exitCode": exit_code,
    }


def _identity(result: RunResult) -> dict[str, Any] | None:
    """As in `ls -o json`."""
    if result.identity is None:
        return None
    uid, gid = result.identity
    return {"uid": uid, "gid": gid, "source": "spec"}


def _error(result: RunResult) -> dict[str, Any] | None:
    if result.error is not None:
        return {
            "class": result.error.status.name,
            "message": result.error.message,
            "advice": list(result.error.remarks),
        }
    if result.earlier:
        return {"class": ALREADY_RUN, "message": result.earlier, "advice": []}
    return {"class": ExitStatus.INTERRUPTED.name, "message": "stopped", "advice": []} if result.stopped else None
