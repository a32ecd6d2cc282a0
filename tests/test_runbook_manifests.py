"""manifests/runbook agrees with itself, with the program and with its documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_dshell
from hack.images.dockerfile import last_stage
from kubectl_dshell.cli.argv import split_words
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.domain.debug_container.spec import PREFIX
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import ExitStatus

TOP = Path(__file__).parents[1]
RUNBOOK = TOP / "manifests/runbook"
JOB: dict[str, Any] = yaml.safe_load((RUNBOOK / "job.yaml").read_text())
POD = JOB["spec"]["template"]["spec"]
(WORKER,) = POD["containers"]
KINDS = {one["kind"]: one for one in yaml.safe_load_all((RUNBOOK / "runbook.yaml").read_text())}
UID = "5f0b4ff2-ad8e-4d3a-8c1e-7a2b9b0c1d2e"


def options(index: int) -> Any:
    """The command line of a worker, with its variables as the kubelet fills them in."""
    words = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)).replace("$(RUN)", UID) for word in WORKER["args"]]
    verb, head, command = split_words(words, set(VERBS), open_command)
    assert verb is None
    parsed = open_command.options(open_command.make_context("kubectl dshell", head, obj=command))
    parsed.check(shell=False)
    return parsed


@pytest.mark.parametrize("index", range(JOB["spec"]["completions"]))
def test_the_workers_share_the_pods_by_their_index(index: int) -> None:
    line, workers = options(index), JOB["spec"]["completions"]

    assert line.shard == Shard(index, workers)
    assert JOB["spec"]["parallelism"] == workers
    assert JOB["spec"]["completionMode"] == "Indexed"
    assert (RUNBOOK / "job.yaml").read_text().count("  # workers\n") == 3, "the places to edit"


def test_all_workers_and_attempts_of_a_job_have_one_name_and_no_other_job_has() -> None:
    (variable,) = WORKER["env"]

    assert options(0).once == f"{PREFIX}{UID}"
    assert variable["name"] == "RUN"
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.labels['batch.kubernetes.io/controller-uid']"
    assert "name" not in JOB["metadata"]


def test_results_are_documents_and_none_comes_from_a_worker_s_own_pod() -> None:
    line, labels = options(0), JOB["spec"]["template"]["metadata"]["labels"]

    assert line.output == "json"
    key, unequal, value = line.selector.partition("!=")
    assert unequal
    assert labels[key] == value


def test_only_a_worker_that_did_not_get_through_is_replaced() -> None:
    """Any other exit code is that of a shard whose pods all have their results."""
    ignored, failed = JOB["spec"]["podFailurePolicy"]["rules"]

    assert (ignored["action"], ignored["onPodConditions"]) == ("Ignore", [{"type": "DisruptionTarget"}])
    assert (failed["action"], failed["onExitCodes"]["operator"]) == ("FailIndex", "NotIn")
    assert failed["onExitCodes"]["values"] == [
        ExitStatus.UNAVAILABLE,
        ExitStatus.TIMEOUT,
        ExitStatus.CONNECTION_LOST,
        ExitStatus.INTERRUPTED,
        128 + 9,
        128 + 15,
    ]
    assert POD["restartPolicy"] == "Never", "each attempt has a log of its own, and the policy applies"


def test_it_runs_the_image_of_this_version_as_its_user() -> None:
    assert WORKER["image"].endswith(f"/kubectl-dshell:{kubectl_dshell.__version__}")
    named = re.findall(r"kubectl-dshell:(\d\S*)", (TOP / "docs/runbooks.md").read_text())
    assert set(named) == {kubectl_dshell.__version__}
    user = POD["securityContext"]
    assert f"{user['runAsUser']}:{user['runAsGroup']}" == last_stage(TOP / "Dockerfile").user


def test_its_rights_are_those_of_its_own_account_alone() -> None:
    account, binding = KINDS["ServiceAccount"]["metadata"], KINDS["ClusterRoleBinding"]
    session, many = (
        [rule for one in yaml.safe_load_all((TOP / f"manifests/rbac/{name}.yaml").read_text()) for rule in one["rules"]]
        for name in ("session", "many")
    )

    assert POD["serviceAccountName"] == account["name"]
    assert JOB["metadata"]["namespace"] == account["namespace"] == KINDS["Namespace"]["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", **account}]
    assert binding["roleRef"]["name"] == KINDS["ClusterRole"]["metadata"]["name"]
    assert rights(KINDS["ClusterRole"]["rules"]) == rights(session) | rights(many[:1])


def rights(rules: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(verb, kind) for rule in rules for kind in rule["resources"] for verb in rule["verbs"]}


def test_the_policy_is_about_its_account_and_our_names_and_goes_with_it() -> None:
    policy, binding = yaml.safe_load_all((RUNBOOK / "policy.yaml").read_text())
    account = KINDS["ServiceAccount"]["metadata"]
    user = f"system:serviceaccount:{account['namespace']}:{account['name']}"

    assert [one["expression"] for one in policy["spec"]["matchConditions"]] == [
        f'request.userInfo.username == "{user}"'
    ]
    assert f'startsWith("{PREFIX}")' in policy["spec"]["validations"][0]["expression"]
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
    kustomization = yaml.safe_load((RUNBOOK / "kustomization.yaml").read_text())
    assert kustomization["resources"] == ["runbook.yaml", "policy.yaml"]
