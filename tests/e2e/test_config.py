"""Defaults of the user's own, on a real cluster: what the file says is what the pod gets."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.session import DEFAULT_IMAGE

if TYPE_CHECKING:
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

FILE = """
image = "tools"
ttl = "1h"
profile = "sysadmin"
images.tools = "registry.example.com/library/{image}"
mirrors."registry.example.com" = "docker.io"
[contexts.{context}]
ttl = "2h"
reason-required = true
[contexts.{context}.namespaces.{namespace}]
profile = "baseline"
"""


def test_what_the_file_says_for_context_and_namespace_reaches_the_pod(
    make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod, path = make_pod(), tmp_path / "kubectl-dshell/config.toml"
    env, image = {"XDG_CONFIG_HOME": str(tmp_path)}, f"docker.io/library/{DEFAULT_IMAGE}"
    context = json.loads(dshell("config", "-o", "json", env=env).stdout)["context"]
    section = f"{path} [contexts.{context}.namespaces.{pod.namespace}]"
    path.parent.mkdir()
    path.write_text(FILE.format(image=DEFAULT_IMAGE, context=context, namespace=pod.namespace))

    shown = json.loads(dshell("config", "-n", pod.namespace, "-o", "json", env=env).stdout)
    without = dshell(pod.name, "--", "echo", "a b", env=env)
    assert list(pod.debug_containers()) == []
    done = dshell(pod.name, "--reason=INC-7", "-v1", "--", "echo", "a b", env=env)
    typed = dshell(pod.name, "--reason=x", "--ttl=3h", "--profile=auto", "--dry-run", "-o=json", env=env)

    values = {one["name"]: (one["value"], one["sourceName"]) for one in shown["settings"]}
    assert shown["file"] == str(path)
    assert values["image"] == (image, str(path))
    assert values["ttl"] == ("2h", f"{path} [contexts.{context}]")
    assert values["profile"] == ("baseline", section)
    assert without.code == 64
    assert without.stderr.splitlines() == [
        f"error: a session needs a reason here: reason-required is set in {path} [contexts.{context}]",
        "Type the same command again with --reason TEXT.",
    ]
    assert (done.stdout, done.code) == (b"a b\n", 0)
    mirrored = f"image tools is {image}: set in {path}, {path} [images], {path} [mirrors]"
    assert done.stderr.splitlines()[:2] == [mirrored, f"profile baseline: set in {section}"]
    (made,) = pod.debug_containers().values()
    assert made.spec["image"] == image
    assert limit(made.spec) == "7200"
    assert "capabilities" not in made.spec["securityContext"]
    (dry,) = json.loads(typed.stdout)["spec"]["ephemeralContainers"]
    assert (limit(dry), typed.stderr) == ("10800", "")
    assert dry["securityContext"]["capabilities"] == {"drop": ["ALL"]}  # what --profile baseline leaves out


def test_with_a_each_pod_gets_what_is_set_for_its_namespace(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell, tmp_path: Path
) -> None:
    mark, careful = f"m-{secrets.token_hex(4)}", make_namespace()
    labels = {"labels": {mark: "x"}}
    one, other = make_pod(metadata=labels), make_pod(namespace=careful, metadata=labels)
    path = tmp_path / "kubectl-dshell/config.toml"
    path.parent.mkdir()
    path.write_text(f'profile = "baseline"\n[namespaces.{careful}]\nprofile = "restricted"\n')

    done = dshell("-A", "-l", mark, "--", "true", env={"XDG_CONFIG_HOME": str(tmp_path)})

    assert (done.code, sorted(done.stderr.splitlines())) == (
        0,
        [f"profile baseline: set in {path}", f"profile restricted: set in {path} [namespaces.{careful}]"],
    )
    dropped = [
        made.spec["securityContext"].get("capabilities")
        for pod in (one, other)
        for made in pod.debug_containers().values()
    ]
    assert dropped == [None, {"drop": ["ALL"]}]


def test_a_mistake_in_the_file_or_a_variable_leaves_the_pod_alone(
    make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod, path = make_pod(), tmp_path / "kubectl-dshell/config.toml"
    path.parent.mkdir()
    path.write_text('[namespaces.shop]\nprofiel = "general"\n')

    wrong = dshell(pod.name, "--", "true", env={"XDG_CONFIG_HOME": str(tmp_path)})
    variable = dshell(pod.name, "--", "true", env={"DSHELL_MIRRORS": "docker.io"})

    assert wrong.code == 78
    assert wrong.stderr.splitlines()[0] == (
        f'error: {path}: unknown key "profiel" in [namespaces.shop] (did you mean profile?)'
    )
    assert (variable.code, variable.stderr) == (
        64,
        "error: the variable DSHELL_MIRRORS is invalid: 'docker.io' is not PREFIX=MIRROR\n",
    )
    assert list(pod.debug_containers()) == []


def limit(container: dict[str, object]) -> str:
    """The lifetime in seconds that the debug container is told."""
    env = container["env"]
    assert isinstance(env, list)
    (found,) = [one["value"] for one in env if one["name"] == "DSHELL_LIMIT"]
    return str(found)
