"""The scripts of docs/runbooks.md, run with bash as they stand in the file."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.runbooks import Incident, scripts
from tests.waiting import wait_until

from .pods import RESTRICTED, STATIC, Pod, app
from .processes import app_state
from .traces import Before, log_of

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell

CLEAN = "ended by its last session"
SOON = 60
"""Seconds within which a debug container has ended after a script, on a machine with much else to do."""
HELLO, GOOD_DAY = "greeting: hello\n", "greeting: good day\n"
RBAC = Path(__file__).parents[2] / "manifests/rbac"
SESSION, MANY = (RBAC.joinpath(name).read_text() for name in ("session.yaml", "many.yaml"))
LOGS = """\
kind: Role
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: logs}
rules: [{apiGroups: [""], resources: [pods/log], verbs: [get]}]
"""
WAITS = re.compile(r"^\S+: (?:creating the debug container|waiting for .+)\n", re.MULTILINE)
"""What is said there, where a start takes its time."""
MEGABYTE = 1 << 20
NARROW: Json = {"medium": "Memory", "sizeLimit": "16Mi"}


@dataclass(frozen=True, slots=True)
class Ran:
    lines: list[str]
    stderr: str
    code: int


@dataclass(frozen=True, slots=True)
class Scripts:
    """Runs them in `folder`, with kubectl and its plugin by their plain names, and nothing else of this machine."""

    dshell: Dshell
    programs: Path
    folder: Path

    def run(self, incident: Incident, **environment: str) -> Ran:
        env = {
            "PATH": f"{self.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.dshell.home),
            "KUBECONFIG": str(self.dshell.kubeconfig),
            "LANG": "C.UTF-8",
            **environment,
        }
        done = subprocess.run(
            ["bash", "-c", scripts()[incident]],
            env=env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(done.stdout.splitlines(), WAITS.sub("", done.stderr), done.returncode)


class OnCall(Protocol):
    def __call__(self, *more: str, namespace: str = "") -> Scripts: ...


@pytest.fixture
def on_call(cluster: Cluster, dshell: Dshell, make_user: MakeUser, tmp_path: Path) -> OnCall:
    """Somebody with the rights of session.yaml, those of `more` roles, and no others."""
    programs, folder = tmp_path / "programs", tmp_path / "desk"
    programs.mkdir()
    folder.mkdir()
    kubectl = shutil.which(cluster.kubectl_program)
    assert kubectl
    (programs / "kubectl").symlink_to(kubectl)

    def make(*more: str, namespace: str = "") -> Scripts:
        roles = tmp_path / "roles.yaml"
        roles.write_text("\n---\n".join((SESSION, *more)))
        _, kubeconfig = make_user(f"on-call-{secrets.token_hex(3)}", roles, namespace)
        return Scripts(dshell.with_kubeconfig(kubeconfig), programs, folder)

    return make


@pytest.fixture
def disk(make_pod: MakePod) -> Pod:
    """The app has filled its cache; another volume is empty."""
    mounts = [{"name": name, "mountPath": f"/var/{name}"} for name in ("cache", "spool")]
    container = app(STATIC, "-signals", "-fill=/var/cache/thumbs/a.bin=16000000", volumeMounts=mounts)
    volumes = [{"name": name, "emptyDir": NARROW} for name in ("cache", "spool")]
    return make_pod(container, volumes=volumes)


def test_a_full_volume_is_found_with_the_directory_that_fills_it(disk: Pod, on_call: OnCall) -> None:
    runbooks = on_call()
    before = Before.of(disk)

    empty = runbooks.run(Incident.FULL_DISK, POD=disk.name, NS=disk.namespace, VOLUME="/var/spool")
    full = runbooks.run(Incident.FULL_DISK, POD=disk.name)

    (line,) = empty.lines
    assert re.fullmatch("ok       /var/spool: 0% of 16 MiB, [01]% of the inodes", line)
    assert (empty.stderr, empty.code) == ("", 0)
    assert (full.stderr, full.code) == ("", 1)
    at = next(i for i, line in enumerate(full.lines) if line.startswith("FULL     /var/cache: 9"))
    assert full.lines[at + 1 : at + 3] == ["  15628 KiB in /var/cache/thumbs", "  15628 KiB in /var/cache"]
    before.assert_nothing_left(CLEAN, SOON)


def test_what_is_deleted_but_open_is_found_too(disk: Pod, dshell: Dshell, on_call: OnCall) -> None:
    runbooks = on_call()
    hold = "exec 9>var/spool/big; head -c 15000000 /dev/zero >&9; rm var/spool/big; echo ready; cat"
    holder = dshell.start(disk.name, "--", "sh", "-c", hold)
    assert holder.stdout
    assert holder.stdout.readline() == b"ready\n"

    full = runbooks.run(Incident.FULL_DISK, POD=disk.name, VOLUME="/var/spool")
    holder.communicate(timeout=60)

    assert (full.lines[0].split(":")[0], full.stderr, full.code) == ("FULL     /var/spool", "", 1)
    assert re.fullmatch(r"  14648 KiB in /var/spool/big, deleted but open in process \d+", full.lines[-1])


def test_clean_up_is_asked_for_and_spares_what_is_new_or_open(disk: Pod, dshell: Dshell, on_call: OnCall) -> None:
    runbooks = on_call()
    before = Before.of(disk)
    prepare = "cd var/cache && touch -d '2020-01-01 00:00' thumbs/a.bin open && touch new && echo ready; cat; :"
    holder = dshell.start(disk.name, "--", "sh", "-c", f"exec 9>var/cache/open; {prepare}")
    assert holder.stdout
    assert holder.stdout.readline() == b"ready\n"

    ran = runbooks.run(Incident.FULL_DISK, POD=disk.name, VOLUME="/var/cache", CLEAN="/var/cache")
    holder.communicate(timeout=60)
    left = dshell(disk.name, "--", "find", "var/cache", "-type", "f").stdout.split()

    assert ran.lines[-1].startswith("ok       /var/cache: 0% of 16 MiB"), ran
    assert (sorted(ran.lines[:-1]), ran.code) == (["deleted  /var/cache/thumbs/a.bin", "open     /var/cache/open"], 0)
    assert sorted(left) == [b"var/cache/new", b"var/cache/open"]
    before.assert_nothing_left(CLEAN, SOON)


def test_clean_up_of_no_directory_is_refused(disk: Pod, on_call: OnCall) -> None:
    runbooks = on_call()
    before = Before.of(disk)

    for where in ("/var/cache/thumbs/a.bin", "/"):
        ran = runbooks.run(Incident.FULL_DISK, POD=disk.name, CLEAN=where)
        assert (ran.lines, ran.code) == ([], 2)
        assert ran.stderr.endswith(f": {where}\n")
    before.assert_nothing_left(CLEAN, SOON)


@pytest.mark.parametrize(
    ("flags", "said", "code"),
    [
        ((), "", 0),
        (("-deadlock",), 'threads wait for each other forever; see "deadlock" in the dump\n', 1),
    ],
    ids=["healthy", "deadlock"],
)
def test_a_thread_dump_is_taken_and_the_jvm_goes_on(
    make_pod: MakePod, on_call: OnCall, flags: tuple[str, ...], said: str, code: int
) -> None:
    runbooks = on_call(LOGS)
    pod = make_pod(app(STATIC, *flags, "jvm"), app(STATIC, "-port=", name="sidecar"))
    pod.wait_log("serving as")
    before = app_state(pod)

    ran = runbooks.run(Incident.THREAD_DUMP, POD=pod.name)

    assert ran.lines[0].startswith("Full thread dump OpenJDK 64-Bit Server VM")
    assert [line for line in ran.lines if line.startswith('"http-worker-1" #2 ')]
    assert ("Found one Java-level deadlock:" in ran.lines) == bool(code)
    assert ran.lines[-1].startswith(" garbage-first heap")
    assert (ran.stderr, ran.code) == (said and f"{pod.name}: {said}", code)
    assert log_of(pod, "app").count("Full thread dump") == 1
    for name in pod.debug_containers():
        assert pod.wait_terminated(name, SOON)["message"].strip() == CLEAN
    assert app_state(pod) == before


def test_what_is_no_jvm_is_not_signalled(make_pod: MakePod, on_call: OnCall) -> None:
    runbooks = on_call(LOGS)
    pod = make_pod(app(STATIC, "-signals"))
    before = Before.of(pod)

    ran = runbooks.run(Incident.THREAD_DUMP, POD=pod.name, CONTAINER="app")

    assert ran == Ran([], "no JVM in this container: nothing was sent\n", 2)
    before.assert_nothing_left(CLEAN, SOON)


def deployment(cluster: Cluster, namespace: str, greeting: str) -> None:
    """Three replicas with a file from a ConfigMap; by `subPath`, so that each keeps what it has had at its start."""
    mount = {"name": "conf", "mountPath": "/etc/app.yaml", "subPath": "app.yaml"}
    template = {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": [app(STATIC, "-signals", volumeMounts=[mount], securityContext=RESTRICTED)],
            "volumes": [{"name": "conf", "configMap": {"name": "shop"}}],
        },
    }
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "shop"}}, "template": template}
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}, "data": {"app.yaml": greeting}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": spec},
        namespace=namespace,
    )
    cluster.kubectl("rollout", "status", "deploy/shop", "-n", namespace, "--timeout=60s", timeout=70)


def replicas(cluster: Cluster, namespace: str) -> list[Pod]:
    pods = cluster.get("pods", "-n", namespace, "-l", "app=shop")["items"]
    return [Pod(cluster, namespace, pod["metadata"]["name"]) for pod in pods]


def test_the_replica_with_another_configuration_is_found(
    cluster: Cluster, make_namespace: MakeNamespace, on_call: OnCall
) -> None:
    namespace = make_namespace("restricted")
    runbooks = on_call(MANY, namespace=namespace)
    what = {"TARGET": "deploy/shop", "FILE": "etc/app.yaml", "NS": namespace}
    deployment(cluster, namespace, HELLO)

    healthy = runbooks.run(Incident.CONFIGURATION, **what)

    sums = {greeting: hashlib.sha256(greeting.encode()).hexdigest()[:16] for greeting in (HELLO, GOOD_DAY)}
    names = sorted(pod.name for pod in replicas(cluster, namespace))
    assert healthy == Ran([f"ok  {sums[HELLO]} {name}" for name in names], "", 0)

    deployment(cluster, namespace, GOOD_DAY)
    cluster.kubectl("delete", "pod", names[0], "-n", namespace)
    cluster.kubectl("rollout", "status", "deploy/shop", "-n", namespace, "--timeout=60s", timeout=70)
    before = [Before.of(pod) for pod in replicas(cluster, namespace)]

    found = runbooks.run(Incident.CONFIGURATION, **what)

    (odd,) = {pod.name for pod in replicas(cluster, namespace)} - set(names)
    usual = [f"ok  {sums[HELLO]} {name}" for name in names[1:]]
    assert found == Ran([f"ODD {sums[GOOD_DAY]} {odd}", *usual], "", 1)
    for one in before:
        one.assert_nothing_left(CLEAN, SOON)

    nowhere = runbooks.run(Incident.CONFIGURATION, TARGET=odd, FILE="etc/no.yaml", NS=namespace)
    assert (nowhere.lines, nowhere.code) == ([], 2)
    assert nowhere.stderr.splitlines()[-1] == f"most pods of {odd} have no etc/no.yaml: is that its path?"


def certificate(folder: Path, days: int) -> str:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt"), "-subj", "/CN=shop"]
    subprocess.run([*command, *files, "-days", str(days)], check=True, capture_output=True)
    return (folder / "tls.crt").read_text()


def test_the_pods_whose_certificate_ends_soon_are_found(
    cluster: Cluster, namespace: str, make_pod: MakePod, on_call: OnCall, tmp_path: Path
) -> None:
    runbooks = on_call(MANY)
    service = {"metadata": {"name": "shop"}, "spec": {"selector": {"app": "tls"}, "ports": [{"port": 8443}]}}
    cluster.apply({"apiVersion": "v1", "kind": "Service", **service}, namespace=namespace)
    mount = {"name": "tls", "mountPath": "/etc/tls", "readOnly": True}
    pods = {}
    for name, days in (("long", 90), ("short", 5)):
        secret = {"metadata": {"name": name}, "stringData": {"tls.crt": certificate(tmp_path, days), "tls.key": "no"}}
        cluster.apply({"apiVersion": "v1", "kind": "Secret", **secret}, namespace=namespace)
        pods[name] = make_pod(
            app(STATIC, "-signals", volumeMounts=[mount]),
            metadata={"labels": {"app": "tls"}},
            volumes=[{"name": "tls", "secret": {"secretName": name}}],
        )
    before = [Before.of(pod) for pod in pods.values()]
    what = {"TARGET": "svc/shop", "CERT": "/etc/tls/tls.crt"}

    healthy = runbooks.run(Incident.CERTIFICATE, **what, DAYS="3")
    found = runbooks.run(Incident.CERTIFICATE, **what)

    assert sorted(line.split(":")[0] for line in healthy.lines) == sorted(f"ok       {p.name}" for p in pods.values())
    assert (healthy.stderr, healthy.code) == ("", 0)
    assert sorted(line.split(":")[0] for line in found.lines) == [
        f"ENDS     {pods['short'].name}",
        f"ok       {pods['long'].name}",
    ]
    assert all(re.search(r": \w+ +\d+ [\d:]+ \d{4} GMT$", line) for line in found.lines)
    assert (found.stderr, found.code) == ("", 1)
    assert list(runbooks.folder.iterdir()) == []
    for one in before:
        one.assert_nothing_left(CLEAN, SOON)

    nothing = runbooks.run(Incident.CERTIFICATE, TARGET=pods["long"].name, CERT="etc/app.yaml")
    assert (nothing.lines, nothing.code) == ([f"NONE     {pods['long'].name}: no certificate in etc/app.yaml"], 2)


def test_the_core_file_of_an_app_that_crashed_is_brought_out_whole(
    make_pod: MakePod, on_call: OnCall, tmp_path: Path
) -> None:
    runbooks = on_call()
    size = 64 * MEGABYTE
    crash = app(STATIC, "-signals", f"-core=/var/crash/core.server.1={size}")
    mount = {"name": "crash", "mountPath": "/var/crash"}
    pod = make_pod(crash | {"volumeMounts": [mount]}, volumes=[{"name": "crash", "emptyDir": {}}])
    wait_until(lambda: pod.status()["restartCount"] == 1 and "running" in pod.status()["state"], 60, "its second start")
    before = Before.of(pod)
    original = Path(f"/proc/{before.app.pid}/root/var/crash/core.server.1")
    desk = tmp_path / "evidence"
    desk.mkdir()

    ran = runbooks.run(Incident.CORE_FILE, POD=pod.name, OUT=str(desk))

    copy = desk / f"{pod.name}.core.server.1"
    sum_ = hashlib.sha256(original.read_bytes()).hexdigest()
    assert pod.status()["restartCount"] == 1
    assert (ran.stderr, ran.code) == ("", 0)
    (line,) = ran.lines
    assert re.fullmatch(rf"{copy}: {size} bytes, (\d+) KiB on disk, sha256 {sum_}", line)
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == sum_
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.stat().st_blocks * 512 < MEGABYTE
    assert list(desk.iterdir()) == [copy]
    before.assert_nothing_left(CLEAN, SOON)


def test_where_no_core_file_is_nothing_is_copied(make_pod: MakePod, on_call: OnCall) -> None:
    runbooks = on_call()
    pod = make_pod()

    ran = runbooks.run(Incident.CORE_FILE, POD=pod.name, DIR="/tmp")

    assert ran == Ran([], "no core file in /tmp\n", 2)
    assert list(runbooks.folder.iterdir()) == []
