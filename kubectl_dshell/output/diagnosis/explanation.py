"""What `explain` knows of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.diagnosis import memory, ways
from kubectl_dshell.domain.diagnosis.check import Unknown
from kubectl_dshell.domain.diagnosis.pod_security import judged
from kubectl_dshell.domain.diagnosis.ways import BEFORE_ENTRY, Answer
from kubectl_dshell.output.debug_containers.document import VERSION
from kubectl_dshell.output.diagnosis.paint import paragraph, single_line
from kubectl_dshell.output.document import DocumentFormat, format_document
from kubectl_dshell.output.table import format_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.domain.diagnosis.explanation import Attempt, ContainerFacts, Explanation
    from kubectl_dshell.domain.diagnosis.ways import Process

_STYLES = {Answer.YES: "green", Answer.NO: "bold red", Answer.UNKNOWN: "cyan"}
_GAP = "   "


class _Column(NamedTuple):
    head: str
    cell: Callable[[ContainerFacts], str]
    always: bool = True
    """Else only if a container has something in it."""


_COLUMNS = (
    _Column("CONTAINER", lambda one: one.name),
    _Column("STATE", lambda one: one.state),
    _Column("USER", lambda one: _user(one.process)),
    _Column("GROUPS", lambda one: ",".join(map(str, one.groups)), always=False),
    _Column("KNOWN FROM", lambda one: one.source),
    _Column("CAPABILITIES", lambda one: _capabilities(one.process)),
    _Column("SECCOMP", lambda one: one.seccomp),
    _Column("APPARMOR", lambda one: one.apparmor, always=False),
    _Column("SELINUX", lambda one: one.selinux, always=False),
    _Column("MEMORY LIMIT", lambda one: memory.in_words(one.memory_limit) if one.memory_limit else ""),
)


def format_tables(found: Explanation, width: int, paint: Callable[[str, str], str]) -> str:
    """The pod, its containers, and the ways into them; lines are broken to fit `width` columns (0: not at all)."""
    lines = [line for title, text in _of_the_pod(found) for line in paragraph(f"{title:14}{_GAP}", text, width)]
    cells = [[column.cell(one) for column in _COLUMNS] for one in found.containers]
    shown = [n for n, column in enumerate(_COLUMNS) if column.always or any(row[n] for row in cells)]
    containers = format_table([_COLUMNS[n].head for n in shown], [[row[n] for n in shown] for row in cells])
    return "\n".join(["\n".join(lines), "", containers, *_attempts(found.attempts, width, paint), ""])


def format_explanation(found: Explanation, form: DocumentFormat) -> str:
    """The whole of -o json and -o yaml (docs/json.md)."""
    pod, security = found.pod, found.security
    labels = None if security is None or isinstance(security, Unknown) else security
    document = {
        "apiVersion": VERSION,
        "kind": "Explanation",
        "namespace": pod.namespace,
        "pod": pod.name,
        "phase": pod.phase,
        "node": pod.node or None,
        "runtimeClass": pod.runtime_class or None,
        "ownUserNamespace": found.own_user_namespace,
        "podSecurity": labels
        and {
            "enforce": labels.enforce and str(labels.enforce),
            "version": labels.version or None,
            "warn": labels.warn and str(labels.warn),
        },
        "memory": {
            "limitBytes": found.memory.limit,
            "usedBytes": found.memory.used,
            "leftBytes": found.memory.left,
            "scope": "pod" if found.memory.limit else "node",
        },
        "containers": [_document(found, one) for one in found.containers],
    }
    return format_document(document, form)


def _of_the_pod(found: Explanation) -> list[tuple[str, str]]:
    pod = found.pod
    on = f" on {pod.node}" if pod.node else ""
    return [
        ("pod", f"{pod.name} in namespace {pod.namespace}, {pod.phase}{on}"),
        *([("runtime class", _runtime_class(found))] if pod.runtime_class else []),
        ("user namespace", "its own (hostUsers: false)" if found.own_user_namespace else "the node's"),
        ("Pod Security", _pod_security(found)),
        ("memory", _memory(found.memory)),
        ("dumpable", BEFORE_ENTRY),
    ]


def _runtime_class(found: Explanation) -> str:
    return f"{found.pod.runtime_class}{f': {found.hidden}' if found.hidden else ''}"


def _pod_security(found: Explanation) -> str:
    if isinstance(found.security, Unknown):
        return f"unknown: {found.security.why}"
    return judged(found.pod.namespace, found.security).message


def _memory(found: memory.Memory) -> str:
    if found.limit is None:
        use = "" if found.used is None else f"; the pod uses {memory.in_words(found.used)}"
        return f"no limit for the whole pod: a debug container counts against the node's{use}"
    limit = f"a debug container counts against the pod's limit of {memory.in_words(found.limit)}"
    if found.used is None or found.left is None:
        return f"{limit}; what is left of it is unknown (no metrics)"
    return f"{limit}, of which {memory.in_words(found.used)} are used and {memory.in_words(found.left)} left"


def _attempts(attempts: Sequence[Attempt], width: int, paint: Callable[[str, str], str]) -> list[str]:
    """As a table whose last column may have several lines."""
    heads = ["CONTAINER", "WITH", "RUNS AS", "CAPABILITIES"]
    rows = [[one.container, one.flags, *_debugger(one.debugger)] for one in attempts]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [_GAP.join([*map(str.ljust, heads, widths), "READS THE APP'S FILES"])]
    for one, row in zip(attempts, rows, strict=True):
        before = _GAP.join(map(str.ljust, row, widths)) + _GAP
        first, *rest = paragraph(before, f"{one.verdict.answer}: {_in_short(one.verdict.why)}", width)
        word = one.verdict.answer
        lines += [before + paint(word, _STYLES[word]) + first[len(before) + len(word) :], *rest]
    return lines


def _in_short(why: str) -> str:
    """Without the rules of Pod Security that are violated, which are many; the level says enough."""
    return why.partition("\n")[0].rstrip(":") if "violates PodSecurity" in why else why


def _document(found: Explanation, one: ContainerFacts) -> dict[str, Any]:
    process = one.process
    return {
        "name": one.name,
        "state": one.state,
        "user": {"uid": process.uid, "gid": process.gid, "groups": list(one.groups), "source": one.source},
        "capabilities": None if process.uid is None else sorted(process.capabilities),
        "dumpable": None,
        "seccomp": one.seccomp or None,
        "appArmor": one.apparmor or None,
        "seLinux": one.selinux or None,
        "memoryLimitBytes": one.memory_limit,
        "ways": [_way(attempt) for attempt in found.attempts if attempt.container == one.name],
    }


def _way(one: Attempt) -> dict[str, Any]:
    return {
        "flags": one.flags,
        "identity": one.debugger and {"uid": one.debugger.uid, "gid": one.debugger.gid},
        "capabilities": one.debugger and sorted(one.debugger.capabilities),
        "admitted": one.admitted,
        "readsRoot": str(one.verdict.answer),
        "why": single_line(one.verdict.why),
    }


def _user(process: Process) -> str:
    if process.uid is None:
        return "unknown"
    return f"{process.uid}:{'?' if process.gid is None else process.gid}"


def _capabilities(process: Process) -> str:
    return "unknown" if process.uid is None else ways.in_words(process)


def _debugger(process: Process | None) -> tuple[str, str]:
    return (_user(process), ways.in_words(process)) if process else ("<none>", "<none>")
