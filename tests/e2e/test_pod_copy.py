"""`--copy`: a pod beside one whose container does not run, with its image, volumes, variables and user."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kubectl_dshell.domain.access.capabilities import capability_names
from tests.waiting import wait_until

from .pods import DEBUG_ALPINE, RESTRICTED, STATIC, STATIC_ROOT, Pod, app

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell

COPY_ROLE = Path(__file__).parents[2] / "manifests/rbac/copy.yaml"
CLEANUP_ROLE = COPY_ROLE.with_name("cleanup.yaml")
OURS = "app.kubernetes.io/managed-by=kubectl-dshell"
VOLUMES = [
    {"name": "conf", "configMap": {"name": "conf"}},
    {"name": "key", "secret": {"secretName": "key"}},
    {"name": "data", "emptyDir": {}},
]


@pytest.fixture(scope="module")
def restricted(make_namespace: MakeNamespace, cluster: Cluster) -> str:
    name = make_namespace("restricted")
    data = {"app.yaml": "of the app\n", "REGION": "north"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": data},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "s3cret\n"}},
        namespace=name,
    )
    return name


def crashing() -> Json:
    """An app that ends at once, under every restriction, with all that a container may have."""
    return app(
        STATIC,
        "no-such-mode",
        env=[
            {"name": "GREETING", "value": "hello $$(world)"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}},
            {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.memory"}}},
        ],
        envFrom=[{"configMapRef": {"name": "conf"}}],
        ports=[{"containerPort": 8080}],
        readinessProbe={"exec": {"command": ["/app"]}},
        lifecycle={"preStop": {"exec": {"command": ["/app"]}}},
        resources={"limits": {"memory": "64Mi"}, "requests": {"memory": "32Mi"}},
        securityContext={**RESTRICTED, "readOnlyRootFilesystem": True},
        workingDir="/etc",
        volumeMounts=[
            {"name": "conf", "mountPath": "/etc/conf"},
            {"name": "conf", "mountPath": "/etc/sub.yaml", "subPath": "app.yaml"},
            {"name": "key", "mountPath": "/etc/key", "readOnly": True},
            {"name": "data", "mountPath": "/data"},
        ],
    )


def waits_for(pod: Pod, reason: str, container: str = "app") -> None:
    wait_until(
        lambda: pod.status(container).get("state", {}).get("waiting", {}).get("reason") == reason, 90, f"{reason}"
    )


def copies(pod: Pod) -> list[Json]:
    items: list[Json] = pod.cluster.get("pods", "-l", OURS, "-n", pod.namespace)["items"]
    prefix = f"{pod.name}/"
    return [one for one in items if one["metadata"]["annotations"]["kubectl-dshell/copy-of"].startswith(prefix)]


def gone(pod: Pod) -> None:
    wait_until(lambda: not copies(pod), 30, f"the copies of {pod.name} to be deleted")


def test_a_crashing_app_s_files_variables_and_user_under_restricted(
    make_pod: MakePod, dshell: Dshell, restricted: str
) -> None:
    labels = {"app": "crashing"}
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, metadata={"labels": labels}, wait=False)
    waits_for(pod, "CrashLoopBackOff")
    script = (
        'echo "$GREETING,$TOKEN,$REGION,$LIMIT,$DSHELL_ROOT"; echo $(id -u):$(id -g); pwd; '
        "cat conf/app.yaml sub.yaml key/token os-release; echo note >/data/note && cat /data/note; "
        "touch /new; ls /var/run/secrets; exit 7"
    )

    refused = dshell(pod.name, "-n", restricted, "--", "true")
    ran = dshell(pod.name, "-n", restricted, "--copy", "--", "sh", "-c", script)

    assert refused.code == 66
    assert refused.stderr.splitlines()[-1] == (
        f"A shell in a copy of the pod, with its image and variables: kubectl dshell {pod.name} -n {restricted} --copy"
    )
    assert ran.stdout.decode().splitlines() == [
        "hello $(world),s3cret",
        ",north,67108864,/",
        "65532:65532",
        "/etc",
        "of the app",
        "of the app",
        "s3cret",
        'PRETTY_NAME="distroless look-alike"',
        "ID=dshell-test",
        "note",
    ]
    assert ran.code == 7
    assert "touch: /new: Read-only file system" in ran.stderr
    assert "ls: /var/run/secrets: No such file or directory" in ran.stderr
    gone(pod)


def test_the_copy_has_the_privilege_that_was_asked_for(
    make_pod: MakePod, dshell: Dshell, restricted: str, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    space = make_namespace()
    custom = tmp_path / "custom.yaml"
    custom.write_text(
        "securityContext: {runAsUser: 0, capabilities: {drop: [ALL], add: [CHOWN]}}\n"
        "env: [{name: GREETING, value: hello}]\n"
        "volumeMounts: [{name: data, mountPath: /mine}]\n"
    )
    volumes = [{"name": "data", "emptyDir": {}}]
    own = [{"name": "GREETING", "value": "the app's"}]
    pod = make_pod(app(STATIC, "no-such-mode", env=own), namespace=space, volumes=volumes, wait=False)
    bound = make_pod(app(STATIC, "no-such-mode", securityContext=RESTRICTED), namespace=restricted, wait=False)
    look = ("--copy", "--", "sh", "-c", "echo $(id -u) $GREETING; grep CapEff /proc/self/status; ls -d /mine")
    for one in (pod, bound):
        waits_for(one, "CrashLoopBackOff")

    def ran(*flags: str) -> tuple[int, str, set[str], int]:
        done = dshell(pod.name, "-n", space, *flags, *look)
        who, effective, *mine = done.stdout.decode().splitlines()
        user, _, greeting = who.partition(" ")
        return int(user), greeting, set(capability_names(int(effective.split()[1], 16)).split(", ")), len(mine)

    general, added, customized = (
        ran("--profile", "general"),
        ran("--run-as", "0", "--cap-add", "NET_ADMIN", "--cap-drop", "MKNOD"),
        ran("--custom", str(custom)),
    )
    vain = dshell(pod.name, "-n", space, "--cap-add", "NET_ADMIN", *look)
    policy = dshell(bound.name, "-n", restricted, "--profile", "general", *look)

    assert (general[:2], added[:2]) == ((0, "the app's"), (0, "the app's"))
    assert "SYS_PTRACE" in general[2]
    assert ("NET_ADMIN" in added[2], "MKNOD" in added[2]) == (True, False)
    assert customized == (0, "hello", {"CHOWN"}, 1)
    assert (vain.code, vain.stdout) == (77, b"")
    why, advice = vain.stderr.splitlines()
    assert why == (
        "error: NET_ADMIN would have no effect: the debug container would run as 65532:65532 "
        "(from the container's status), and only root gets capabilities"
    )
    assert advice == (f"Run as root: kubectl dshell {pod.name} -n {space} --copy --profile general --cap-add NET_ADMIN")
    assert (policy.code, policy.stdout) == (77, b"")
    assert 'Pod Security level "restricted"' in policy.stderr
    assert copies(bound) == []
    gone(pod)


def test_nothing_in_the_cluster_takes_it_for_the_app(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    labels = {"app": "crashing"}
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, metadata={"labels": labels}, wait=False)
    waits_for(pod, "CrashLoopBackOff")

    with dshell.start(pod.name, "-n", restricted, "--copy", "--ttl", "1h", "--", "sleep", "1000") as client:
        wait_until(lambda: [c for c in copies(pod) if c["status"]["phase"] == "Running"], 60, "a copy to run")
        (copy,) = copies(pod)
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=30)

    (container,) = copy["spec"]["containers"]
    assert copy["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "kubectl-dshell"}
    assert "ownerReferences" not in copy["metadata"]
    assert {"ports", "readinessProbe", "lifecycle"} & set(container) == set()
    assert (copy["spec"]["activeDeadlineSeconds"], copy["spec"]["restartPolicy"]) == (3600, "Never")
    assert copy["spec"]["automountServiceAccountToken"] is False
    assert copy["spec"]["nodeName"] == pod.json()["spec"]["nodeName"]
    gone(pod)


def test_a_failing_init_container_is_copied(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    setup = {**crashing(), "name": "setup"}
    del setup["ports"], setup["readinessProbe"], setup["lifecycle"]
    setup["env"][-1]["valueFrom"]["resourceFieldRef"]["containerName"] = "setup"
    pod = make_pod(
        app(securityContext=RESTRICTED), namespace=restricted, volumes=VOLUMES, initContainers=[setup], wait=False
    )
    waits_for(pod, "CrashLoopBackOff", "setup")

    refused = dshell(pod.name, "-n", restricted, "--", "true")
    ran = dshell(pod.name, "-n", restricted, "--copy", "--", "sh", "-c", "cat sub.yaml; echo $LIMIT")
    other = dshell(pod.name, "-n", restricted, "--copy", "-c", "app", "--", "cat", "/etc/app.yaml")

    assert (
        f"A shell in a copy of the pod, with its image and variables: kubectl dshell {pod.name} --container setup -n {restricted} --copy"
        in (refused.stderr)
    )
    assert (ran.code, ran.stdout) == (0, b"of the app\n67108864\n"), ran.stderr
    assert f"defaulted init container setup of {pod.name}, which fails (choose with -c)" in ran.stderr
    assert (other.code, other.stdout) == (0, b"greeting: hello\n"), other.stderr
    gone(pod)


def test_the_pod_of_a_completed_job_is_copied(make_pod: MakePod, cluster: Cluster, dshell: Dshell) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [app("busybox:1.37", command=["true"])]}}
    namespace = make_pod(wait=False).namespace
    cluster.apply(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report"}, "spec": {"template": template}},
        namespace=namespace,
    )
    finished = ("wait", "job/report", "-n", namespace, "--for=condition=Complete", "--timeout=60s")
    assert cluster.kubectl(*finished, timeout=70, check=False).returncode == 0
    (item,) = cluster.get("pods", "-l", "batch.kubernetes.io/job-name=report", "-n", namespace)["items"]
    pod = Pod(cluster, namespace, item["metadata"]["name"])

    ran = dshell(pod.name, "--copy", "-i", "--", "cat", input=b"through\n")

    assert (ran.code, ran.stdout) == (0, b"through\n"), ran.stderr
    gone(pod)


def test_a_shell_is_like_every_other(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)
    waits_for(pod, "CrashLoopBackOff")
    with dshell.terminal(pod.name, "-n", restricted, "--copy", columns=200) as session:
        session.expect(r"as 65532:65532 \(.*\); / is the app's image, tools are busybox:1.37\.")
        session.expect(rf"{pod.name}-dshell-\w+/app:/etc \$ ")
        session.send('cat conf/app.yaml; cd /; pwd; cd data; echo "<$GREETING>"\n')
        session.expect(r"\nof the app\r\n/\r\n<hello \$\(world\)>\r\n")
        session.expect(rf"{pod.name}-dshell-\w+/app:/data \$ ")
        session.send("cd; pwd; exit 5\n")
        session.expect(r"\n/etc\r\n")
        assert session.wait() == 5
    gone(pod)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_deletes_it(
    make_pod: MakePod, dshell: Dshell, restricted: str, number: signal.Signals, code: int
) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)
    waits_for(pod, "CrashLoopBackOff")
    with dshell.start(pod.name, "-n", restricted, "--copy", "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        client.send_signal(number)
        client.communicate(timeout=30)

    assert client.returncode == code
    gone(pod)


def test_it_is_listed_joined_and_ended_like_others(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)
    waits_for(pod, "CrashLoopBackOff")
    where = ("-n", restricted)
    with dshell.start(pod.name, *where, "--copy", "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        (copy,) = copies(pod)
        name, entry = copy["metadata"]["name"], copy["spec"]["containers"][0]["name"]

        (listed,) = json.loads(dshell("ls", name, *where, "--mine", "-o", "json").stdout)["items"]
        everywhere = dshell("ls", *where).stdout.decode()
        joined = dshell("attach", f"{name}/{entry}", *where, "--", "cat", "/etc/conf/app.yaml")
        opened = dshell(name, *where, "--", "true")
        used = dshell("cleanup", name, *where)
        ended = dshell("cleanup", name, *where, "--yes")
        _, said = client.communicate(timeout=60)

    assert (listed["name"], listed["copyOf"], listed["target"], listed["clients"]) == (
        entry,
        f"{pod.name}/app",
        "app",
        1,
    )
    assert name in everywhere
    assert (joined.code, joined.stdout) == (0, b"of the app\n"), joined.stderr
    assert (opened.code, opened.stderr.splitlines()) == (
        66,
        [
            f"error: pod {name} is itself a copy, created by --copy",
            f"Join it: kubectl dshell attach {name}/{entry} -n {restricted}",
        ],
    )
    assert "in use (1 client" in used.stderr + used.stdout.decode()
    assert ended.code == 0, ended.stderr
    assert client.returncode == 66, said
    assert b"which ended this session" in said
    gone(pod)


def test_a_vanished_client_leaves_nothing_running_and_cleanup_deletes_the_rest(
    make_pod: MakePod, dshell: Dshell, restricted: str
) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)
    waits_for(pod, "CrashLoopBackOff")
    with dshell.start(pod.name, "-n", restricted, "--copy", "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        client.kill()
    wait_until(lambda: [c for c in copies(pod) if c["status"]["phase"] == "Succeeded"], 70, "the copy to end")
    (copy,) = copies(pod)
    (status,) = copy["status"]["containerStatuses"]

    cleaned = dshell("cleanup", "-n", restricted, "--stale")

    assert status["state"]["terminated"]["message"].strip() == "ended after 50 s without a client"
    assert cleaned.code == 0, cleaned.stderr
    gone(pod)


def test_who_may_not_delete_pods_ends_it_all_the_same(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell, restricted: str
) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)
    _, kubeconfig = make_user("cleaner", CLEANUP_ROLE, restricted)
    cleaner = dshell.of_somebody_else(kubeconfig)
    with dshell.start(pod.name, "-n", restricted, "--copy", "--", "sh", "-c", "echo begun; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"begun\n"
        (copy,) = copies(pod)
        client.send_signal(signal.SIGSTOP)  # so that it does not delete its copy

        ended = cleaner("cleanup", copy["metadata"]["name"], "-n", restricted, "--yes")
        wait_until(lambda: [c for c in copies(pod) if c["status"]["phase"] == "Succeeded"], 30, "the copy to end")
        again = cleaner("cleanup", "--stale", "-n", restricted)
        client.send_signal(signal.SIGCONT)
        client.communicate(timeout=60)

    assert (ended.code, again.code) == (0, 0), ended.stderr + again.stderr
    assert "already ended: its pod remains" in again.stdout.decode()
    gone(pod)


def test_its_manifest_is_printed_and_can_be_validated(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)

    printed = dshell(pod.name, "-n", restricted, "--copy", "--dry-run=server")

    manifest = yaml.safe_load(printed.stdout)
    assert printed.code == 0, printed.stderr
    assert manifest["spec"]["volumes"][-1] == {"name": "dshell-tools", "image": {"reference": "busybox:1.37"}}
    assert copies(pod) == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param(
            ("--image", DEBUG_ALPINE),
            f"error: the tools of {DEBUG_ALPINE} cannot be used in a copy: exec /.dshell/bin/busybox: no such file",
            id="dynamically linked tools",
        ),
        pytest.param(("--run-as", "0"), 'Pod Security level "restricted" does not allow', id="a policy"),
        pytest.param(("--image", "no.example/none:1"), "error: the node cannot pull no.example/none:1", id="no image"),
    ],
)
def test_a_copy_that_cannot_start_says_why_and_is_deleted(
    make_pod: MakePod, dshell: Dshell, restricted: str, flags: tuple[str, ...], message: str
) -> None:
    pod = make_pod(crashing(), namespace=restricted, volumes=VOLUMES, wait=False)

    failed = dshell(pod.name, "-n", restricted, "--copy", *flags, "--", "true", timeout=90)

    assert failed.code in (69, 77)
    assert message in failed.stderr
    gone(pod)


def test_a_missing_volume_is_named(make_pod: MakePod, dshell: Dshell) -> None:
    missing = [{"name": "a", "secret": {"secretName": "none"}}]
    container = app(volumeMounts=[{"name": "a", "mountPath": "/a"}])
    pod = make_pod(container, volumes=missing, wait=False)

    failed = dshell(pod.name, "--copy", "--timeout", "20s", "--", "true", timeout=90)

    assert failed.code == 75
    assert 'FailedMount: MountVolume.SetUp failed for volume "a" : secret "none" not found' in failed.stderr
    gone(pod)


def test_root_of_an_image_and_the_service_account_where_they_are_asked_for(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT))
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"

    ran = dshell(pod.name, "--copy", "--copy-service-account", "--", "sh", "-c", f"id -u; ls {folder}")

    assert (ran.code, ran.stdout.decode().splitlines()) == (0, ["0", "ca.crt", "namespace", "token"]), ran.stderr
    gone(pod)


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_the_rights_are_checked_before(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path, verb: str
) -> None:
    pod = make_pod()
    role = yaml.safe_load(COPY_ROLE.read_text())
    _, kubeconfig = make_user(f"full-{verb}", COPY_ROLE)
    role["rules"][0]["verbs"].remove(verb)
    role["metadata"]["name"] = f"dshell-no-{verb}"
    (tmp_path / "role.yaml").write_text(yaml.safe_dump(role))
    _, limited = make_user(f"no-{verb}", tmp_path / "role.yaml")

    ran = dshell.of_somebody_else(kubeconfig)(pod.name, "--copy", "--", "cat", "/etc/app.yaml")
    refused = dshell.of_somebody_else(limited)(pod.name, "--copy", "--", "true")

    assert (ran.code, ran.stdout) == (0, b"greeting: hello\n"), ran.stderr
    assert refused.code == 77
    assert f"may not {verb} pods in namespace {pod.namespace}" in refused.stderr
    assert "Grant it with manifests/rbac/copy.yaml" in refused.stderr
    gone(pod)


def test_an_image_alone_as_its_own_user_or_like_a_pod(make_pod: MakePod, dshell: Dshell, restricted: str) -> None:
    pod = make_pod(app(securityContext=RESTRICTED), namespace=restricted)
    script = ("--", "sh", "-c", "cat /etc/app.yaml; echo $(id -u):$(id -g); exit 6")
    root = ("image", "busybox:1.37", "-n", restricted)

    alone = dshell("image", STATIC, *script)
    like = dshell(*root, "--like", pod.name, "--", "id", "-u")
    refused = dshell(*root, "--", "id", "-u")
    printed = dshell("image", STATIC, "--dry-run=server")

    assert (alone.code, alone.stdout) == (6, b"greeting: hello\n65532:65532\n"), alone.stderr
    assert (like.code, like.stdout) == (0, b"65532\n"), like.stderr
    assert refused.code == 77
    assert 'Pod Security level "restricted" does not allow' in refused.stderr
    assert yaml.safe_load(printed.stdout)["spec"]["containers"][0]["image"] == STATIC
    wait_until(
        lambda: (
            not [
                one
                for namespace in (restricted, make_pod(wait=False).namespace)
                for one in pod.cluster.get("pods", "-l", OURS, "-n", namespace)["items"]
                if one["metadata"]["name"].startswith(("static-dshell-", "busybox-dshell-"))
            ]
        ),
        30,
        "the pods of the image to be deleted",
    )
