"""--profile and --custom add what `kubectl debug` adds with the same flags, and refuse what it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubectl_dshell.domain.access.capabilities import capability_names

from .pods import STATIC, STATIC_ROOT, app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .pods import Pod
    from .program import Dshell

USAGE = (Path(__file__).parents[2] / "docs/usage.md").read_text(encoding="utf-8")
OURS = {"name", "command", "stdin", "terminationMessagePolicy"}
"""Fields of the debug container's own first process, which is not the command that kubectl is given; and its variables."""
IDENTITY = {"runAsUser", "runAsGroup", "runAsNonRoot"}
"""The user, which kubectl leaves to the debug image: a difference only where its securityContext does not set it."""

VOLUME = {"name": "scratch", "emptyDir": {}}
NOTHING: Json = {}
EVERYTHING: Json = {
    "workingDir": "/scratch",
    "imagePullPolicy": "IfNotPresent",
    "env": [
        {"name": "PLAIN", "value": "$(POD_IP) $$"},
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
    ],
    "envFrom": [{"configMapRef": {"name": "settings", "optional": True}, "prefix": "C_"}],
    "volumeMounts": [{"name": "scratch", "mountPath": "/scratch", "readOnly": True}],
    "securityContext": {"readOnlyRootFilesystem": True, "seccompProfile": {"type": "RuntimeDefault"}},
}
TRACING: Json = {
    "securityContext": {"runAsUser": 0, "capabilities": {"add": ["SYS_PTRACE", "SYSLOG"], "drop": ["MKNOD"]}}
}
DROPPING: Json = {"securityContext": {"capabilities": {"drop": ["SYS_TIME"]}}}
EMPTY: Json = {
    "name": "",
    "image": None,
    "command": [],
    "env": None,
    "securityContext": {"capabilities": {"add": [], "drop": None}},
    "workingDir": "/tmp",
}


@pytest.fixture(scope="module")
def pods(cluster: Cluster, namespace: str) -> Iterator[dict[str, Pod]]:
    """An app that is root, and one that is not; entries of all tests are in them."""
    from .pods import Pod, pod_manifest

    made = {name: Pod(cluster, namespace, name) for name in ("root", "nonroot")}
    for name, image in (("root", STATIC_ROOT), ("nonroot", STATIC)):
        manifest = pod_manifest(name, app(image), volumes=[VOLUME])
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(manifest))
    for pod in made.values():
        pod.wait_ready()
    yield made
    for pod in made.values():
        pod.delete()


def kubectls(pod: Pod, name: str, *flags: str) -> subprocess.CompletedProcess[str]:
    words = ("debug", pod.name, "-n", pod.namespace, "--image=busybox:1.37", "--target=app", "-c", name, "-q", *flags)
    return pod.cluster.kubectl(*words, "--", "sleep", "1", check=False)


def alike(ours: Json, theirs: Json) -> tuple[Json, Json]:
    """Both without the differences that are allowed."""
    security = [dict(spec.get("securityContext", {})) for spec in (ours, theirs)]
    for field in IDENTITY - set(security[1]):
        del security[0][field]
    return comparable(ours, security[0]), comparable(theirs, security[1])


def comparable(entry: Json, security: Json) -> Json:
    env = [variable for variable in entry.get("env", []) if not variable["name"].startswith("DSHELL_")]
    env.sort(key=lambda variable: str(variable["name"]))
    kept = {field: value for field, value in entry.items() if field not in OURS}
    return {**kept, "env": env, "securityContext": security}


