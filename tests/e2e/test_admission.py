"""Clusters that change a debug container when it is added, or demand something of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import DEBUG_BASH, DEBUG_DASH_BASH, RESTRICTED, add_by_hand, app
from .policies import ADDING, in_force, rewriting
from .served import UNSERVED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell

KEEP = "--keep=5m"
BUSYBOX, MIRRORED = "busybox:1.37", "docker.io/library/busybox:1.37"
SECRET = "http://user:hunter2@proxy"  # what must not be shown
READ_ONLY = {"readOnlyRootFilesystem": True}
AT = "/spec/ephemeralContainers/0"  # where a patch puts the new one
REWRITE = f"""
    has(object.spec.ephemeralContainers) && !object.spec.ephemeralContainers[0].image.startsWith("docker.io/") ? [
        JSONPatch{{op: "replace", path: "{AT}/image", value: "{MIRRORED}"}},
        JSONPatch{{op: "add", path: "{AT}/securityContext/readOnlyRootFilesystem", value: true}},
        JSONPatch{{op: "add", path: "{AT}/env/0", value: Object.spec.ephemeralContainers.env{{
            name: "HTTP_PROXY", value: "{SECRET}"
        }}}}
    ] : []"""
DEMAND = """
    object.spec.ephemeralContainers.all(entry,
        entry.?securityContext.?readOnlyRootFilesystem.orValue(false) ||
        object.spec.containers.all(target, target.name != entry.?targetContainerName.orValue("") ||
            !target.?securityContext.?readOnlyRootFilesystem.orValue(false)))"""


@pytest.fixture(scope="module")
def rewritten(cluster: Cluster, make_namespace: MakeNamespace) -> Iterator[str]:
    """A namespace where admission takes every debug image from a mirror, adds a variable and sets a read-only root."""
    namespace = make_namespace()
    with rewriting(cluster, namespace, REWRITE):
        yield namespace


@pytest.fixture
def pod(rewritten: str, make_pod: MakePod) -> Pod:
    """A pod where the policy is in force."""

    def admitted() -> bool:
        probe = make_pod(namespace=rewritten)
        add_by_hand(probe, {"name": "other", "securityContext": {"runAsUser": 1}, "env": [{"name": "A"}]})
        return bool(probe.debug_containers()["other"].spec["image"] == MIRRORED)

    wait_until(admitted, 60, "the policy in force")
    return make_pod(namespace=rewritten)


def test_the_newest_version_serves_what_tests_need(cluster: Cluster) -> None:
    """Else they would be missing everywhere, and nobody would know."""
    version = json.loads(cluster.kubectl("get", "--raw", "/version").stdout)["gitVersion"]

    assert int(version.split(".")[1]) < 36 or not os.environ[UNSERVED]


@pytest.mark.needs_api("MutatingAdmissionPolicy")
def test_what_admission_rewrites_is_joined_all_the_same(pod: Pod, dshell: Dshell) -> None:
    where = (pod.name, "-n", pod.namespace, KEEP)
    variable = ("--", "sh", "-c", 'echo "$HTTP_PROXY"')

    runs = [dshell(*where, *variable) for _ in range(2)]
    named = [dshell(*where, "--ttl=1h", "--name=review", *variable) for _ in range(2)]
    other = dshell(*where, "--ttl=2h", "--name=review", *variable)
    image = dshell(*where, "--ttl=1h", "--name=review", "--image=tools:2", *variable)
    attached = dshell("attach", f"{pod.name}/review", "-n", pod.namespace, *variable)

    seen = [(run.stdout.decode(), run.stderr, run.code) for run in (*runs, *named, attached)]
    assert seen == [(f"{SECRET}\n", "", 0)] * 5
    assert (other.code, other.stderr.splitlines()[0]) == (
        69,
        f"error: dshell-review in {pod.name} has different options: its --ttl is 1h, not 2h",
    )
    may = "(admission may have changed that)"
    assert (image.code, image.stderr.splitlines()[0].partition(" has different options: ")[2].split("; ")) == (
        69,
        [
            f"its image is {MIRRORED}, not tools:2 {may}",
            f"its securityContext differs {may}",
            f"its environment (--env) differs {may}",
        ],
    )
    entries = pod.debug_containers()
    assert len(entries) == 2
    for entry in entries.values():
        assert entry.spec["image"] == MIRRORED
        assert entry.spec["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.needs_api("MutatingAdmissionPolicy")
def test_what_admission_changed_is_said_without_values_of_variables(pod: Pod, dshell: Dshell) -> None:
    where = (pod.name, "-n", pod.namespace, "-v", "1")

    really = dshell(*where, "--", "true")
    rehearsed = dshell(*where, "--dry-run=server", "-o", "json")

    (sent,) = json.loads(rehearsed.stdout)["spec"]["ephemeralContainers"]
    assert sent["image"] == BUSYBOX
    (added,) = pod.debug_containers()
    for done, name in ((really, added), (rehearsed, sent["name"])):
        assert done.code == 0
        assert done.stderr.splitlines() == [
            f"{name} in {pod.name}: admission changed image: {BUSYBOX} -> {MIRRORED}",
            f"{name} in {pod.name}: admission added securityContext.readOnlyRootFilesystem: true",
            f"{name} in {pod.name}: admission added env HTTP_PROXY",
        ]


def test_where_nothing_is_changed_nothing_is_said(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(securityContext=READ_ONLY))

    done = dshell(pod.name, "--env", "EMPTY=", "-v", "1", "--", "true")

    assert (done.code, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def demanding(cluster: Cluster, make_namespace: MakeNamespace) -> Iterator[str]:
    """A namespace where a debug container of an app with a read-only root has to have one."""
    namespace = make_namespace("restricted")
    with in_force(cluster, namespace, ADDING, DEMAND, "a read-only root is demanded"):
        yield namespace


@pytest.fixture
def read_only(demanding: str, make_pod: MakePod, dshell: Dshell) -> Pod:
    """A pod whose app has a read-only root and a /tmp, where the policy is in force."""
    security = {**RESTRICTED, **READ_ONLY}
    mounts = [{"name": "scratch", "mountPath": "/tmp"}]
    pod = make_pod(
        app(securityContext=security, volumeMounts=mounts),
        namespace=demanding,
        volumes=[{"name": "scratch", "emptyDir": {}}],
    )
    ours = dict(json.loads(dshell(pod.name, "-n", demanding, "--dry-run", "-o", "json").stdout))
    (entry,) = ours["spec"]["ephemeralContainers"]
    assert entry["securityContext"].pop("readOnlyRootFilesystem") is True
    patch = ("patch", "pod", pod.name, "-n", demanding, "--subresource=ephemeralcontainers", "--dry-run=server")

    def denied() -> bool:
        tried = pod.cluster.kubectl(*patch, "--type=strategic", "-p", json.dumps(ours), check=False)
        return "a read-only root is demanded" in tried.stderr

    wait_until(denied, 60, "the policy in force")
    return pod


@pytest.mark.parametrize("image", [BUSYBOX, DEBUG_BASH, DEBUG_DASH_BASH])
def test_with_a_read_only_root_of_our_own_everything_works(
    read_only: Pod, dshell: Dshell, image: str, tmp_path: Path
) -> None:
    pod = read_only
    where, flags = ("-n", pod.namespace), (KEEP, f"--image={image}")
    (tmp_path / "in").write_text("copied\n")

    with dshell.terminal(pod.name, *where, *flags) as session:
        session.expect(rf"{pod.name}/app:/ \$ ")
        session.send("cat etc/app.yaml; touch /here\n")
        session.expect("greeting: hello")
        session.expect("Read-only file system")
        session.send("exit 3\n")
        assert session.wait() == 3
    (name,) = pod.debug_containers()
    assert pod.debug_containers()[name].spec["securityContext"]["readOnlyRootFilesystem"] is True
    piped = dshell(pod.name, *where, *flags, "--", "cat", input=b"piped\n")
    script = dshell(pod.name, *where, *flags, input=b"id -u\n")
    many = dshell(pod.name, "--all", *where, *flags, "--", "echo", "in")
    copies = [
        dshell("cp", "-q", *flags, *where, str(tmp_path / "in"), f"{pod.name}:/tmp/copy", "-y"),
        dshell("cp", "-q", *flags, *where, f"{pod.name}:/tmp/copy", str(tmp_path / "out")),
    ]
    attached = dshell("attach", pod.name, *where, "--", "cat", "tmp/copy")
    ended = dshell("cleanup", pod.name, *where, "-y")

    assert (piped.stdout, piped.stderr, piped.code) == (b"piped\n", "", 0)
    assert (script.stdout, script.stderr, script.code) == (b"65532\n", "", 0)
    assert (many.stdout.endswith(b"in\n"), many.code) == (True, 0), many.stderr
    assert [(done.stderr, done.code) for done in copies] == [("", 0)] * 2
    assert (tmp_path / "out").read_text() == "copied\n"
    assert (attached.stdout, attached.code) == (b"copied\n", 0)
    assert ended.code == 0, ended.stderr
    assert "ended by a client" in pod.wait_terminated(name, 30)["message"]
    assert set(pod.debug_containers()) == {name}


@pytest.mark.parametrize("given", ["", "/proc"])
def test_a_shell_starts_where_bash_keeps_here_documents_in_files(read_only: Pod, dshell: Dshell, given: str) -> None:
    """As before 5.1."""
    env = ("--env=BASH_COMPAT=5.0", *([f"--env=TMPDIR={given}"] if given else []))

    with dshell.terminal(read_only.name, "-n", read_only.namespace, f"--image={DEBUG_BASH}", *env) as session:
        session.expect(rf"{read_only.name}/app:/ \$ ")
        session.send('echo "[$(env | grep ^TMPDIR=)]"\n')
        session.expect(r"\n\[" + f"TMPDIR={given}" * bool(given) + r"\]")
        session.send("exit 3\n")
        assert session.wait() == 3


def test_the_profile_general_keeps_a_writable_root(make_pod: MakePod, dshell: Dshell) -> None:
    """As kubectl debug: for tools that are to be installed first."""
    pod = make_pod(app(securityContext=READ_ONLY))

    done = dshell(pod.name, "--profile=general", "--", "sh", "-c", "touch /here && echo written")

    assert (done.stdout, done.stderr, done.code) == (b"written\n", "", 0)
