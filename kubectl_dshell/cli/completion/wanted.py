"""What is to be offered for a command line, by the types and the names of its flags and arguments."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kubectl_dshell.cli.completion.line import OPEN, Line, flags_of
from kubectl_dshell.cli.flags.param_types import AnyOf, Capabilities, CustomProfile, PodName
from kubectl_dshell.domain.pod.reference import WorkloadKind, kind_spelled, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Source(Enum):
    """Where candidates are: in the program, on this machine, or in the cluster."""

    WORDS = auto()
    FILES = auto()
    FOLDERS = auto()
    CONTEXTS = auto()
    CLUSTERS = auto()
    USERS = auto()
    NAMESPACES = auto()
    PODS = auto()
    WORKLOADS = auto()
    CONTAINERS = auto()
    DEBUG_CONTAINERS = auto()
    PATHS = auto()


class Candidate(NamedTuple):
    """One word to offer, and what it is."""

    word: str
    about: str = ""


class Wanted(NamedTuple):
    """What to offer; `words` are known already, and come after those of `source`."""

    source: Source
    words: tuple[Candidate, ...] = ()
    before: str = ""
    """Precedes each candidate of `source` in its word."""
    after: str = ""
    """Follows each of them."""
    typed: str = ""
    """What has been typed of the part between them."""
    pod: str = ""
    """The pod in which to look, or the object of another `kind`."""
    namespace: str = ""
    """That of the pod; empty: the one of the flags."""
    kind: WorkloadKind | None = None
    files: bool = False
    """Names of local files are also possible."""


NOTHING = Wanted(Source.WORDS)
_BY_NAME = {
    "namespace": Source.NAMESPACES,
    "context": Source.CONTEXTS,
    "cluster": Source.CLUSTERS,
    "user": Source.USERS,
    "container": Source.CONTAINERS,
}
_PODS_AND_DEBUG_CONTAINERS = {"attach", "cleanup"}
_PODS_AND_KINDS = {OPEN, "explain"}


def wanted(line: Line, verbs: Mapping[str, str]) -> Wanted:
    """What to offer for `line`; `verbs` are those of the program, each with its description."""
    if line.flag is not None:
        return _value(line, line.flag)
    if line.current.startswith("-"):
        return Wanted(Source.WORDS, tuple(_flags(line.command, line.current)))
    if line.verb == "cp":
        return _end_of_copy(line.current)
    if line.verb in _PODS_AND_DEBUG_CONTAINERS:
        full = line.verb == "attach" and line.operands
        return NOTHING if full else Wanted(Source.DEBUG_CONTAINERS, typed=line.current)
    if line.verb == "gather":
        return _workload(line.current) if line.current.startswith("job") else _matching(line.current, [("job/", "")])
    if line.verb == "completion":
        return NOTHING if line.operands else _matching(line.current, _choices(line.command.params))
    if line.verb == "help":
        return _matching(line.current, verbs.items())
    if line.verb == "ls":
        return Wanted(Source.PODS, typed=line.current)
    return _target(line, verbs) if line.verb in _PODS_AND_KINDS else NOTHING


def _target(line: Line, verbs: Mapping[str, str]) -> Wanted:
    if line.verb and line.operands:
        return NOTHING
    if "/" in line.current:
        return _workload(line.current)
    words = list(verbs.items()) if not line.verb and not line.operands else []
    kinds = [(f"{kind}/", "") for kind in spellings(line.current)] if line.current else []
    return Wanted(Source.PODS, _matching(line.current, words + kinds).words, typed=line.current)


def _workload(current: str) -> Wanted:
    spelled, slash, name = current.partition("/")
    kind = kind_spelled(spelled)
    if not slash or kind is None:
        return _matching(current, [("job/", "")])
    return Wanted(Source.WORKLOADS, before=f"{spelled}/", typed=name, kind=kind)


def _end_of_copy(current: str) -> Wanted:
    """A file of this machine, or POD:PATH; a directory of the app ends with a slash, so that typing can go on."""
    if current.startswith((".", "/", "~")):
        return Wanted(Source.FILES, files=True)
    where, colon, path = current.partition(":")
    namespace, slash, pod = where.rpartition("/")
    if not colon:
        return Wanted(Source.PODS, before=namespace + slash, after=":", typed=pod, namespace=namespace, files=True)
    folder = path[: path.rfind("/") + 1]
    return Wanted(Source.PATHS, before=f"{where}:{folder}", typed=path[len(folder) :], pod=pod, namespace=namespace)


def _value(line: Line, flag: click.Option) -> Wanted:
    typed, before = line.current, line.prefix
    if values := list(_choices([flag])):
        return _matching(typed, values, before)
    if isinstance(flag.type, AnyOf | Capabilities):
        return _one_more(typed, flag.type, before)
    if isinstance(flag.type, PodName):
        return Wanted(Source.PODS, before=before, typed=typed)
    source = _BY_NAME.get(flag.name or "")
    if source is Source.CONTAINERS:
        return _container(line)
    if source is not None:
        return Wanted(source, before=before, typed=typed)
    if isinstance(flag.type, click.Path) and not flag.type.file_okay:
        return Wanted(Source.FOLDERS, files=True)
    local = isinstance(flag.type, click.Path | CustomProfile) or flag.metavar == "FILE"
    return Wanted(Source.FILES, files=True) if local else NOTHING


def _container(line: Line) -> Wanted:
    ends = [word for word in (line.given.get("like", ""), *line.operands) if word]
    if line.verb == "cp":
        ends = [word.partition(":")[0] for word in ends if ":" in word]
        namespace, _, pod = ends[0].rpartition("/") if ends else ("", "", "")
    else:
        return _containers_of(line, ends[0]) if ends else NOTHING
    return (
        Wanted(Source.CONTAINERS, before=line.prefix, typed=line.current, pod=pod, namespace=namespace)
        if pod
        else NOTHING
    )


def _containers_of(line: Line, target: str) -> Wanted:
    """Of POD or KIND/NAME, or of the POD/NAME of attach; a service has no containers, only its pods do."""
    first, slash, name = target.partition("/")
    kind = kind_spelled(first) if slash else None
    found = Wanted(Source.CONTAINERS, before=line.prefix, typed=line.current, pod=name if kind else first)
    if kind is WorkloadKind.POD:
        return found
    if line.verb == "attach":
        return found._replace(pod=first)
    if kind is None:
        return NOTHING if slash else found
    return NOTHING if kind is WorkloadKind.SERVICE else found._replace(kind=kind)


def _one_more(typed: str, kind: AnyOf[Any] | Capabilities, before: str) -> Wanted:
    """The last of several values, separated by commas."""
    done, comma, last = typed.rpartition(",")
    left = [(word, "") for word in kind.words() if word not in done.split(",")]
    return _matching(last, left, f"{before}{done}{comma}")


def _matching(typed: str, found: Iterable[tuple[str, str]], before: str = "") -> Wanted:
    words = tuple(Candidate(before + word, about) for word, about in found if word.startswith(typed))
    return Wanted(Source.WORDS, words)


def _choices(params: Iterable[click.Parameter]) -> list[tuple[str, str]]:
    kinds = (param.type for param in params)
    return [(str(choice), "") for kind in kinds if isinstance(kind, click.Choice) for choice in kind.choices]


def _flags(command: click.Command, typed: str) -> list[Candidate]:
    """The long names: a short one is as long as its candidate."""
    found = flags_of(command)
    names = [name for name in found if name.startswith("--")]
    about = {name: (found[name].help or "").partition(". ")[0].partition("; ")[0][:80] for name in names}
    about["--help"] = "Show the flags."
    return [Candidate(name, text) for name, text in about.items() if name.startswith(typed)]
