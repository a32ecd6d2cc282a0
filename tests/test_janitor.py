"""What is shipped for clusters: the image's recipe and the janitor's manifests agree with each other and with the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

import kubectl_dshell
from hack.images.archive import Image, layer, layers_of, program, write_image
from hack.images.dockerfile import last_stage
from hack.images.installed import installed_image
from kubectl_dshell.domain.debug_container.spec import PREFIX
from kubectl_dshell.domain.text.duration import parse_duration

TOP = Path(__file__).parents[1]
STAGE = last_stage(TOP / "Dockerfile")


def manifests() -> dict[str, Any]:
    """By kind."""
    documents = yaml.safe_load_all((TOP / "manifests/janitor/janitor.yaml").read_text())
    return {document["kind"]: document for document in documents}


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", (TOP / name).read_text(), re.MULTILINE))


def test_what_the_image_runs_is_in_it(tmp_path: Path) -> None:
    python = tmp_path / "python.tar"
    write_image(python, Image("python", {}, below=(layer({"usr/bin/python3.13": program(b"")}),)))

    image = installed_image(python)

    ((target, origin),) = STAGE.copied.items()
    assert origin == ("build", target)
    assert f"PYTHONPATH={target}" in STAGE.environment
    assert image.rootfs[STAGE.entrypoint[0].lstrip("/")].link == "/usr/bin/python3.13"
    assert STAGE.entrypoint[1:] == ["-P", "-m", "kubectl_dshell"]
    package = f"{target.lstrip('/')}/kubectl_dshell"
    shipped = (TOP / "kubectl_dshell").rglob("*.*")
    for file in (file for file in shipped if "__pycache__" not in file.parts):
        assert image.rootfs[f"{package}/{file.relative_to(TOP / 'kubectl_dshell')}"].content == file.read_bytes()
    for module in ("click", "tenacity", "yaml"):
        assert f"{target.lstrip('/')}/{module}/__init__.py" in image.rootfs
    assert (image.config["Entrypoint"], image.config["User"]) == (STAGE.entrypoint, STAGE.user)
    assert image.below == layers_of(python)[:1]


def test_the_base_image_is_distroless_and_its_python_is_the_one_that_is_started() -> None:
    assert STAGE.base == "gcr.io/distroless/python3-debian12:nonroot"
    assert STAGE.entrypoint[0] == "/usr/bin/python3.11"
    assert "FROM python:3.11-slim-bookworm AS build" in (TOP / "Dockerfile").read_text()


def test_docker_is_sent_what_the_dockerfile_copies_and_no_more() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (TOP / "Dockerfile").read_text(), re.MULTILINE)
    ignored = (TOP / ".dockerignore").read_text().split("\n")
    assert {name for line in copied for name in line.split()} == {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored


def test_the_image_gets_the_versions_that_are_tested() -> None:
    tested = pins("requirements-dev.lock")
    for name in ("requirements.lock", "requirements-build.lock"):
        assert pins(name)
        assert pins(name).items() <= tested.items()


def test_the_janitor_runs_the_image_of_this_version_as_its_user() -> None:
    pod = manifests()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == f"kubectl-dshell:{kubectl_dshell.__version__}"
    named = re.findall(r"kubectl-dshell:(\d\S+)", (TOP / "docs/cleanup.md").read_text())
    assert set(named) == {kubectl_dshell.__version__}
    user = pod["securityContext"]
    assert f"{user['runAsUser']}:{user['runAsGroup']}" == STAGE.user


def test_the_janitor_s_rights_are_those_of_its_own_account_alone() -> None:
    kinds = manifests()
    account = kinds["ServiceAccount"]["metadata"]
    pod = kinds["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    binding = kinds["ClusterRoleBinding"]
    assert pod["serviceAccountName"] == account["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", **account}]
    assert binding["roleRef"]["name"] == kinds["ClusterRole"]["metadata"]["name"]


def test_a_run_is_over_before_the_next_begins() -> None:
    """And a run that leaves what it has no time for still says so."""
    spec = manifests()["CronJob"]["spec"]
    (minutes,) = re.findall(r"^\*/(\d+) \* \* \* \*$", spec["schedule"])
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < int(minutes) * 60
    assert spec["concurrencyPolicy"] == "Forbid"
    (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    own = parse_duration(container["args"][container["args"].index("--timeout") + 1])
    longest_answer = 60  # what was begun ends within it
    assert own + longest_answer <= spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]


def test_the_policy_is_about_the_janitor_s_account_and_our_names_and_goes_with_it() -> None:
    policy, binding = yaml.safe_load_all((TOP / "manifests/janitor/policy.yaml").read_text())
    account = manifests()["ServiceAccount"]["metadata"]
    user = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    assert [one["expression"] for one in policy["spec"]["matchConditions"]] == [
        f'request.userInfo.username == "{user}"'
    ]
    assert f'startsWith("{PREFIX}")' in policy["spec"]["validations"][0]["expression"]
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
    kustomization = yaml.safe_load((TOP / "manifests/janitor/kustomization.yaml").read_text())
    assert "policy.yaml" in kustomization["resources"]


def test_what_deletes_copies_is_the_janitor_s_alone_confined_by_the_policy_and_not_installed_unasked() -> None:
    role, binding = yaml.safe_load_all((TOP / "manifests/janitor/copies.yaml").read_text())
    policy, _ = yaml.safe_load_all((TOP / "manifests/janitor/policy.yaml").read_text())
    kustomization = yaml.safe_load((TOP / "manifests/janitor/kustomization.yaml").read_text())

    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]}]
    assert binding["subjects"] == [{"kind": "ServiceAccount", **manifests()["ServiceAccount"]["metadata"]}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    confined = [(one["operations"], one["resources"]) for one in policy["spec"]["matchConstraints"]["resourceRules"]]
    assert (["DELETE"], ["pods"]) in confined
    assert f'startsWith("{PREFIX}")' in policy["spec"]["validations"][1]["expression"]
    assert "copies.yaml" not in kustomization["resources"]
