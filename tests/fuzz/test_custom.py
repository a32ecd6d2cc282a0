"""Custom profiles: any document is refused with its name, or merged into an entry that is JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.access.custom import parse_custom
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Privilege, Profile, security_context
from kubectl_dshell.domain.access.privilege_check import PrivilegeCheck
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.debug_container.purpose import differences
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.errors import Forbidden, Malformed
from tests.pods import STARTER, make_pod

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["ALL", "SYS_PTRACE", "$patch"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["ALL", "SYS_PTRACE", "MKNOD"])
CAPABILITIES = st.fixed_dictionaries({}, optional={"add": st.lists(NAMES) | VALUES, "drop": st.lists(NAMES) | VALUES})
SECURITY = st.fixed_dictionaries(
    {},
    optional={
        "runAsUser": st.integers(0, 3) | VALUES,
        "runAsGroup": st.integers(0, 3) | VALUES,
        "privileged": st.booleans() | VALUES,
        "capabilities": CAPABILITIES | VALUES,
        "other": VALUES,
    },
)
VARIABLES = st.lists(st.fixed_dictionaries({"name": st.text(max_size=5)}, optional={"value": VALUES}), max_size=3)
DOCUMENTS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "env": VARIABLES | VALUES,
        "securityContext": SECURITY | VALUES,
        "volumeMounts": VALUES,
        "imagePullPolicy": VALUES,
        "name": VALUES,
    },
)


def outcome(act: Callable[[], Any]) -> Any:
    """What it returns, or the refusal that it raises."""
    try:
        return act()
    except (Malformed, Forbidden, ValueError) as refusal:
        return refusal


@given(DOCUMENTS, st.sampled_from(Profile), st.integers(0, 2))
def test_any_document(document: Any, profile: Profile, uid: int) -> None:
    custom = outcome(lambda: parse_custom("f.yaml", document))
    if isinstance(custom, Exception):
        assert "f.yaml" in str(custom)
        return
    pod, privilege, identity = make_pod(), Privilege(profile, custom=custom), Identity(uid, 0, Source.CUSTOM)
    security = security_context(privilege, pod, pod.containers[0], identity)
    wanted = DebugSpec("app", "busybox:1.37", None, security, "ada", "0", 60, (("A", "b"),), custom=custom.rest)
    entry = container_spec("dshell-a", wanted, ["sh"], STARTER)
    check = PrivilegeCheck(privilege, security, Target(pod, pod.containers[0]), identity, "again")

    json.dumps(entry)
    assert entry["name"] == "dshell-a"
    assert differences(entry, wanted) in ([], ["its environment (--env) differs"])
    assert isinstance(outcome(check.refuse), Forbidden | None)
