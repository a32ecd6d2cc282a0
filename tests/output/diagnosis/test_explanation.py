"""An explanation as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from kubectl_dshell.domain.diagnosis.check import Unknown
from kubectl_dshell.domain.diagnosis.explanation import Attempt, Explanation, facts_of
from kubectl_dshell.domain.diagnosis.memory import Memory
from kubectl_dshell.domain.diagnosis.pod_security import Level, PodSecurity
from kubectl_dshell.domain.diagnosis.ways import Answer, Process, Verdict
from kubectl_dshell.domain.runtime.capabilities import defaults
from kubectl_dshell.output.diagnosis.explanation import format_explanation, format_tables
from kubectl_dshell.output.document import Format
from tests.pods import make_pod, running

DEFAULT = defaults("containerd").capabilities
MI = 1 << 20
SPEC = {
    "containers": [
        {"name": "app", "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
        {"name": "proxy", "resources": {"limits": {"memory": "64Mi"}}},
    ]
}
POD = make_pod(spec=SPEC, statuses=[running(), running("proxy", user=(0, 0))])
VIOLATION = (
    'the namespace\'s Pod Security level "baseline" does not allow it:\n  violates PodSecurity "baseline:latest": much'
)
FOUND = Explanation(
    pod=POD,
    security=PodSecurity(Level.BASELINE, "v1.30"),
    memory=Memory(None),
    containers=tuple(facts_of(POD, container, None) for container in POD.containers),
    attempts=(
        Attempt("app", "--profile auto", Process(65532, 65532, frozenset()), True, Verdict(Answer.YES, "it is let in")),
        Attempt(
            "app", "--profile general", Process(0, 0, DEFAULT | {"SYS_PTRACE"}), False, Verdict(Answer.NO, VIOLATION)
        ),
        Attempt("proxy", "--profile auto", None, None, Verdict(Answer.UNKNOWN, "first\n  second\x1b[31m")),
    ),
)


def plain(text: str, _style: str) -> str:
    return text


def test_the_pod_its_containers_and_the_ways_in() -> None:
    pod, containers, ways = (part.splitlines() for part in format_tables(FOUND, 0, plain).split("\n\n"))

    assert pod[:3] == [
        "pod              web in namespace shop, Running on node-1",
        "user namespace   the node's",
        "Pod Security     baseline (v1.30): apps are entered as their own user, root included; --profile general is refused",
    ]
    assert [line[:14].rstrip() for line in pod[3:]] == ["memory", "dumpable"]
    assert containers == [
        "CONTAINER   STATE     USER          GROUPS   KNOWN FROM   CAPABILITIES   SECCOMP          MEMORY LIMIT",
        "app         running   65532:65532   65532    status       none           RuntimeDefault   <none>",
        "proxy       running   0:0           0        status       default        <none>           64Mi",
    ]
    assert ways == [
        "CONTAINER   WITH                RUNS AS       CAPABILITIES         READS THE APP'S FILES",
        "app         --profile auto      65532:65532   none                 yes: it is let in",
        f"app         --profile general   0:0           default,SYS_PTRACE   no: {VIOLATION.partition(':')[0]}",
        "proxy       --profile auto      <none>        <none>               unknown: first",
        "                                                                   second\\x1b[31m",
    ]


def test_columns_that_nobody_fills_are_left_out() -> None:
    labelled = replace(FOUND.containers[0], apparmor="RuntimeDefault", groups=())

    heads = format_tables(replace(FOUND, containers=(labelled,)), 0, plain).split("\n\n")[1].splitlines()[0]

    assert "APPARMOR" in heads
    assert "SELINUX" not in heads
    assert "GROUPS" not in heads


def test_only_the_answer_is_coloured() -> None:
    text = format_tables(FOUND, 0, lambda word, style: f"<{style}>{word}</>")

    assert [
        word for word in ("<green>yes</>: it", "<bold red>no</>: the", "<cyan>unknown</>: first") if word in text
    ] == [
        "<green>yes</>: it",
        "<bold red>no</>: the",
        "<cyan>unknown</>: first",
    ]
    assert text.count("</>") == 3


def test_lines_fit_the_terminal() -> None:
    text = format_tables(FOUND, 100, plain)

    assert max(len(line) for part in (0, 2) for line in text.split("\n\n")[part].splitlines()) <= 100


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        (Memory(None), "no limit for the whole pod: a debug container counts against the node's"),
        (Memory(None, 5 * MI), "no limit for the whole pod: a debug container counts against the node's; the pod uses 5Mi"),
        (Memory(8 * MI), "a debug container counts against the pod's limit of 8Mi; what is left of it is unknown (no metrics)"),
        (Memory(8 * MI, 3 * MI), "a debug container counts against the pod's limit of 8Mi, of which 3Mi are used and 5Mi left"),
    ],
)  # fmt: skip
def test_memory_is_told(memory: Memory, said: str) -> None:
    assert f"memory           {said}\n" in format_tables(replace(FOUND, memory=memory), 0, plain)


@pytest.mark.parametrize(
    ("security", "said"),
    [
        (Unknown("you may not get namespaces"), "unknown: you may not get namespaces"),
        (None, 'there is no namespace "shop"'),
    ],
)
def test_labels_that_cannot_be_read_are_told(security: Any, said: str) -> None:
    assert f"Pod Security     {said}\n" in format_tables(replace(FOUND, security=security), 0, plain)


@pytest.mark.parametrize(
    ("runtime_class", "said"), [("nvidia", "nvidia"), ("gvisor", "gvisor: by the name of its runtime class (gvisor)")]
)
def test_a_runtime_class_is_told(runtime_class: str, said: str) -> None:
    found = replace(FOUND, pod=POD._replace(runtime_class=runtime_class))

    assert f"runtime class    {said}" in format_tables(found, 0, plain)
    assert json.loads(format_explanation(found, Format.JSON))["runtimeClass"] == runtime_class
    assert "runtime class" not in format_tables(FOUND, 0, plain)


def test_a_user_that_the_image_decides_is_unknown() -> None:
    spec = {"containers": [{"name": "app", "securityContext": {"runAsUser": 5}}, {"name": "proxy"}]}
    pod = make_pod(spec=spec, statuses=[running(user=None), running("proxy", user=None)])
    facts = tuple(facts_of(pod, container, None) for container in pod.containers)

    _, app, proxy = format_tables(replace(FOUND, containers=facts), 0, plain).split("\n\n")[1].splitlines()

    assert app.split()[2:5] == ["5:?", "spec,", "image"]
    assert proxy.split()[2:5] == ["unknown", "image", "unknown"]
    found = json.loads(format_explanation(replace(FOUND, containers=facts), Format.JSON))["containers"]
    assert [one["capabilities"] for one in found] == [[], None]


def test_programs_get_one_document() -> None:
    found = json.loads(format_explanation(replace(FOUND, memory=Memory(8, 3)), Format.JSON))

    app, proxy = found.pop("containers")
    assert found == {
        "apiVersion": "dshell/v1",
        "kind": "Explanation",
        "namespace": "shop",
        "pod": "web",
        "phase": "Running",
        "node": "node-1",
        "runtimeClass": None,
        "ownUserNamespace": False,
        "podSecurity": {"enforce": "baseline", "version": "v1.30", "warn": None},
        "memory": {"limitBytes": 8, "usedBytes": 3, "leftBytes": 5, "scope": "pod"},
    }
    auto, general = app.pop("ways")
    assert app == {
        "name": "app",
        "state": "running",
        "user": {"uid": 65532, "gid": 65532, "groups": [65532], "source": "status"},
        "capabilities": [],
        "dumpable": None,
        "seccomp": "RuntimeDefault",
        "appArmor": None,
        "seLinux": None,
        "memoryLimitBytes": None,
    }
    assert auto == {
        "flags": "--profile auto",
        "identity": {"uid": 65532, "gid": 65532},
        "capabilities": [],
        "admitted": True,
        "readsRoot": "yes",
        "why": "it is let in",
    }
    assert general["why"].endswith('violates PodSecurity "baseline:latest": much')
    assert (proxy["ways"][0]["identity"], proxy["ways"][0]["why"]) == (None, "first second [31m")
    assert yaml.safe_load(format_explanation(FOUND, Format.YAML))["memory"]["scope"] == "node"


@pytest.mark.parametrize("security", [None, Unknown("no")])
def test_labels_that_are_unknown_are_null(security: Any) -> None:
    assert json.loads(format_explanation(replace(FOUND, security=security), Format.JSON))["podSecurity"] is None
