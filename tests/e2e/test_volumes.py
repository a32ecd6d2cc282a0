"""`--volumes`: the volumes of a container that is down, in the pod that lives, at their own paths."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import PYTHON, RESTRICTED, STATIC, app

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell

IN_THE_APP = """
grep ^ID= etc/os-release
read -r app <"/proc/$DSHELL_PID/stat"; read -r own </proc/self/stat
set -- ${app##*)}; app=${20}; set -- ${own##*)}; echo $(((${20} - app) * 10))
"""
"""Prints a line of the app's files, and how many milliseconds its process is older than this one."""
READS_CONFIG = "import json, time; print(json.load(open('/data/app.json'))['greeting'], flush=True); time.sleep(100000)"
"""An app that does not start with a broken configuration."""
VOLUMES = [{"name": "data", "emptyDir": {}}, {"name": "conf", "configMap": {"name": "conf"}}]
MOUNTS = [
    {"name": "data", "mountPath": "/data"},
    {"name": "conf", "mountPath": "/etc/conf", "readOnly": True},
    {"name": "conf", "mountPath": "/etc/one.yaml", "subPath": "app.yaml"},
]


@pytest.fixture(scope="module")
def restricted(make_namespace: MakeNamespace, cluster: Cluster) -> str:
    name = make_namespace("restricted")
    conf = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"app.yaml": "of the app\n"}}
    cluster.apply(conf, namespace=name)
    return name


def broken() -> Json:
    """A distroless app, under every restriction, whose configuration is missing at first."""
    return app(
        PYTHON,
        command=["/usr/bin/python3.11", "-c", READS_CONFIG],
        securityContext={**RESTRICTED, "readOnlyRootFilesystem": True},
        volumeMounts=MOUNTS,
    )


def waits_for(pod: Pod, reason: str, container: str = "app") -> None:
    wait_until(
        lambda: pod.status(container).get("state", {}).get("waiting", {}).get("reason") == reason, 90, f"{reason}"
    )


def test_a_broken_configuration_is_repaired_in_place_and_the_app_comes_up(
    make_pod: MakePod, dshell: Dshell, restricted: str
) -> None:
    pod = make_pod(broken(), namespace=restricted, volumes=VOLUMES, wait=False, automountServiceAccountToken=False)
    waits_for(pod, "CrashLoopBackOff")
    where = ("-n", restricted)

    advice = [
        f"A shell in this pod, with its volumes and without its image: kubectl dshell {pod.name} -n {restricted} --volumes",
        f"A shell in a copy of the pod, with its image and variables: kubectl dshell {pod.name} -n {restricted} --copy",
    ]

    wait_until(  # it runs for a moment now and then
        lambda: dshell(pod.name, *where, "--timeout", "5s", "--", "true").stderr.splitlines()[-2:] == advice,
        60,
        "a refusal in a back-off",
    )
    looked = dshell(
        pod.name,
        *where,
        "--volumes",
        "--",
        "sh",
        "-c",
        'id -u; id -g; pwd; ls -A; cat /etc/conf/app.yaml; echo "<$DSHELL_ROOT>"; touch /etc/conf/x /new; exit 7',
    )
    before = pod.debug_containers()
    mended = dshell(pod.name, *where, "--volumes", "--", "tee", "app.json", input=b'{"greeting": "mended"}')
    entered = dshell(pod.name, *where, "--wait-for-start", "--", "sh", "-c", IN_THE_APP, timeout=90)

    assert looked.stdout.decode().splitlines() == ["65532", "65532", "/data", "of the app", "<>"], looked.stderr
    assert looked.code == 7
    assert "touch: /etc/conf/x: Read-only file system" in looked.stderr
    assert "touch: /new: Read-only file system" in looked.stderr
    assert "an ephemeral container may not have them: /etc/one.yaml (subPath or device)" in looked.stderr
    (entry,) = [one.spec for one in before.values() if "volumeMounts" in one.spec]
    assert "targetContainerName" not in entry
    assert mended.code == 0, mended.stderr
    assert pod.status()["state"].get("running")
    assert entered.code == 0, entered.stderr
    release, milliseconds = entered.stdout.decode().splitlines()
    assert release == "ID=dshell-test"
    assert int(milliseconds) < 15000, "it was entered when it started"


