"""Who is not allowed to is told by whom, in whose words, and what would do; what was added to the pod is told."""

from __future__ import annotations

import os
import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.waiting import wait_until

from .pods import RESTRICTED, Pod, app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
FORBIDDEN, UNAVAILABLE = 77, 69


@pytest.fixture
def limited_user(make_user: MakeUser, dshell: Dshell, tmp_path: Path) -> Any:
    """The program as a user with the documented Role but for one verb on one resource; and the user's name."""

    def make(verb: str, resource: str, namespace: str) -> tuple[str, Dshell]:
        (role,) = [one for one in yaml.safe_load_all(SESSION_ROLE.read_text()) if one]
        for rule in role["rules"]:
            if rule["resources"] == [resource]:
                rule["verbs"].remove(verb)
        role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
        manifest = tmp_path / "role.yaml"
        manifest.write_text(yaml.safe_dump(role))
        user, kubeconfig = make_user("limited", manifest, namespace)
        return user, dshell.with_kubeconfig(kubeconfig)

    return make


@pytest.fixture
def paste(cluster: Cluster) -> Any:
    """Runs what was printed, as the administrator, in a shell that has kubectl."""
    program = Path(cluster.kubectl_program)
    path = f"{program.parent}:{os.environ['PATH']}" if program.is_absolute() else os.environ["PATH"]
    env = {"PATH": path, "KUBECONFIG": str(cluster.kubeconfig), "HOME": "/nonexistent"}

    def run(commands: str) -> None:
        shell = ["sh", "-ec", commands]
        done = subprocess.run(shell, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    return run


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "pods"),
        ("patch", "pods/ephemeralcontainers"),
        ("create", "pods/exec"),
        ("get", "pods/exec"),
    ],
)
def test_a_missing_right_is_named_and_the_printed_role_suffices(
    make_pod: MakePod, limited_user: Any, paste: Any, make_namespace: MakeNamespace, verb: str, resource: str
) -> None:
    pod = make_pod(namespace=make_namespace())
    user, limited = limited_user(verb, resource, pod.namespace)
    named = "the current user" if (verb, resource) == ("create", "pods/exec") else user  # the server does not name it

    refused = limited(pod.name, "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, *stays, advice = refused.stderr.partition("\n  ")[0].splitlines()
    commands = refused.stderr[refused.stderr.index("\n  ") + 1 :].splitlines()
    assert first == f"error: {named} may not {verb} {resource} in namespace {pod.namespace}"
    assert stays == [
        f"{name} was added to {pod.name}; it ends by itself within 50 s." for name in pod.debug_containers()
    ]
    assert advice == "Grant it with manifests/rbac/session.yaml, or:"
    assert (pod.debug_containers() == {}) is (resource != "pods/exec")

    paste("\n".join(line.removeprefix("  ") for line in commands).replace("NAME  # yours: kubectl auth whoami", user))
    allowed = limited(pod.name, "--", "cat", "app/secret.txt")

    assert (allowed.code, allowed.stdout, allowed.stderr) == (0, b"only the app reads this\n", "")


def test_who_may_not_even_list_still_hears_that_there_is_no_such_pod(
    make_user: MakeUser, dshell: Dshell, namespace: str
) -> None:
    _, kubeconfig = make_user("no-list", SESSION_ROLE)

    refused = dshell.with_kubeconfig(kubeconfig)("wbe", "--", "true")

    assert (refused.code, refused.stdout) == (66, b"")
    assert refused.stderr.splitlines() == [
        f'error: no pod "wbe" in namespace {namespace}',
        f"List them with: kubectl get pods -n {namespace} (another namespace: -n)",
    ]


def test_pod_security_speaks_in_the_server_s_words(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(app(securityContext=RESTRICTED), namespace=make_namespace("restricted"))

    refused = dshell(pod.name, "-n", pod.namespace, "--run-as", "0", "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, server, advice = refused.stderr.splitlines()
    assert first == 'error: the namespace\'s Pod Security level "restricted" does not allow the debug container:'
    assert server.startswith(f'  pods "{pod.name}" is forbidden: violates PodSecurity "restricted:latest": ')
    assert "must not set runAsUser=0" in server
    assert advice.startswith("Nothing was added to the pod.")
    assert pod.debug_containers() == {}


ADMISSION = {"apiVersion": "admissionregistration.k8s.io/v1"}
ADDING, EXEC = ("UPDATE", "pods/ephemeralcontainers"), ("CONNECT", "pods/exec")


def rule(what: tuple[str, str]) -> Json:
    return {"apiGroups": [""], "apiVersions": ["v1"], "operations": [what[0]], "resources": [what[1]]}


def only(namespace: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


@contextmanager
def in_force(cluster: Cluster, namespace: str, what: tuple[str, str], expression: str, message: str) -> Iterator[str]:
    """The name of a policy for one namespace."""
    name = f"e2e-{secrets.token_hex(3)}-{namespace}"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule(what)]},
        "validations": [{"expression": expression, "message": message}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": only(namespace)}
    cluster.apply(
        {**ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
        {**ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": binding},
    )
    yield name
    kinds = ("validatingadmissionpolicybinding", "validatingadmissionpolicy")
    cluster.kubectl("delete", *(f"{kind}/{name}" for kind in kinds), "--wait=false", check=False)


@pytest.fixture
def policy(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A policy in force in the module's namespace: no debug containers with busybox."""
    expression = "object.spec.ephemeralContainers.all(c, !c.image.startsWith('busybox'))"
    with in_force(
        cluster, namespace, ADDING, expression, "debug images come from our own registry: ask #platform"
    ) as name:
        yield name


def test_an_admission_policy_speaks_in_its_own_words(make_pod: MakePod, dshell: Dshell, policy: str) -> None:
    pod = make_pod()
    rehearse = (pod.name, "--dry-run=server")
    wait_until(lambda: dshell(*rehearse).code != 0, 60, "the policy in force")

    refused = dshell(pod.name, "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, servers, advice = refused.stderr.splitlines()
    assert first == "error: an admission policy of the cluster denied the debug container:"
    assert servers == (
        f"  pods \"{pod.name}\" is forbidden: ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: "
        "debug images come from our own registry: ask #platform"
    )
    assert advice == (
        "Nothing was added to the pod. A cluster administrator can exempt it; other flags may satisfy the policy "
        "(--image, --run-as, --profile)."
    )
    assert pod.debug_containers() == {}


def added_and_ending(pod: Pod, line: str) -> None:
    """One debug container was added, it is named, and it ends without anybody's help."""
    (name,) = pod.debug_containers()
    assert line == f"{name} was added to {pod.name}; it ends by itself within 50 s."
    wait_until(lambda: pod.debug_containers()[name].state == "terminated", 75, "its end")


def test_a_policy_that_denies_exec_speaks_in_its_own_words_and_what_was_added_is_named(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(namespace=make_namespace())
    probe = ("exec", pod.name, "-n", pod.namespace, "--", "/nothing")
    with in_force(cluster, pod.namespace, EXEC, "false", "no shells on a Friday: ask #platform") as name:
        wait_until(lambda: "no shells" in cluster.kubectl(*probe, check=False).stderr, 60, "the policy in force")

        refused = dshell(pod.name, "-n", pod.namespace, "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, servers, stays, advice = refused.stderr.splitlines()
    assert first == f"error: an admission policy of the cluster denied exec in {pod.name}:"
    assert servers == (
        f"  pods \"{pod.name}\" is forbidden: ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: "
        "no shells on a Friday: ask #platform"
    )
    assert advice == "A cluster administrator can exempt it."
    added_and_ending(pod, stays)


@pytest.mark.parametrize("what", [ADDING, EXEC], ids=["adding", "exec"])
def test_a_webhook_that_is_down_is_named(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell, what: tuple[str, str]
) -> None:
    pod = make_pod(namespace=make_namespace())
    name = f"e2e-{secrets.token_hex(3)}.dshell.test"
    webhook = {
        "name": name,
        "rules": [rule(what)],
        "clientConfig": {"url": "https://127.0.0.1:1/nobody"},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        **only(pod.namespace),
    }
    kind = "ValidatingWebhookConfiguration"
    cluster.apply({**ADMISSION, "kind": kind, "metadata": {"name": name}, "webhooks": [webhook]})
    try:
        down = f'failed calling webhook "{name}"'
        add = ("debug", pod.name, "-n", pod.namespace, "--image=busybox:1.37", "--", "true")
        probe = add if what == ADDING else ("exec", pod.name, "-n", pod.namespace, "--", "/nothing")
        wait_until(lambda: down in cluster.kubectl(*probe, check=False).stderr, 60, "the webhook in force")
        before = len(pod.debug_containers())

        refused = dshell(pod.name, "-n", pod.namespace, "--", "true")
    finally:
        cluster.kubectl("delete", kind.lower(), name, "--wait=false", check=False)

    assert (refused.code, refused.stdout) == (UNAVAILABLE, b"")
    first, servers, *stays, advice = refused.stderr.splitlines()
    assert first == f'error: the admission webhook "{name}" of the cluster is failing, so the request was rejected:'
    assert down in servers
    assert advice.startswith("A cluster administrator has to repair or remove it: ")
    if what == EXEC:
        added_and_ending(pod, *stays)
    else:
        assert (stays, len(pod.debug_containers())) == ([], before)