@pytest.mark.parametrize(
    ("target", "profile", "custom"),
    [
        *(pytest.param("nonroot", name, NOTHING, id=name) for name in ("restricted", "baseline", "general", "sysadmin")),
        *(pytest.param("root", name, NOTHING, id=f"{name} of root") for name in ("baseline", "general", "netadmin", "sysadmin")),
        *(pytest.param("nonroot", name, EVERYTHING, id=f"{name}, everything") for name in ("restricted", "baseline", "general")),
        pytest.param("nonroot", "baseline", TRACING, id="baseline, root that traces"),
        pytest.param("nonroot", "general", TRACING, id="general, another list"),
        pytest.param("root", "netadmin", DROPPING, id="netadmin, the other list"),
        pytest.param("nonroot", "general", DROPPING, id="general, the other list"),
        pytest.param("nonroot", "general", EMPTY, id="general, empty fields"),
        pytest.param("nonroot", "restricted", EMPTY, id="restricted, empty fields"),
        pytest.param("nonroot", "sysadmin", {"securityContext": {"privileged": False, "runAsUser": 65532}}, id="sysadmin, not privileged"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_same_flags_add_the_same_container(
    pods: dict[str, Pod], dshell: Dshell, tmp_path: Path, target: str, profile: str, custom: Json, form: str
) -> None:
    pod, flags = pods[target], [f"--profile={profile}", "--env=B=2"]
    if custom:
        (tmp_path / form).write_text(json.dumps(custom, indent="\t") if form == "json" else yaml.safe_dump(custom))
        flags.append(f"--custom={tmp_path / form}")
    elif form == "yaml":
        flags[0:1] = ["--profile", profile]
    before = set(pod.debug_containers())
    theirs_name = f"theirs-{len(before)}"

    debugged = kubectls(pod, theirs_name, *flags)
    entered = dshell(pod.name, "-n", pod.namespace, "--new", *flags, "--", "sh", "-c", "echo $B")

    assert (debugged.returncode, debugged.stderr) == (0, "")
    assert (entered.code, entered.stdout, entered.stderr) == (0, b"2\n", "")
    added = {name: entry.spec for name, entry in pod.debug_containers().items() if name not in before}
    theirs = added.pop(theirs_name)
    (ours,) = added.values()
    one, other = alike(ours, theirs)
    assert one == other


def test_a_variable_of_both_is_the_custom_one(pods: dict[str, Pod], dshell: Dshell, tmp_path: Path) -> None:
    pod = pods["nonroot"]
    (tmp_path / "f").write_text(json.dumps({"env": [{"name": "A", "value": "custom"}]}))
    flags = ("--profile=general", "--env=A=1", f"--custom={tmp_path / 'f'}")

    kubectls(pod, "both", *flags)
    entered = dshell(pod.name, "-n", pod.namespace, *flags, "--", "sh", "-c", "echo $A")

    assert entered.stdout == b"custom\n"
    assert pod.debug_containers()["both"].spec["env"] == [{"name": "A", "value": "custom"}]


@pytest.mark.parametrize(
    "custom",
    [
        {"name": "x"},
        {"command": ["sh"]},
        {"image": "x:1"},
        {"lifecycle": {"preStop": {"sleep": {"seconds": 1}}}},
        {"volumeDevices": [{"name": "scratch", "devicePath": "/dev/x"}]},
        {"securityContext": {"runAsUser": "root"}},
        [],
    ],
    ids=str,
)
def test_what_kubectl_refuses_is_refused(pods: dict[str, Pod], dshell: Dshell, tmp_path: Path, custom: Any) -> None:
    pod = pods["nonroot"]
    (tmp_path / "f").write_text(json.dumps(custom))
    flags = ("--profile=general", f"--custom={tmp_path / 'f'}")
    before = set(pod.debug_containers())

    debugged = kubectls(pod, "refused", *flags)
    refused = dshell(pod.name, "-n", pod.namespace, *flags, "--", "true")

    assert (debugged.returncode, refused.code) == (1, 64)
    assert f"{tmp_path / 'f'}" in refused.stderr
    assert set(pod.debug_containers()) == before


@pytest.mark.parametrize(
    ("custom", "said"),
    [
        ({"resources": {"limits": {"cpu": "1"}}}, "resources: Forbidden: cannot be set for an Ephemeral Container"),
        ({"ports": [{"containerPort": 80}]}, "ports: Forbidden: cannot be set for an Ephemeral Container"),
        ({"volumeMounts": [{"name": "none", "mountPath": "/x"}]}, 'volumeMounts[0].name: Not found: "none"'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_the_api_server_refuses_is_told_and_nothing_is_added(
    pods: dict[str, Pod], dshell: Dshell, tmp_path: Path, custom: Json, said: str
) -> None:
    pod = pods["nonroot"]
    (tmp_path / "f").write_text(json.dumps(custom))
    flags = ("--profile=general", f"--custom={tmp_path / 'f'}")
    before = set(pod.debug_containers())

    debugged = kubectls(pod, "refused", *flags)
    refused = dshell(pod.name, "-n", pod.namespace, *flags, "--", "true")

    assert said in debugged.stderr
    assert said in refused.stderr
    assert (refused.code, refused.stderr.splitlines()[-1]) == (69, "Nothing was added to the pod.")
    assert set(pod.debug_containers()) == before


def test_root_with_no_more_than_it_takes_to_read(pods: dict[str, Pod], dshell: Dshell, tmp_path: Path) -> None:
    """The example in docs/usage.md, but for the volume."""
    example = USAGE.partition("# mounts.yaml")[2].partition("```")[0].replace("data", "scratch")
    (tmp_path / "mounts.yaml").write_text(f"#{example}")
    pod = pods["nonroot"]
    script = "id -u; cat app/secret.txt; test -d /scratch && grep CapEff /proc/self/status"

    entered = dshell(pod.name, "-n", pod.namespace, f"--custom={tmp_path / 'mounts.yaml'}", "--", "sh", "-c", script)

    assert entered.stderr == ""
    user, secret, effective = entered.stdout.decode().splitlines()
    assert (user, secret) == ("0", "only the app reads this")
    assert capability_names(int(effective.split()[1], 16)) == "DAC_READ_SEARCH, SYS_PTRACE"
