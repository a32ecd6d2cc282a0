"""Looks candidates up: in the kubeconfig, in the cluster, in a pod."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.completion.wanted import Candidate, Source, Wanted
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.selection import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.cli.completion.line import Line
    from kubectl_dshell.kube.connection.options import ConnectionOptions
    from kubectl_dshell.kube.names import Named
    from kubectl_dshell.kube.rest.api import Api

SECONDS = 1.5
"""For each of the few things that are waited for: a response, a credential plugin, an exec."""
_RUNNING = "Running"
_SECTIONS = {Source.CONTEXTS: "contexts", Source.CLUSTERS: "clusters", Source.USERS: "users"}


def look_up(want: Wanted, line: Line) -> list[Candidate]:
    """The candidates of `want.source`. Raises DshellError, and click.UsageError for invalid flags on the line."""
    if want.source in (Source.WORDS, Source.FILES, Source.FOLDERS):
        return []
    flags = click.Command(None, params=[*ConnectionFlags.params(), NAMESPACE])
    context = flags.make_context("complete", list(line.connection))
    given, namespace = ConnectionFlags.read(context), want.namespace or NAMESPACE.value(context)
    if want.source in _SECTIONS:
        return _entries(_SECTIONS[want.source], given.kubeconfig)
    if want.source is Source.PATHS:
        return _paths(want, line, given, namespace)
    options = given.to_options(namespace)
    return _in_cluster(want, line, options.within(SECONDS))


def _entries(section: str, kubeconfig: str | None) -> list[Candidate]:
    from kubectl_dshell.kube.kubeconfig.files import load

    return [Candidate(name) for name in load(kubeconfig, os.environ).sections[section]]


def _in_cluster(want: Wanted, line: Line, options: ConnectionOptions) -> list[Candidate]:
    from kubectl_dshell.domain.pod.reference import WorkloadKind
    from kubectl_dshell.kube.auth.user_terminal import UserTerminal
    from kubectl_dshell.kube.connection.resolve import connect
    from kubectl_dshell.kube.names import Names, containers, template
    from kubectl_dshell.kube.rest.api import TABLE, Api

    terminal = UserTerminal(session_seconds=SECONDS)
    terminal.take()  # no credential plugin may ask for anything
    connection = connect(options, os.environ, terminal)
    namespace, names = connection.namespace, Names(Api(connection, accept=TABLE))
    match want.source:
        case Source.NAMESPACES:
            return _plain(names.namespaces())
        case Source.WORKLOADS if want.kind is not None and want.kind is not WorkloadKind.POD:
            return _plain(names.of_kind(namespace, want.kind))
        case Source.PODS | Source.WORKLOADS:
            return running_first(names.of_kind(namespace, WorkloadKind.POD))
        case Source.DEBUG_CONTAINERS:
            return _debug_containers(Api(connection), namespace, want, line)
        case _ if want.kind is not None:
            from kubectl_dshell.domain.pod.reference import Reference
            from kubectl_dshell.kube.workloads import Workloads

            workload = Workloads(Api(connection)).get_workload(namespace, Reference(want.kind, want.pod))
            return _plain(containers(template(workload)))
        case _:
            from kubectl_dshell.kube.pods import Pods

            return _plain(containers(Pods(Api(connection)).get_pod(namespace, want.pod)))


def running_first(pods: Iterable[Named]) -> list[Candidate]:
    """Pods with their status: those that run, then the others, each by name."""
    ordered = sorted(pods, key=lambda pod: (pod.status != _RUNNING, pod.name))
    return [Candidate(*pod) for pod in ordered]


def _plain(found: Iterable[Named]) -> list[Candidate]:
    return [Candidate(*one) for one in found]


def _debug_containers(api: Api, namespace: str, want: Wanted, line: Line) -> list[Candidate]:
    """The live ones: NAME, or POD/NAME where the word has a slash or the name is used in several pods."""
    from collections import Counter

    from kubectl_dshell.domain.debug_container.status import debug_containers
    from kubectl_dshell.domain.pod.pod import Phase
    from kubectl_dshell.domain.pod.unreadable import parse_pods
    from kubectl_dshell.kube.pods import Pods

    everyone = "any_tool" in line.given
    pods = parse_pods(Pods(api).list_debugged(namespace), lambda _pod: None)
    live = [
        one
        for pod in pods
        for one in debug_containers(pod)
        if one.phase is not Phase.TERMINATED and (one.ours or everyone)
    ]
    often = Counter(one.name for one in live)
    return [
        Candidate(f"{one.pod}/{one.name}" if "/" in want.typed or often[one.name] > 1 else one.name, f"in {one.pod}")
        for one in live
    ]


def _paths(want: Wanted, line: Line, given: ConnectionFlags, namespace: str | None) -> list[Candidate]:
    from kubectl_dshell.cli.wiring import ports
    from kubectl_dshell.commands.cp.names import names_in

    folder = want.before.partition(":")[2]
    with ports(given, namespace, quiet=True, unattended=SECONDS) as (bound, where):
        chosen = line.given.get("container")
        names = names_in(where, want.pod, chosen, folder, want.typed, bound, seconds=SECONDS)
    return [Candidate(name) for name in names]
