"""One command in many pods by the Job of manifests/runbook: its own account, its own image, and one answer per pod."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from hack.cluster.layout import layout_of
from hack.images.installed import NAME
from kubectl_dshell.domain.shard import Shard
from tests.waiting import wait_until

from .audit import requests_of
from .pods import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell

TOP = Path(__file__).parents[2]
MANIFESTS = TOP / "manifests/runbook"
WORKERS = 2
# Each run adds a line to a file of the app, so that a second one cannot hide; in one pod it does not end.
COMMAND = 'echo ran >>data/ran; echo hello; [ "$(cat etc/hostname)" != "$0" ] || exec sleep 1000'
# The worker is the one process of this program in its pod, whose processes see each other.
KILL = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    if "kubectl_dshell" in open(f"/proc/{pid}/cmdline").read().split("\\0"):
        os.kill(int(pid), signal.SIGKILL)
"""


@dataclass
class Runbook:
    """An installed runbook, whose Jobs look at pods with the label `only` alone."""

    cluster: Cluster
    namespace: str
    only: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:dshell-runbook"

    def start(self, *command: str, workers: int = WORKERS) -> str:
        """The name of a new Job."""
        job = adapted(yaml.safe_load((MANIFESTS / "job.yaml").read_text()), self.namespace, self.cluster)
        job["spec"] |= {"completions": workers, "parallelism": workers}
        pod = job["spec"]["template"]["spec"]
        pod["shareProcessNamespace"] = True  # else the worker is process 1, which its own namespace cannot kill
        (container,) = pod["containers"]
        end = container["args"].index("--")
        flags = [flag for flag in container["args"][:end] if not flag.startswith(("--shard", "-l"))]
        shard = f"--shard=$(JOB_COMPLETION_INDEX)/{workers}"
        container["args"] = [shard, *flags, f"-l={self.only}", "--", *command]
        made = self.cluster.kubectl("create", "-o", "name", "-f", "-", stdin=json.dumps(job)).stdout
        return made.strip().partition("/")[2]

    def wait(self, job: str) -> str:
        """Complete or Failed."""

        def end() -> list[str]:
            status = self.cluster.get("job", job, "-n", self.namespace)["status"]
            return [one["type"] for one in status.get("conditions", []) if one["type"] in {"Complete", "Failed"}]

        return wait_until(end, 180, f"the end of {job}")[0]

    def workers(self, job: str) -> list[Json]:
        found: list[Json] = self.cluster.get("pods", "-n", self.namespace, "-l", f"job-name={job}")["items"]
        return found

    def log(self, worker: str) -> list[Json]:
        """The documents that it has printed."""
        printed = self.cluster.kubectl("logs", worker, "-n", self.namespace, check=False).stdout
        return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]

    def kill(self, worker: str) -> None:
        """Without a chance to say goodbye, and without losing its log."""
        python = ("/usr/bin/python3.11", "-c", KILL)
        self.cluster.kubectl("exec", worker, "-n", self.namespace, "--", *python, check=False)  # it ends with it

        def code() -> int:
            (status,) = self.cluster.get("pod", worker, "-n", self.namespace)["status"]["containerStatuses"]
            return int(status["state"].get("terminated", {}).get("exitCode", 0))

        assert wait_until(code, 60, f"the end of {worker}") == 137


@pytest.fixture
def runbook(cluster: Cluster, make_namespace: MakeNamespace) -> Iterator[Runbook]:
    """The manifests as they are, but for the namespace and the pods."""
    namespace = make_namespace("" if _without_services(cluster) else "restricted")
    documents = list(yaml.safe_load_all(cluster.kubectl("kustomize", str(MANIFESTS)).stdout))
    items = [adapted(one, namespace, cluster) for one in documents if one["kind"] != "Namespace"]
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    yield Runbook(cluster, namespace, f"runbook={namespace}")
    policies = "validatingadmissionpolicybinding,validatingadmissionpolicy"
    cluster.kubectl("delete", f"clusterrolebinding,clusterrole,{policies}", namespace)


def _without_services(cluster: Cluster) -> bool:
    """The cluster that we build has no service network, and an API server that only the node itself can reach."""
    return layout_of(cluster.kubeconfig) is not None