def test_it_is_like_every_other_debug_container(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    pod = make_pod(broken(), namespace=restricted, volumes=VOLUMES, wait=False, automountServiceAccountToken=False)
    waits_for(pod, "CrashLoopBackOff")
    where = ("-n", restricted)

    with dshell.terminal(pod.name, *where, "--volumes", "--keep", "10m", columns=200) as session:
        session.expect(r"the volumes of app are at their own paths:\r?\n/data, /etc/conf \(read-only\)\.")
        session.expect(rf"{pod.name}/app:/data \$ ")
        session.send("cd /etc\n")
        session.expect(r"debug image:/etc \$ ")
        session.send("cd; pwd; exit 5\n")
        session.expect(r"\n/data\r\n")
        assert session.wait() == 5
    (name,) = pod.debug_containers()
    (listed,) = json.loads(dshell("ls", pod.name, *where, "--mine", "-o", "json").stdout)["items"]
    table = dshell("ls", pod.name, *where).stdout.decode()
    reused = dshell(pod.name, *where, "--volumes", "--", "pwd")
    attached = dshell("attach", pod.name, *where, "--", "pwd")
    with dshell.start("attach", pod.name, *where, "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=30)
    ended = dshell("cleanup", pod.name, *where, "--yes")

    assert (listed["name"], listed["target"], listed["volumesOf"], listed["ours"]) == (name, "app", "app", True)
    assert "app (volumes)" in table
    assert (reused.code, reused.stdout) == (0, b"/data\n"), reused.stderr
    assert (attached.code, attached.stdout) == (0, b"/data\n"), attached.stderr
    assert client.returncode == 130
    assert ended.code == 0, ended.stderr
    assert list(pod.debug_containers()) == [name]
    assert pod.wait_terminated(name, 30)["message"] == "ended by a client"


def test_a_failing_init_container_is_repaired_and_a_pod_that_is_deleted_ends_the_session(
    make_pod: MakePod, dshell: Dshell, restricted: str
) -> None:
    pod = make_pod(
        app(STATIC, securityContext=RESTRICTED),
        namespace=restricted,
        volumes=VOLUMES,
        initContainers=[{**broken(), "name": "setup"}],
        wait=False,
    )
    waits_for(pod, "CrashLoopBackOff", "setup")
    where = ("-n", restricted)
    late = dshell(pod.name, *where, "-c", "app", "--wait-for-start", "--timeout", "2s", "--", "true")
    with dshell.start(pod.name, *where, "-c", "app", "--wait-for-start", "--", "true") as client:
        assert client.stderr
        assert b"waiting for the next start of container app" in client.stderr.readline()
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=30)
    soon = dshell(pod.name, *where, "-c", "setup", "--wait-for-start", "--", "true", timeout=120)

    assert late.code == 75
    assert f"container app of {pod.name} did not start within 2s" in late.stderr
    assert client.returncode == 130
    assert "app" not in [one.spec.get("targetContainerName") for one in pod.debug_containers().values()]
    assert soon.code in (66, 69), soon.stderr
    assert "ended before a session could begin in it" in soon.stderr or "which ended this session" in soon.stderr

    with dshell.start(pod.name, *where, "--volumes", "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        pod.delete()
        _, said = client.communicate(timeout=60)

    assert f"defaulted init container setup of {pod.name}, which fails (choose with -c)".encode() in said
    assert client.returncode == 66, said
    assert b"is being deleted, which ended this session" in said or b"was deleted, which ended" in said


def test_what_cannot_work_is_refused_before_a_name_is_spent(make_pod: MakePod, dshell: Dshell) -> None:
    hiding = [{"name": "data", "mountPath": "/bin"}]
    pod = make_pod(app(volumeMounts=hiding), app(STATIC, name="closed", volumeMounts=[]), volumes=VOLUMES[:1])

    hides = dshell(pod.name, "-c", "app", "--volumes", "--", "true")
    runs = dshell(pod.name, "-c", "closed", "--volumes", "--", "pwd")

    assert hides.code == 69
    assert "mounts a volume at /bin, which would hide the shell of the debug image" in hides.stderr
    assert runs.code == 0
    assert "container closed runs: without --volumes all of its files are there" in runs.stderr
    assert len(pod.debug_containers()) == 1
