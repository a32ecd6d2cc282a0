"""The logs of the workers that shared one command in many pods: parsed in this one place, and put together.

A log holds the documents of docs/json.md line by line, and lines for people in between. Its content is untrusted: what
looks like a document and is none is counted, never believed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from kubectl_dshell.domain.fanout import ALREADY_RUN, RunResult
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.json_fields import LABEL, SUBDOMAIN, Fields
from kubectl_dshell.domain.shard import MOST_SHARDS, Shard
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line
from kubectl_dshell.errors import DshellError, ExitStatus, Malformed

VERSION = "dshell/v1"
MOST_RESULTS = 1_000_000
"""Pods of one run; several times the largest cluster that Kubernetes supports."""
_LONGEST_OUTPUT = 1024 * 1024 + 1  # characters; the sink of a worker keeps as many bytes
_MOST_ADVICE = 16
_CODE_MAX = 255
_SECONDS_MAX = 10**9
_ID_MAX = 2**32 - 1
_OUTPUTS = ("stdout", "stderr")
_LISTS = ("replaced", "truncated")
_LAST_WORDS = 3


class ReportedError(DshellError):
    """A failure that another process has reported, with its exit code."""

    def __init__(self, status: ExitStatus, message: str, *advice: str) -> None:
        super().__init__(message, *advice)
        self.status = status


@dataclass(frozen=True, slots=True)
class LoggedResult:
    """A RunResult document; `output` are its fields for the output, empty if the command never started."""

    result: RunResult
    output: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """A ShardResult document: the shard's `pods` pods all have their results."""

    shard: Shard
    pods: int


def parse_line(line: bytes) -> LoggedResult | ShardEnd | str:
    """A document, or a line for people; raises Malformed for a damaged document, and nothing else."""
    if not line.startswith(b'{"apiVersion"'):
        return one_line(line[: 4 * LONGEST_MESSAGE].decode(errors="replace"), LONGEST_MESSAGE)
    try:
        document = json.loads(line)
    except RecursionError:
        raise Malformed("a line of the log is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"a line of the log is not JSON: {error}") from error
    fields = Fields.of("a line of the log", document)
    kind = fields.text("kind")
    if fields.text("apiVersion") != VERSION or kind not in ("RunResult", "ShardResult"):
        raise fields.wrong("kind", "is not known to this version")
    return _shard_end(fields) if kind == "ShardResult" else _result(fields)


def _shard_end(fields: Fields) -> ShardEnd:
    count = _required(fields, "count", 1, MOST_SHARDS)
    shard = Shard(_required(fields, "index", 0, count - 1), count)
    return ShardEnd(shard, _required(fields, "pods", 0, MOST_RESULTS))


def _result(fields: Fields) -> LoggedResult:
    place = ContainerRef(
        fields.name("namespace"), fields.name("pod", SUBDOMAIN), fields.name("container", optional=True)
    )
    code, (error, earlier) = fields.number("exitCode", 0, _CODE_MAX), _error(fields)
    if (code is None) == (error is None and not earlier):
        raise fields.wrong("exitCode", "and an error exclude each other")
    seconds = fields.json.get("durationSeconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _SECONDS_MAX:
        raise fields.wrong("durationSeconds", "is not a number of seconds")
    name = fields.name("debugContainer", LABEL, optional=True)
    result = RunResult(place, float(seconds), code, error, name, _identity(fields), earlier)
    return LoggedResult(result, _output(fields))


def _required(fields: Fields, name: str, lowest: int, highest: int) -> int:
    number = fields.number(name, lowest, highest)
    if number is None:
        raise fields.wrong(name, "is missing")
    return number


def _error(fields: Fields) -> tuple[DshellError | None, str]:
    """The failure, or the sentence about an earlier run; neither if the command ended by itself."""
    error = fields.fields("error")
    if not error.json:
        return None, ""
    kind, message = error.text("class"), one_line(error.text("message"), LONGEST_MESSAGE)
    if kind == ALREADY_RUN:
        return None, message or "already run"
    status = ExitStatus.__members__.get(kind, ExitStatus.UNAVAILABLE)
    advice = (one_line(text, LONGEST_MESSAGE) for text in error.texts("advice", _MOST_ADVICE))
    return ReportedError(status or ExitStatus.UNAVAILABLE, message, *advice), ""


def _identity(fields: Fields) -> tuple[int, int] | None:
    identity = fields.fields("identity")
    uid, gid = identity.number("uid", 0, _ID_MAX), identity.number("gid", 0, _ID_MAX)
    return None if uid is None or gid is None else (uid, gid)


def _output(fields: Fields) -> dict[str, Any]:
    if not any(isinstance(fields.json.get(name), str) for name in _OUTPUTS):
        return {}
    lists = {name: [text for text in fields.texts(name, 2) if text in _OUTPUTS] for name in _LISTS}
    return {**{name: fields.text(name, _LONGEST_OUTPUT) for name in _OUTPUTS}, **lists}


@dataclass(slots=True)
class Attempt:
    """What the log of one worker has told so far."""

    pods: set[tuple[str, str]] = field(default_factory=set)
    end: ShardEnd | None = None
    damaged: int = 0
    """Lines that began as a document."""
    last_words: list[str] = field(default_factory=list)
    """The last lines for people, oldest first."""

    def complete(self, shard: Shard) -> bool:
        """Whether it has a line for each of the pods of `shard`."""
        return self.end is not None and self.end.shard == shard and len(self.pods) >= self.end.pods

    def say(self, text: str) -> None:
        if text:
            self.last_words = [*self.last_words, text][-_LAST_WORDS:]


class RunLog:
    """The results of all attempts together: one for each pod.

    At most one attempt has begun the command in a pod, by the debug container's name (--once), and what that one
    reports is final. Any other result is replaced by that of a later attempt.
    """

    def __init__(self) -> None:
        """Logs of earlier attempts of a shard are read first."""
        self._final: set[tuple[str, str]] = set()
        self._open: dict[tuple[str, str], RunResult] = {}

    def read(self, line: bytes, attempt: Attempt) -> LoggedResult | None:
        """The result in `line` if it is final; raises Malformed for more pods than can be."""
        try:
            told = parse_line(line)
        except Malformed:
            attempt.damaged += 1
            return None
        if isinstance(told, str):
            attempt.say(told)
            return None
        if isinstance(told, ShardEnd):
            attempt.end = told
            return None
        return self._take(told, attempt)

    def _take(self, told: LoggedResult, attempt: Attempt) -> LoggedResult | None:
        pod = (told.result.place.namespace, told.result.place.pod)
        attempt.pods.add(pod)
        if len(self._final) + len(self._open) > MOST_RESULTS:
            raise Malformed(f"the logs name more than {MOST_RESULTS} pods")
        if pod in self._final:
            return None
        if told.result.exit_code is None and not told.result.debug_container:
            if pod not in self._open or not told.result.earlier:
                self._open[pod] = told.result
            return None
        self._open.pop(pod, None)
        self._final.add(pod)
        return told

    def rest(self) -> list[RunResult]:
        """The results that nothing has replaced: failures to begin, and pods of which only an earlier run is known."""
        return list(self._open.values())
