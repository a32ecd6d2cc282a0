"""The janitor of manifests/janitor as a Job in the cluster: its own account, its own image, nothing of this machine."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from hack.cluster.layout import layout_of
from hack.images.installed import NAME
from tests.waiting import wait_until

from .audit import requests_of
from .pods import app
from .users import write_user_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell

TOP = Path(__file__).parents[2]
MANIFESTS = TOP / "manifests/janitor"
ASKS_FOR_CREATE = 35  # from this minor version on an exec by GET takes the right to create, too
# To its holder, of a client with a lease of ten minutes, of whom nothing more is ever heard.
ABSENT_CLIENT = "read -r holder _ </dev/termination-log && echo beat absent 600 >/proc/$holder/fd/3"


@dataclass(frozen=True, slots=True)
class Janitor:
    """An installed janitor, which looks at pods with the label `only` alone."""

    cluster: Cluster
    namespace: str
    only: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:dshell-janitor"

    def run_until(self, count: int) -> list[Json]:
        """What its Jobs report, one after the other as in life, until there are so many: a holder may be too busy."""
        reported: list[Json] = []
        for _ in range(3):
            reported += self.run()
            if len(reported) >= count:
                break
        return reported

    def run(self) -> list[Json]:
        """What one Job of its CronJob reports; it has to succeed."""
        name = f"run-{secrets.token_hex(3)}"
        self.cluster.kubectl("create", "job", name, "--from=cronjob/dshell-janitor", "-n", self.namespace)

        def end() -> list[str]:
            status = self.cluster.get("job", name, "-n", self.namespace)["status"]
            return [one["type"] for one in status.get("conditions", []) if one["type"] in {"Complete", "Failed"}]

        ended = wait_until(end, 120, "the end of the Job")
        printed = self.cluster.kubectl("logs", f"job/{name}", "-n", self.namespace).stdout
        assert ended == ["Complete"], printed
        # A log has stdout and stderr in one: notices stand before and after the document.
        items: list[Json] = json.JSONDecoder().raw_decode(printed, printed.index("{"))[0]["items"]
        return items


@pytest.fixture
def janitor(cluster: Cluster, make_namespace: MakeNamespace) -> Iterator[Janitor]:
    """The manifests as they are, but for the namespace, and for -l: -A would end what other tests have just left."""
    namespace = make_namespace("" if _without_services(cluster) else "restricted")
    only = f"janitor={namespace}"
    documents = list(yaml.safe_load_all(cluster.kubectl("kustomize", str(MANIFESTS)).stdout))
    adapted = [_adapted(one, namespace, only, cluster) for one in documents if one["kind"] != "Namespace"]
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": adapted}))
    yield Janitor(cluster, namespace, only)
    policies = "validatingadmissionpolicybinding,validatingadmissionpolicy"
    cluster.kubectl("delete", f"clusterrolebinding,clusterrole,{policies}", namespace)


def _without_services(cluster: Cluster) -> bool:
    """The cluster that we build has no service network, and an API server that only the node itself can reach."""
    return layout_of(cluster.kubeconfig) is not None


def _adapted(manifest: Json, namespace: str, only: str, cluster: Cluster) -> Json:
    words = json.dumps(manifest).replace('"namespace": "dshell-janitor"', f'"namespace": "{namespace}"')
    words = words.replace("system:serviceaccount:dshell-janitor:", f"system:serviceaccount:{namespace}:")
    adapted: Json = json.loads(words)
    if "namespace" not in adapted["metadata"]:  # of the cluster, where another test has its own
        adapted["metadata"]["name"] = namespace
    if "roleRef" in adapted:
        adapted["roleRef"]["name"] = namespace
    if "policyName" in adapted.get("spec", {}):
        adapted["spec"]["policyName"] = namespace
    if adapted["kind"] == "CronJob":
        adapted["spec"]["suspend"] = True
        pod = adapted["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        container["image"] = NAME
        container["args"] += ["-l", only]
        if _without_services(cluster):
            pod["hostNetwork"] = True
            address = zip(("HOST", "PORT"), map(str, cluster.address()), strict=True)
            container["env"] = [{"name": f"KUBERNETES_SERVICE_{name}", "value": value} for name, value in address]
    return adapted


def leave_stale(pod: Pod, dshell: Dshell) -> str:
    """The name of a debug container whose client was killed, and which waits for another that does not come."""
    with dshell.start(pod.name, "-n", pod.namespace, "--", "sh", "-c", "echo on; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"on\n"
        told = dshell(pod.name, "-n", pod.namespace, "--", "sh", "-c", ABSENT_CLIENT)
        assert told.code == 0, told.stderr
        client.kill()
    (name,) = pod.debug_containers()
    return name


def wait_stale(dshell: Dshell, *where: str, count: int) -> None:
    def found() -> bool:
        time.sleep(2)  # silence takes its time, and each look a good part of a second of this machine's
        return len(dshell("ls", *where, "--stale", "-o", "name").stdout.split()) == count

    wait_until(found, 120, "stale debug containers")


def labelled(only: str) -> Json:
    key, _, value = only.partition("=")
    return {"labels": {key: value}}


def test_a_job_ends_what_is_stale_in_the_whole_cluster_and_nothing_else(
    janitor: Janitor, cluster: Cluster, make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell
) -> None:
    here, elsewhere, used = (
        make_pod(app(), namespace=namespace, metadata=labelled(janitor.only))
        for namespace in ("", make_namespace(), "")
    )
    stale = {pod.name: leave_stale(pod, dshell) for pod in (here, elsewhere)}
    wait_stale(dshell, "-A", "-l", janitor.only, count=2)
    with dshell.start(used.name, "--", "sh", "-c", "echo on; cat") as session:
        assert session.stdout
        assert session.stdin
        assert session.stdout.readline() == b"on\n"

        ended = janitor.run_until(2)

        assert {item["pod"]: item["name"] for item in ended} == stale
        assert {item["outcome"] for item in ended} == {"ended"}
        for pod in (here, elsewhere):
            assert pod.wait_terminated(stale[pod.name], 10)["message"].strip() == "ended by a client"
        session.stdin.write(b"still here\n")
        session.stdin.flush()
        assert session.stdout.readline() == b"still here\n"
        session.stdin.close()
        assert session.wait(30) == 0
    assert_least(janitor, cluster)


def test_the_policy_lets_the_janitor_into_our_debug_containers_alone_and_nobody_else_notices(
    janitor: Janitor, cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod(app())
    assert dshell(pod.name, "--keep=10m", "--", "true").code == 0
    (ours,) = pod.debug_containers()
    debug = ("debug", pod.name, "-n", pod.namespace, "--image=busybox:1.37", "--target=app", "--container=theirs")
    cluster.kubectl(*debug, "--profile=general", "--", "sleep", "1000")
    wait_until(lambda: pod.debug_containers()["theirs"].state == "running", 60, "kubectl's debug container")
    account = write_user_kubeconfig(tmp_path / "janitor", cluster, janitor.namespace, "dshell-janitor")
    _, other = make_user("other", TOP / "manifests/rbac/session.yaml")

    def told(kubeconfig: Path, container: str) -> str:
        """What the API server says to an exec, before anything of it is done: it is no upgrade."""
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/exec?command=true"
        asked = ("get", "--raw", path + (f"&container={container}" if container else ""))
        return replace(cluster, kubeconfig=kubeconfig).kubectl(*asked, check=False).stderr

    denied = "the janitor may exec only into containers named dshell-*"
    wait_until(lambda: denied in told(account, "app"), 30, "the policy to be in force")
    assert denied in told(account, "theirs")
    assert denied in told(account, "")
    for kubeconfig, container in ((account, ours), (other, ours), (other, "app"), (other, "theirs"), (other, "")):
        assert "pgrade request required" in told(kubeconfig, container), container
    entered = ("exec", pod.name, "-n", pod.namespace, f"--container={ours}", "--", "echo", "in")
    assert replace(cluster, kubeconfig=account).kubectl(*entered).stdout == "in\n"


def assert_least(janitor: Janitor, cluster: Cluster) -> None:
    """Each of its rights was used, and it asked for nothing that it may not."""
    role = cluster.get("clusterrole", janitor.namespace)
    allowed = {f"{verb} {kind}" for rule in role["rules"] for verb in rule["verbs"] for kind in rule["resources"]}
    needed = allowed - {"create pods/exec", "watch pods"}  # the one is asked for within a GET, the other rarely not

    def used() -> set[str]:
        return {request.short for request in requests_of(cluster, janitor.user)}

    wait_until(lambda: used() >= needed, 20, f"{needed} in the audit log")
    assert used() <= allowed
    assert [one.short for one in requests_of(cluster, janitor.user) if one.code >= 400] == []


def rights(cluster: Cluster) -> list[tuple[str, str]]:
    """(verb, resource) of its role that it cannot do without."""
    documents = yaml.safe_load_all((MANIFESTS / "janitor.yaml").read_text())
    rules = [rule for one in documents if one["kind"] == "ClusterRole" for rule in one["rules"]]
    every = [(verb, kind) for rule in rules for kind in rule["resources"] for verb in rule["verbs"]]
    server = json.loads(cluster.kubectl("version", "-o", "json").stdout)["serverVersion"]
    optional = {("watch", "pods")}
    if int(server["minor"].rstrip("+")) < ASKS_FOR_CREATE:
        optional.add(("create", "pods/exec"))
    return [right for right in every if right not in optional]


def role(name: str, allowed: list[tuple[str, str]]) -> Json:
    rules = [{"apiGroups": [""], "resources": [kind], "verbs": [verb]} for verb, kind in allowed]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}


def test_without_any_one_of_its_rights_nothing_is_ended_and_with_them_it_is(
    cluster: Cluster,
    make_pod: MakePod,
    make_namespace: MakeNamespace,
    make_user: MakeUser,
    dshell: Dshell,
    tmp_path: Path,
) -> None:
    namespace = make_namespace()
    pod = make_pod(namespace=namespace)
    name = leave_stale(pod, dshell)
    needed = rights(cluster)

    def user(name: str, allowed: list[tuple[str, str]]) -> Dshell:
        manifest = tmp_path / "role.yaml"
        manifest.write_text(yaml.safe_dump(role(name, allowed)))
        return dshell.with_kubeconfig(make_user(name, manifest, namespace)[1])

    users = {
        missing: user(f"less-{number}", [right for right in needed if right != missing])
        for number, missing in enumerate(needed)
    }
    able = user("able", needed)
    cleanup = ("cleanup", "--stale", "-n", namespace, "-o", "json")
    wait_stale(dshell, "-n", namespace, count=1)

    for missing, less in users.items():
        done = less(*cleanup)

        # Who may not exec does not learn that anything is stale: nothing was to be done, and it says for how many.
        assert done.code in ({0} if "pods/exec" in missing else {69, 77}), (missing, done)
        assert pod.debug_containers()[name].state == "running", missing

    wait_until(lambda: json.loads(able(*cleanup).stdout)["items"], 60, "it learns that it is stale, and ends it")
    assert pod.wait_terminated(name, 10)["exitCode"] == 0


def test_pod_security_restricted_takes_it_as_it_is(cluster: Cluster, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace("restricted")
    documents = yaml.safe_load_all((MANIFESTS / "janitor.yaml").read_text())
    template = next(one for one in documents if one["kind"] == "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "dshell-janitor"}}
    cluster.apply(account, namespace=namespace)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "janitor"}, "spec": template["spec"]}

    created = cluster.kubectl("create", "--dry-run=server", "-n", namespace, "-f", "-", stdin=json.dumps(pod))

    assert "Warning" not in created.stderr
    assert "created" in created.stdout
