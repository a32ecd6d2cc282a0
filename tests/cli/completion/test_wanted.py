"""What is offered for which words, before anything is looked up."""

from __future__ import annotations

import click
import pytest

from kubectl_dshell.cli.completion.line import read_line
from kubectl_dshell.cli.completion.wanted import NOTHING, Source, Wanted, wanted
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.help import verbs
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.pod.reference import WorkloadKind


def want(*words: str) -> Wanted:
    line = read_line(words, VERBS, open_command)
    assert line is not None
    return wanted(line, verbs())


def offered(*words: str) -> list[str]:
    return [one.word for one in want(*words).words]


def test_every_verb_is_offered_with_what_it_does() -> None:
    assert offered("") == list(VERBS)
    assert all(one.about for one in want("").words)
    assert offered("c") == ["cp", "cleanup", "config", "completion", "cronjob/"]
    assert offered("help", "ex") == ["explain"]


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_flag_is_offered(verb: str) -> None:
    command = VERBS[verb] if verb else open_command
    flags = {
        name for one in command.params if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)
    }

    assert set(offered(*filter(None, [verb]), "--")) == {f for f in flags if f.startswith("--")} | {"--help"}


@pytest.mark.parametrize(
    ("words", "words_offered"),
    [
        (["--profile", ""], list(Profile)),
        (["--profile=ge"], ["--profile=general"]),
        (["cp", "--profile", "b"], ["baseline"]),
        (["ls", "-o", "w"], ["wide"]),
        (["ls", "--state", "running,w"], ["running,waiting"]),
        (["ls", "--state", "running,r"], []),
        (["--cap-add", "NET_ADMIN,SYS_PT"], ["NET_ADMIN,SYS_PTRACE"]),
        (["--dry-run=s"], ["--dry-run=server"]),
        (["completion", "z"], ["zsh"]),
        (["completion", "zsh", ""], []),
        (["gather", ""], ["job/"]),
        (["dep"], ["deploy/"]),
        (["deployment"], ["deployment/", "deployments/"]),
        (["--env", ""], []),
        (["--keep", "3"], []),
        (["image", "bus"], []),
        (["doctor", ""], []),
    ],
)
def test_words_of_the_program(words: list[str], words_offered: list[str]) -> None:
    assert offered(*words) == words_offered


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--context", "pr"], Wanted(Source.CONTEXTS, typed="pr")),
        (["--cluster", ""], Wanted(Source.CLUSTERS)),
        (["ls", "--user", ""], Wanted(Source.USERS)),
        (["-n", "sh"], Wanted(Source.NAMESPACES, typed="sh")),
        (["--namespace=sh"], Wanted(Source.NAMESPACES, before="--namespace=", typed="sh")),
        (["--kubeconfig", ""], Wanted(Source.FILES, files=True)),
        (["--custom", ""], Wanted(Source.FILES, files=True)),
        (["--record", ""], Wanted(Source.FILES, files=True)),
        (["--output-dir", ""], Wanted(Source.FOLDERS, files=True)),
        (["ls", "we"], Wanted(Source.PODS, typed="we")),
        (["web", "we"], Wanted(Source.PODS, typed="we")),
        (["explain", "web", ""], NOTHING),
        (["image", "jq", "--like", "we"], Wanted(Source.PODS, typed="we")),
        (["deploy/we"], Wanted(Source.WORKLOADS, before="deploy/", typed="we", kind=WorkloadKind.DEPLOYMENT)),
        (["explain", "pod/w"], Wanted(Source.WORKLOADS, before="pod/", typed="w", kind=WorkloadKind.POD)),
        (["gather", "job/f"], Wanted(Source.WORKLOADS, before="job/", typed="f", kind=WorkloadKind.JOB)),
        (["node/x"], NOTHING),
        (["attach", "ds"], Wanted(Source.DEBUG_CONTAINERS, typed="ds")),
        (["attach", "x", ""], NOTHING),
        (["cleanup", "x", ""], Wanted(Source.DEBUG_CONTAINERS)),
        (["web", "-c", "a"], Wanted(Source.CONTAINERS, typed="a", pod="web")),
        (["-c", "a"], NOTHING),
        (["pod/web", "--container=a"], Wanted(Source.CONTAINERS, before="--container=", typed="a", pod="web")),
        (["deploy/web", "-c", "a"], Wanted(Source.CONTAINERS, typed="a", pod="web", kind=WorkloadKind.DEPLOYMENT)),
        (["explain", "cj/web", "-c", ""], Wanted(Source.CONTAINERS, pod="web", kind=WorkloadKind.CRONJOB)),
        (["svc/web", "-c", ""], NOTHING),
        (["nosuch/web", "-c", ""], NOTHING),
        (["attach", "deploy/dshell-x", "-c", ""], Wanted(Source.CONTAINERS, pod="deploy")),
        (["cp", "shop/we"], Wanted(Source.PODS, before="shop/", after=":", typed="we", namespace="shop", files=True)),
        (["attach", "web/dshell-x", "-c", ""], Wanted(Source.CONTAINERS, pod="web")),
        (["image", "jq", "--like", "web", "-c", ""], Wanted(Source.CONTAINERS, pod="web")),
        (["cp", "x", "shop/web:/", "-c", ""], Wanted(Source.CONTAINERS, pod="web", namespace="shop")),
        (["cp", "we"], Wanted(Source.PODS, after=":", typed="we", files=True)),
        (["cp", "./we"], Wanted(Source.FILES, files=True)),
        (["cp", "web:/et"], Wanted(Source.PATHS, before="web:/", typed="et", pod="web")),
        (["cp", "web:"], Wanted(Source.PATHS, before="web:", pod="web")),
        (
            ["cp", "shop/web:var/log/a"],
            Wanted(Source.PATHS, before="shop/web:var/log/", typed="a", pod="web", namespace="shop"),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_looked_up(words: list[str], expected: Wanted) -> None:
    assert want(*words) == expected


def test_a_target_may_be_a_pod_a_verb_or_a_workload() -> None:
    assert want("d").source is Source.PODS
    assert {"doctor", "deploy/", "ds/"} <= set(offered("d"))
    assert offered("web", "d") == ["deploy/", "ds/"]