def adapted(manifest: Json, namespace: str, cluster: Cluster) -> Json:
    words = json.dumps(manifest).replace('"namespace": "dshell-runbook"', f'"namespace": "{namespace}"')
    words = words.replace("system:serviceaccount:dshell-runbook:", f"system:serviceaccount:{namespace}:")
    changed: Json = json.loads(words)
    if "namespace" not in changed["metadata"]:  # of the cluster, where another test has its own
        changed["metadata"]["name"] = namespace
    if "roleRef" in changed:
        changed["roleRef"]["name"] = namespace
    if "policyName" in changed.get("spec", {}):
        changed["spec"]["policyName"] = namespace
    if changed["kind"] == "Job":
        pod = changed["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        container["image"] = NAME
        if _without_services(cluster):
            pod["hostNetwork"] = True
            address = zip(("HOST", "PORT"), map(str, cluster.address()), strict=True)
            container["env"] += [{"name": f"KUBERNETES_SERVICE_{name}", "value": value} for name, value in address]
    return changed


def crowd(make_pod: MakePod, only: str, count: int) -> list[Pod]:
    key, _, value = only.partition("=")
    mount, volume = {"name": "data", "mountPath": "/data"}, {"name": "data", "emptyDir": {}}
    made = [
        make_pod(app(volumeMounts=[mount]), metadata={"labels": {key: value}}, volumes=[volume], wait=False)
        for _ in range(count)
    ]
    for pod in made:
        pod.wait_ready()
    return made


def largest_shard(pods: list[Pod]) -> tuple[int, list[Pod]]:
    """Its index, and its pods."""
    uids = {pod.name: str(pod.json()["metadata"]["uid"]) for pod in pods}
    shards = {index: [pod for pod in pods if Shard(index, WORKERS).has(uids[pod.name])] for index in range(WORKERS)}
    return max(shards.items(), key=lambda shard: len(shard[1]))


def test_a_worker_that_dies_is_taken_over_and_no_pod_runs_the_command_twice(
    runbook: Runbook, cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell
) -> None:
    pods = crowd(make_pod, runbook.only, 6)
    index, mine = largest_shard(pods)
    victim, others = mine[0], len(mine) - 1
    _, gatherer = make_user("gatherer", TOP / "manifests/rbac/gather.yaml", runbook.namespace)
    gather = ("gather", "-n", runbook.namespace)
    job = runbook.start("sh", "-c", COMMAND, victim.name)

    def worker() -> str:
        found = [one["metadata"]["name"] for one in runbook.workers(job) if index_of(one) == index]
        return found[0] if found and len(runbook.log(found[0])) == others else ""

    first = wait_until(worker, 120, "answers of all but one of the pods of a shard")
    name = f"dshell-{cluster.get('job', job, '-n', runbook.namespace)['metadata']['uid']}"
    wait_until(lambda: dshell(victim.name, "-n", victim.namespace, "--", "cat", "data/ran").stdout, 60, "its command")
    so_far = dshell.with_kubeconfig(gatherer)(*gather, f"job/{job}")
    runbook.kill(first)

    assert runbook.wait(job) == "Complete"
    lines = dshell.with_kubeconfig(gatherer)(*gather, f"job/{job}")
    documents = dshell(*gather, f"job/{job}", "-o", "json")

    assert so_far.code == 75, so_far
    assert f"shard {index}/{WORKERS} is incomplete: {first} is still running" in so_far.stderr
    for pod in pods:
        assert name in pod.debug_containers()
        assert dshell(pod.name, "-n", pod.namespace, "--", "cat", "data/ran").stdout == b"ran\n", pod.name
    answered = sorted(pod.name for pod in pods if pod.name != victim.name)
    assert sorted(lines.stdout.decode().splitlines()) == [f"{victim.namespace} {pod} app | hello" for pod in answered]
    assert lines.code == documents.code == 76, lines
    assert lines.stderr.splitlines()[-2:] == [
        f"5 ok, 1 failed: {victim.name} (CONNECTION_LOST)",
        f"See how it ended: kubectl dshell ls {victim.name} --all -n {victim.namespace}",
    ]
    assert f"the command was begun in {victim.name}, and no log of job/{job} has its output" in lines.stderr
    results = {one["pod"]: one for one in map(json.loads, documents.stdout.splitlines())}
    assert {pod: one["exitCode"] for pod, one in results.items()} == {victim.name: None, **dict.fromkeys(answered, 0)}
    assert {results[pod]["stdout"] for pod in answered} == {"hello\n"}
    assert {results[pod]["debugContainer"] for pod in answered} == {name}
    assert_least(runbook, cluster)


def index_of(worker: Json) -> int:
    return int(worker["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"])


def assert_least(runbook: Runbook, cluster: Cluster) -> None:
    """Each of its rights was used, and it asked for nothing that it may not."""
    role = cluster.get("clusterrole", runbook.namespace)
    allowed = {f"{verb} {kind}" for rule in role["rules"] for verb in rule["verbs"] for kind in rule["resources"]}
    needed = allowed - {"create pods/exec"}  # asked for within a GET

    def used() -> set[str]:
        known = {request.short for request in requests_of(cluster, runbook.user)}
        return {short for short in known if "selfsubjectreviews" not in short}

    wait_until(lambda: used() >= needed, 20, f"{needed} in the audit log")
    assert used() <= allowed | {"list events"}  # which explain a slow start, and which nobody grants here
    denied = [one.short for one in requests_of(cluster, runbook.user) if one.code in (401, 403)]
    assert set(denied) <= {"list events"}


def test_a_command_that_fails_is_not_run_again_and_gives_its_exit_code(
    runbook: Runbook, make_pod: MakePod, dshell: Dshell
) -> None:
    pods = crowd(make_pod, runbook.only, 2)
    job = runbook.start("sh", "-c", "echo ran >>data/ran; exit 3")

    assert runbook.wait(job) == "Failed"
    gathered = dshell("gather", job, "-n", runbook.namespace)

    assert gathered.code == 3, gathered
    assert gathered.stderr.splitlines()[-1].startswith("0 ok, 2 failed: ")
    for pod in pods:
        assert dshell(pod.name, "-n", pod.namespace, "--", "cat", "data/ran").stdout == b"ran\n"


def test_a_selection_without_pods_is_an_error_of_every_shard(runbook: Runbook, dshell: Dshell) -> None:
    job = runbook.start("true")

    assert runbook.wait(job) == "Failed"
    gathered = dshell("gather", f"job/{job}", "-n", runbook.namespace)

    assert gathered.code == 69, gathered
    assert f"there are no pods with the labels {runbook.only} in any namespace" in gathered.stderr
    assert gathered.stderr.count("ended with exit code 66") == WORKERS


def test_pod_security_restricted_takes_it_as_it_is(cluster: Cluster, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace("restricted")
    job = yaml.safe_load((MANIFESTS / "job.yaml").read_text())
    job["metadata"]["namespace"] = namespace
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "dshell-runbook"}}
    cluster.apply(account, namespace=namespace)

    created = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(job))

    assert "Warning" not in created.stderr
    assert "created" in created.stdout
