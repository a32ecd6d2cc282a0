"""Nodes, namespaces and containers as an opponent writes them: judged, or Malformed, and printed within bounds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.diagnosis import features, nodes
from kubectl_dshell.domain.diagnosis.check import Check, Checkup
from kubectl_dshell.domain.diagnosis.explanation import Attempt, Explanation, facts_of
from kubectl_dshell.domain.diagnosis.memory import Memory, pod_limit, used
from kubectl_dshell.domain.diagnosis.nodes import Node, parse_node
from kubectl_dshell.domain.diagnosis.pod_security import judged, parse_pod_security
from kubectl_dshell.domain.diagnosis.ways import reads_root
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.errors import Malformed
from kubectl_dshell.output.diagnosis.checkup import format_checkup, format_lines
from kubectl_dshell.output.diagnosis.explanation import format_explanation, format_tables
from kubectl_dshell.output.document import Format
from kubectl_dshell.output.escape import escape
from tests.fuzz.test_pods import WORDS
from tests.pods import pod_json, running

LONGEST_LINE = 4000
LONGEST_TABLE_LINE = 30_000
"""Of a container whose every profile, and each of whose few capabilities, is as long as it may be."""

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
names = st.lists(WORDS | st.sampled_from(["busybox:1.37", "docker.io/library/busybox:1.37"]), max_size=3) | anything
images = st.lists(st.fixed_dictionaries({"names": names}) | anything, max_size=60) | anything
info = st.fixed_dictionaries(
    {},
    optional={
        "operatingSystem": st.just("linux") | WORDS,
        "kubeletVersion": st.just("v1.36.3") | WORDS | anything,
        "containerRuntimeVersion": st.just("containerd://2.2.1") | WORDS | anything,
    },
)
node = st.fixed_dictionaries(
    {"metadata": st.just({"name": "node-1"}) | anything},
    optional={"status": st.fixed_dictionaries({}, optional={"nodeInfo": info | anything, "images": images})},
)
label = st.sampled_from(["enforce", "enforce-version", "warn"]).map(lambda mode: f"pod-security.kubernetes.io/{mode}")
levels = WORDS | st.sampled_from(["baseline", "restricted", "privileged", "latest", "v1.30"]) | anything
namespace = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({}, optional={"labels": st.dictionaries(label, levels) | anything})}
)


def check(*found: Check) -> None:
    """Whatever is in them, they are one line each, and harmless."""
    text = format_lines(Checkup("shop", "ada", found), 0, lambda word, _style: word)
    assert len(text.splitlines()) >= len(found)
    assert max(map(len, text.splitlines())) < LONGEST_LINE
    assert escape(text) == text
    format_checkup(Checkup("shop", "ada", found), Format.YAML)


@given(st.lists(node, max_size=4), WORDS)
def test_nodes_are_judged_or_malformed(listed: list[Any], told: str) -> None:
    parsed = list[Node]()
    for one in listed:
        try:
            if (made := parse_node(one, "busybox:1.37")) is not None:
                parsed.append(made)
        except Malformed:
            continue
    check(
        nodes.versions(parsed),
        nodes.debug_image("busybox:1.37", parsed),
        features.container_user(told[:64], parsed, (0, 0)),
        features.image_volumes(told[:64], parsed),
    )


limits = st.fixed_dictionaries({"limits": st.fixed_dictionaries({"memory": st.just("64Mi") | WORDS | anything})})
capability = st.sampled_from(["ALL", "NET_ADMIN", "CAP_KILL"]) | WORDS
listed_capabilities = st.fixed_dictionaries({}, optional={"add": st.lists(capability, max_size=3) | anything})
profile = st.fixed_dictionaries({"type": st.just("Localhost") | WORDS}, optional={"localhostProfile": WORDS | anything})
security = st.fixed_dictionaries(
    {},
    optional={
        "runAsUser": st.sampled_from([0, 5]) | anything,
        "capabilities": listed_capabilities | anything,
        "seccompProfile": profile | anything,
        "appArmorProfile": profile | anything,
        "seLinuxOptions": st.dictionaries(st.sampled_from(["user", "level"]), WORDS | anything) | anything,
    },
)
container = st.fixed_dictionaries(
    {"name": st.just("app")}, optional={"securityContext": security | anything, "resources": limits | anything}
)


@given(container, security | anything, st.lists(WORDS, max_size=2), st.lists(st.integers() | anything, max_size=3))
def test_containers_are_explained_or_malformed(app: Any, of_the_pod: Any, use: list[str], groups: list[Any]) -> None:
    metrics = {"containers": [{"usage": {"memory": one}} for one in use]}
    status = running()
    status["user"]["linux"]["supplementalGroups"] = groups
    json = pod_json(spec={"containers": [app], "securityContext": of_the_pod}, statuses=[status])
    try:
        pod = parse_pod(json)
        facts = facts_of(pod, pod.containers[0], None)
        memory = Memory(pod_limit(pod), used(metrics))
    except Malformed:
        return
    attempt = Attempt("app", "--profile auto", None, None, reads_root(facts.process, facts.process))
    found = Explanation(pod, None, memory, (facts,), (attempt,))
    text = format_tables(found, 0, lambda word, _style: word)
    assert escape(text) == text
    assert max(map(len, text.splitlines())) < LONGEST_TABLE_LINE
    format_explanation(found, Format.YAML)


@given(namespace)
def test_labels_are_judged_or_malformed(labelled: Any) -> None:
    try:
        found = parse_pod_security(labelled)
    except Malformed:
        return
    check(judged("shop", found))
