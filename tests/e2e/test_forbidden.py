"""Who is not allowed to is told by whom, in whose words, and what would do; and nothing is added to the pod."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.waiting import wait_until

from .pods import RESTRICTED, STATIC_ROOT, app
from .policies import ADDING, ADMISSION, EXEC, in_force, only, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
FORBIDDEN, UNAVAILABLE = 77, 69
NOTHING = "Nothing was added to the pod."


@pytest.fixture
def limited_user(make_user: MakeUser, dshell: Dshell, tmp_path: Path) -> Any:
    """The program as a user with the documented Role but for one verb on one resource; and the user's name."""

    def make(verb: str, resource: str, namespace: str) -> tuple[str, Dshell]:
        (role,) = [one for one in yaml.safe_load_all(SESSION_ROLE.read_text()) if one]
        for right in role["rules"]:
            if right["resources"] == [resource]:
                right["verbs"].remove(verb)
        role["rules"] = [right for right in role["rules"] if right["verbs"]]
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
    first, *claims, advice = refused.stderr.partition("\n  ")[0].splitlines()
    commands = refused.stderr[refused.stderr.index("\n  ") + 1 :].splitlines()
    assert first == f"error: {named} may not {verb} {resource} in namespace {pod.namespace}"
    assert claims == ([] if verb == "get" and resource == "pods" else [NOTHING])
    assert advice == "Grant it with manifests/rbac/session.yaml, or:"
    assert pod.debug_containers() == {}

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
    first, server, claim, advice = refused.stderr.splitlines()
    assert first == 'error: the namespace\'s Pod Security level "restricted" does not allow the debug container:'
    assert server.startswith(f'  pods "{pod.name}" is forbidden: violates PodSecurity "restricted:latest": ')
    assert "must not set runAsUser=0" in server
    assert (claim, advice.partition(":")[0]) == (NOTHING, "An administrator of the namespace can allow it")
    assert pod.debug_containers() == {}


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
    first, servers, claim, advice = refused.stderr.splitlines()
    assert first == "error: an admission policy of the cluster denied the debug container:"
    assert servers == (
        f"  pods \"{pod.name}\" is forbidden: ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: "
        "debug images come from our own registry: ask #platform"
    )
    assert (claim, advice) == (
        NOTHING,
        "A cluster administrator can exempt it; other flags may satisfy the policy (--image, --run-as, --profile).",
    )
    assert pod.debug_containers() == {}


def test_a_policy_that_denies_exec_speaks_in_its_own_words_before_anything_is_added(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(namespace=make_namespace())
    probe = ("exec", pod.name, "-n", pod.namespace, "--", "/nothing")
    with in_force(cluster, pod.namespace, EXEC, "false", "no shells on a Friday: ask #platform") as name:
        wait_until(lambda: "no shells" in cluster.kubectl(*probe, check=False).stderr, 60, "the policy in force")

        refused = dshell(pod.name, "-n", pod.namespace, "--", "true")
        rehearsed = dshell(pod.name, "-n", pod.namespace, "--dry-run=server")
        copied = dshell("cp", f"{pod.namespace}/{pod.name}:/etc/hostname", "-")
        many = dshell("-n", pod.namespace, "--all", "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, servers, claim, advice = refused.stderr.splitlines()
    assert first == f"error: an admission policy of the cluster denied exec in {pod.name}:"
    assert servers == (
        f"  pods \"{pod.name}\" is forbidden: ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: "
        "no shells on a Friday: ask #platform"
    )
    assert (claim, advice) == (NOTHING, "A cluster administrator can exempt it.")
    assert [(run.code, run.stdout, run.stderr) for run in (rehearsed, copied)] == [(77, b"", refused.stderr)] * 2
    assert (many.code, many.stdout) == (FORBIDDEN, b"")
    assert [f"{pod.name} app | {line}" for line in (first, servers, claim)] == many.stderr.splitlines()[:3]
    assert pod.debug_containers() == {}


def test_what_was_added_before_a_refusal_is_named_and_ends(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    """The first guess of the app's user is admitted, the measured one is not."""
    pod = make_pod(app(STATIC_ROOT, "step-down"), namespace=make_namespace())
    pod.wait_log("serving as 101:101")
    expression = "object.spec.ephemeralContainers.all(c, c.securityContext.runAsUser != 101)"
    with in_force(cluster, pod.namespace, ADDING, expression, "nobody is 101") as name:
        rehearse = (pod.name, "-n", pod.namespace, "--run-as", "101:101", "--dry-run=server")
        wait_until(lambda: dshell(*rehearse).code != 0, 60, "the policy in force")

        refused = dshell(pod.name, "-n", pod.namespace, "--", "true")

    assert (refused.code, refused.stdout) == (FORBIDDEN, b"")
    first, servers, claim, _ = refused.stderr.splitlines()
    assert first == "error: an admission policy of the cluster denied the debug container:"
    assert servers.endswith(f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: nobody is 101")
    (added,) = pod.debug_containers()
    assert claim == f"{added} was added to {pod.name} before; it has ended, or ends within 50 s."
    wait_until(lambda: pod.debug_containers()[added].state == "terminated", 50, "its end")


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
    first, servers, *claims, advice = refused.stderr.splitlines()
    assert first == f'error: the admission webhook "{name}" of the cluster is failing, so the request was rejected:'
    assert down in servers
    assert advice.startswith("A cluster administrator has to repair or remove it: ")
    assert claims == ([NOTHING] if what == EXEC else [])
    assert len(pod.debug_containers()) == before
