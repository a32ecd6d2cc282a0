"""One command in many pods, however they were pointed at; and nothing left running in any."""

from __future__ import annotations

import json
import re
import secrets
import signal
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.access.capabilities import capability_names
from tests.waiting import patient, wait_until

from .cluster import Cluster
from .pods import STATIC, Pod, app
from .processes import Process, processes_of
from .traces import Before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell, Result

pytestmark = pytest.mark.xdist_group("many")  # one shop for all
RBAC = Path(__file__).parents[2] / "manifests/rbac"
SOON = 60
"""Seconds for what takes one or two on a machine with nothing else to do."""
ENDED = 120
"""Within which even a debug container that heard no goodbye has ended: its lease, and patience."""
REPLICAS = 3
TEMPLATE: Json = {"containers": [app(STATIC, "-signals")], "terminationGracePeriodSeconds": 2}
KINDS = ("deploy", "rs", "sts", "ds", "job", "cronjob", "svc")


def workload(kind: str, version: str, name: str, **spec: object) -> Json:
    labels = {"app": name}
    base = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": TEMPLATE}}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": base | spec}


def job_spec(name: str) -> Json:
    return {"template": {"metadata": {"labels": {"app": name}}, "spec": {**TEMPLATE, "restartPolicy": "Never"}}}


@dataclass(frozen=True, slots=True)
class Shop:
    """A namespace with one workload of each kind, all ready."""

    cluster: Cluster
    namespace: str
    over: set[str] = field(default_factory=set)

    def pods(self, selector: str) -> list[Pod]:
        """Newest first; those that are to stay."""
        found = self.cluster.get("pods", "-n", self.namespace, "-l", selector)["items"]
        found.sort(key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
        stays = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return [Pod(self.cluster, self.namespace, pod["metadata"]["name"]) for pod in stays]

    def debugged(self, selector: str) -> list[Json]:
        """The statuses of their debug containers that were not over when it was asked the last time."""
        pods = self.cluster.get("pods", "-n", self.namespace, "-l", selector)["items"]
        entries = {entry["name"] for pod in pods for entry in pod["spec"].get("ephemeralContainers", [])}
        found = {one["name"]: one for pod in pods for one in pod["status"].get("ephemeralContainerStatuses", [])}
        missing = {name: {"name": name, "state": {}} for name in entries}
        new = [status for name, status in (missing | found).items() if name not in self.over]
        self.over.update(status["name"] for status in new if is_over(status))
        return new

    def names(self, selector: str) -> list[str]:
        return sorted(pod.name for pod in self.pods(selector))


@pytest.fixture(scope="module")
def shop(cluster: Cluster, make_namespace: MakeNamespace) -> Shop:
    namespace = make_namespace()
    port = {"ports": [{"port": 80}]}
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["deploy", "other"]}]}
    cluster.apply(
        workload("Deployment", "apps/v1", "deploy", replicas=REPLICAS, selector=selector),
        workload("StatefulSet", "apps/v1", "sts", replicas=2, serviceName="x", podManagementPolicy="Parallel"),
        workload("DaemonSet", "apps/v1", "ds"),
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": job_spec("job")},
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "cronjob"},
            "spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": job_spec("cronjob")}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "svc"},
            "spec": {"selector": {"app": "sts"}, **port},
        },
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bare"}, "spec": port},
        namespace=namespace,
    )
    cluster.kubectl("create", "job", "by-hand", "--from=cronjob/cronjob", "-n", namespace)
    made = Shop(cluster, namespace)
    count = REPLICAS + 2 + 1 + 1 + 1
    wait_until(lambda: len(made.names("app")) == count, SOON, f"{count} pods")
    ready = ("wait", "pod", "-l", "app", "-n", namespace, "--for=condition=Ready", f"--timeout={patient(120):.0f}s")
    cluster.kubectl(*ready, timeout=130)
    return made


@pytest.fixture
def program(shop: Shop, dshell: Dshell) -> Dshell:
    """In the shop's namespace."""
    config = json.loads(dshell.kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = shop.namespace
    dshell.kubeconfig.write_text(json.dumps(config))
    return dshell


@pytest.fixture(scope="module")
def untouched(shop: Shop) -> Iterator[list[Before]]:
    """The deployment's pods, whose apps notice nothing of all that happens to them."""
    before = [Before.of(pod) for pod in shop.pods("app=deploy")]
    yield before
    for one in before:
        one.assert_untouched()


@pytest.fixture
def three(shop: Shop, untouched: list[Before]) -> Iterator[list[Before]]:
    """The same, and in the end nothing of ours runs in them."""
    yield untouched
    wait_until(lambda: not left(shop), ENDED, lambda: f"the end of {left(shop)}")


def left(shop: Shop) -> list[tuple[Json, list[Process]]]:
    """The debug containers of the deployment that are not over, and their processes."""
    return [(status, _processes(status)) for status in shop.debugged("app=deploy") if not is_over(status)]


def is_over(status: Json) -> bool:
    """It has ended, and has no process any more."""
    return "terminated" in status["state"] and not _processes(status)


def _processes(status: Json) -> list[Process]:
    id_ = status.get("containerID", "//").partition("//")[2]
    return processes_of(id_) if id_ else []


def prefixed(result: Result) -> dict[str, list[str]]:
    """The lines of stdout by pod, each of container app."""
    found: dict[str, list[str]] = {}
    for line in result.stdout.decode().splitlines():
        match = re.fullmatch(r"(\S+) app \| (.*)", line)
        assert match, line
        found.setdefault(match[1], []).append(match[2])
    return found


def documents(result: Result) -> dict[str, Json]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all((d["apiVersion"], d["kind"]) == ("dshell/v1", "RunResult") for d in lines)
    return {line["pod"]: line for line in lines}


def test_one_pod_of_a_workload_is_entered_and_said(shop: Shop, program: Dshell) -> None:
    several, lone = shop.names("app=deploy"), shop.names("app=ds")

    one = program("deploy/deploy", "--", "cat", "app/secret.txt")
    only = program("daemonsets.apps/ds", "--", "cat", "app/secret.txt")

    assert (one.stdout, one.code) == (b"only the app reads this\n", 0), one.stderr
    said = re.fullmatch(r"deployment/deploy: pod (\S+) \(one of 3; all: --all\)\n", one.stderr)
    assert said, one.stderr
    assert said[1] in several
    assert (only.stdout, only.code) == (b"only the app reads this\n", 0), only.stderr
    assert only.stderr == f"daemonset/ds: pod {lone[0]}\n"


@pytest.mark.parametrize("kind", [pytest.param("deploy", marks=pytest.mark.nodes), *KINDS[1:]])
def test_all_pods_of_a_workload(shop: Shop, program: Dshell, kind: str) -> None:
    name = kind
    if kind == "rs":
        name = shop.cluster.get("rs", "-n", shop.namespace)["items"][0]["metadata"]["name"]

    done = program(f"{kind}/{name}", "--all", "--", "cat", "etc/app.yaml")

    expected = shop.names(f"app={'sts' if kind == 'svc' else 'deploy' if kind == 'rs' else kind}")
    assert prefixed(done) == {pod: ["greeting: hello"] for pod in expected}
    assert (done.stderr, done.code) == ("", 0)


def test_privilege_is_the_same_in_each_pod_and_refused_in_each(three: list[Before], program: Dshell) -> None:
    look = ("--", "sh", "-c", "id -u; cat etc/app.yaml; grep CapEff /proc/self/status")
    pods = {one.pod.name for one in three}

    ran = program("deploy/deploy", "--all", "--profile", "general", "--cap-drop", "MKNOD", *look)
    refused = program("deploy/deploy", "--all", "--cap-add", "NET_ADMIN", *look)

    assert (ran.stderr, ran.code) == ("", 0)
    seen = prefixed(ran)
    assert set(seen) == pods
    for user, config, effective in seen.values():
        held = set(capability_names(int(effective.split()[1], 16)).split(", "))
        assert (user, config) == ("0", "greeting: hello")
        assert (held & {"SYS_PTRACE", "MKNOD"}) == {"SYS_PTRACE"}
    assert (refused.stdout, refused.code) == (b"", 77)
    for pod in pods:
        assert (
            f"{pod} app | error: NET_ADMIN would have no effect: the debug container would run as 65532:65532"
            in refused.stderr
        )


def test_a_shell_in_a_workload_is_one_in_its_newest_ready_pod(program: Dshell) -> None:
    with program.terminal("sts/sts") as session:
        session.expect(r"statefulset/sts: pod sts-[01] \(one of 2; all: --all\)")
        session.expect(r"sts-[01]/app:/ \$ ")
        session.send("exit 4\n")
        assert session.wait() == 4


def test_labels_choose_and_what_does_not_run_is_skipped_and_said(
    shop: Shop, make_pod: MakePod, program: Dshell
) -> None:
    mark = f"m-{secrets.token_hex(4)}"
    running = [make_pod(namespace=shop.namespace, metadata={"labels": {mark: "x"}}) for _ in range(2)]
    over = make_pod(
        app(STATIC, "-exit-after=1ms"),
        namespace=shop.namespace,
        metadata={"labels": {mark: "x"}},
        wait=False,
        restartPolicy="Never",
    )
    wait_until(lambda: over.json()["status"]["phase"] == "Succeeded", SOON, "the end of a pod")

    done = program("-l", mark, "--", "cat", "etc/app.yaml")
    everywhere = program("-A", "-l", f"{mark}=x", "--", "cat", "etc/app.yaml")
    named = program(running[0].name, over.name, "--", "cat", "etc/app.yaml")

    assert prefixed(done) == {pod.name: ["greeting: hello"] for pod in running}
    why = f"skipped 1 of 3 pods: pod {over.name} has terminated (phase Succeeded): a debug container can only join a running pod\n"
    assert (done.stderr, done.code) == (why, 0)
    assert sorted(everywhere.stdout.decode().splitlines()) == sorted(
        f"{pod.namespace} {pod.name} app | greeting: hello" for pod in running
    )
    assert (everywhere.stderr, everywhere.code) == (why, 0)
    assert (prefixed(named), named.code) == ({running[0].name: ["greeting: hello"]}, 66)
    assert f"{over.name} - | error: pod {over.name} has terminated (phase Succeeded)" in named.stderr


def test_lines_are_whole_and_both_outputs_stay_apart(three: list[Before], program: Dshell) -> None:
    script = "for i in $(seq 500); do echo $i; done; printf 'no end'; for i in $(seq 100); do echo e$i >&2; done"

    done = program("deploy/deploy", "--all", "--", "sh", "-c", script)

    assert prefixed(done) == {one.pod.name: [*map(str, range(1, 501)), "no end"] for one in three}
    stderr = sorted(done.stderr.splitlines())
    assert stderr == sorted(f"{one.pod.name} app | e{i}" for one in three for i in range(1, 101))
    assert done.code == 0


def test_many_get_an_empty_stdin(three: list[Before], program: Dshell) -> None:
    done = program("deploy/deploy", "--all", "--", "sh", "-c", "cat; echo end", input=b"not for many\n")

    assert prefixed(done) == {one.pod.name: ["end"] for one in three}


def test_on_a_terminal_no_pod_forges_another_s_lines_and_in_a_pipe_every_byte_is_there(
    three: list[Before], program: Dshell
) -> None:
    evil = r"\r\033[1A\033[2K\033]0;title\007other app | forged\033[8m\tand hidden\n"
    command = ("-l", "app=deploy", "--", "printf", evil)

    piped = program(*command)
    with program.terminal(*command, "-q", columns=200, env={"NO_COLOR": "1"}) as session:
        assert session.wait(SOON) == 0

    bytes_ = b"\r\x1b[1A\x1b[2K\x1b]0;title\x07other app | forged\x1b[8m\tand hidden\n"
    shown = rb"\r\x1b[1A\x1b[2K\x1b]0;title\x07other app | forged" + b"\x1b[8m\tand hidden\x1b[0m\r\n"
    names = [one.pod.name for one in three]
    for name in names:
        assert f"{name} app | ".encode() + bytes_ in piped.stdout
        assert f"{name} app | ".encode() + shown in session.output


def test_colours_and_a_bar_on_a_terminal(three: list[Before], program: Dshell) -> None:
    command = ("deploy/deploy", "--all", "--", "sh", "-c", "echo out; sleep 1; echo err >&2")

    with program.terminal(*command, columns=120) as session:
        assert session.wait(SOON) == 0
        output, text = session.output.decode(), session.text
        assert session.modes() == session.modes_before
    with program.terminal(*command, columns=120, env={"NO_COLOR": "1"}) as session:
        assert session.wait(SOON) == 0
        plain = session.output.decode()

    for one in three:
        colour = r"\x1b\[9[1-6]m"
        assert re.search(rf"{colour}{one.pod.name}\x1b\[0m \x1b\[3[1-6]mapp\x1b\[0m \| out\r\n", output), output
        assert f"{one.pod.name} app | err\r\n" in plain
    assert re.search(r"[0-3]/3 ━+", text)
    assert "3 ok, 0 failed" in text.splitlines()


def test_results_as_json(three: list[Before], program: Dshell) -> None:
    script = "printf 'a\\377b'; echo oops >&2; exit 3"

    done = program("deploy/deploy", "--all", "-o", "json", "--", "sh", "-c", script)

    found = documents(done)
    assert sorted(found) == sorted(one.pod.name for one in three)
    for pod, document in found.items():
        debug = {one.pod.name: one.pod for one in three}[pod].debug_containers()
        assert document.pop("debugContainer") in debug
        assert 0 < document.pop("durationSeconds") < SOON
        assert document == {
            "apiVersion": "dshell/v1",
            "kind": "RunResult",
            "namespace": three[0].pod.namespace,
            "pod": pod,
            "container": "app",
            "identity": {"uid": 65532, "gid": 65532, "source": "spec"},
            "exitCode": 3,
            "error": None,
            "stdout": "a\ufffdb",
            "stderr": "oops\n",
            "replaced": ["stdout"],
            "truncated": [],
        }
    assert done.code == 3


def test_output_in_files_is_byte_for_byte(three: list[Before], program: Dshell, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    command = ("deploy/deploy", "--all", "--output-dir", str(folder), "--")

    done = program(*command, "sh", "-c", "cat app/server; printf 'x\\377' >&2")
    again = program(*command, "true")

    assert (done.stdout, done.stderr, done.code) == (b"", "", 0)
    stems = {f"{one.pod.namespace}_{one.pod.name}_app": one for one in three}
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{s}.{end}" for s in stems for end in ("err", "out")
    )
    for stem, one in stems.items():
        assert (folder / f"{stem}.out").read_bytes() == Path(f"/proc/{one.app.pid}/root/app/server").read_bytes()
        assert (folder / f"{stem}.err").read_bytes() == b"x\xff"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
    assert (again.stdout, again.code) == (b"", 64)
    assert "is not empty" in again.stderr


def test_failures_are_told_apart_and_the_exit_code_is_the_highest_of_ours(
    shop: Shop, make_pod: MakePod, program: Dshell
) -> None:
    good, bad = (make_pod(namespace=shop.namespace) for _ in range(2))
    lone = make_pod(app(name="solo"), namespace=shop.namespace)
    script = f"case $HOSTNAME in {good.name}) ;; *) exit 200; esac"

    mixed = program(good.name, bad.name, "-o", "json", "--", "sh", "-c", script)
    ours = program(good.name, bad.name, lone.name, "no-such-pod", "-c", "app", "-o", "json", "--", "sh", "-c", script)

    assert {pod: d["exitCode"] for pod, d in documents(mixed).items()} == {good.name: 0, bad.name: 200}
    assert (mixed.stderr, mixed.code) == (f"1 ok, 1 failed: {bad.name} (exit code 200)\n", 200)
    found = documents(ours)
    assert {pod: (d["exitCode"], (d["error"] or {}).get("class")) for pod, d in found.items()} == {
        good.name: (0, None),
        bad.name: (200, None),
        lone.name: (None, "NOT_FOUND"),
        "no-such-pod": (None, "NOT_FOUND"),
    }
    assert found[lone.name]["error"]["message"] == f'pod {lone.name} has no container "app"; available: solo'
    assert ours.code == 66
    assert ours.stderr.startswith("1 ok, 3 failed: ")


def test_fail_fast_stops_the_others(three: list[Before], program: Dshell) -> None:
    first = three[0].pod.name
    script = f"if [ $HOSTNAME = {first} ]; then sleep 2; exit 7; fi; echo began; sleep 1000"

    done = program("deploy/deploy", "--all", "--fail-fast", "-o", "json", "--", "sh", "-c", script)

    found = documents(done)
    assert found.pop(first)["exitCode"] == 7
    assert [(d["exitCode"], d["error"]["class"]) for d in found.values()] == [(None, "INTERRUPTED")] * 2
    assert (done.stderr, done.code) == (f"0 ok, 2 stopped, 1 failed: {first} (exit code 7)\n", 7)


def begun(folder: Path) -> int:
    """How many commands have printed something."""
    return sum(bool(path.stat().st_size) for path in folder.glob("*.out.part"))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_a_signal_in_the_middle_ends_all(program: Dshell, tmp_path: Path, number: int) -> None:
    folder = tmp_path / "results"
    script = "echo began; echo began >&2; sleep 1000; touch tmp/x"
    running = program.start("deploy/deploy", "--all", "--output-dir", str(folder), "--", "sh", "-c", script)

    try:
        wait_until(lambda: begun(folder) == REPLICAS, SOON, "three commands that have begun")
        running.send_signal(number)
        _, stderr = running.communicate(timeout=SOON)
    finally:
        running.kill()
        running.communicate()

    assert running.returncode == 128 + number
    assert stderr.decode() == "0 ok, 3 stopped, 0 failed\n"
    assert sorted(path.suffix for path in folder.iterdir()) == [".part"] * 6


def test_a_command_may_take_longer_than_the_lease_of_its_debug_container(three: list[Before], program: Dshell) -> None:
    done = program("deploy/deploy", "--all", "--", "sh", "-c", "sleep 55; echo still here", timeout=120)

    assert prefixed(done) == {one.pod.name: ["still here"] for one in three}
    assert (done.stderr, done.code) == ("", 0)


def test_a_signal_during_the_start_runs_no_command(three: list[Before], program: Dshell) -> None:
    before = {name for one in three for name in one.pod.debug_containers()}
    running = program.start("deploy/deploy", "--all", "--", "sh", "-c", "echo began; sleep 1000")

    try:
        pods = [one.pod for one in three]
        wait_until(
            lambda: {name for pod in pods for name in pod.debug_containers()} - before, SOON, "a debug container"
        )
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=SOON)
    finally:
        running.kill()
        running.communicate()

    assert running.returncode == 130


@pytest.mark.usefixtures("three")
def test_a_reader_that_goes_ends_all_quietly(program: Dshell) -> None:
    done = program.in_shell('"$@" | head -c 1; exit ${PIPESTATUS[0]}', "deploy/deploy", "--all", "--", "yes")

    assert (len(done.stdout), done.stderr, done.code) == (1, "", 141)


def test_many_without_a_command_are_named_to_choose_from(three: list[Before], program: Dshell) -> None:
    with program.terminal("-l", "app=deploy", columns=200) as session:
        assert session.wait() == 64
        text = session.text

    assert "a shell needs exactly one pod; choose one" in text
    for one in three:
        assert f"kubectl dshell {one.pod.name} -n {one.pod.namespace}" in text


def test_the_least_roles_are_enough_and_without_them_it_is_said_by_name(
    shop: Shop, make_user: MakeUser, program: Dshell, tmp_path: Path
) -> None:
    both = tmp_path / "both.yaml"
    both.write_text("---\n".join((RBAC / name).read_text() for name in ("session.yaml", "many.yaml")))
    _, may = make_user("many", both, shop.namespace)
    _, may_not = make_user("one", RBAC / "session.yaml", shop.namespace)
    (pod,) = shop.names("app=cronjob")

    done = program.with_kubeconfig(may)("cronjob/cronjob", "--all", "--", "cat", "etc/app.yaml")
    refused = program.with_kubeconfig(may_not)("deploy/deploy", "--all", "--", "true")
    unlisted = program.with_kubeconfig(may_not)("-l", "app=deploy", "--", "true")
    named = program.with_kubeconfig(may_not)(pod, pod, "--", "cat", "etc/app.yaml")

    assert prefixed(done) == {pod: ["greeting: hello"]}, done.stderr
    get = f"error: you may not get deployments.apps in namespace {shop.namespace}, which is required to find the pods"
    assert (refused.stderr.splitlines()[0], refused.code) == (get, 77)
    listed = f"error: you may not list pods in namespace {shop.namespace}, which is required to find the pods"
    assert (unlisted.stderr.splitlines()[0], unlisted.code) == (listed, 77)
    assert prefixed(named) == {pod: ["greeting: hello"]}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deploy/nope",), 66, 'no deployment "nope" in namespace'),
        (("svc/bare",), 66, "service/bare has no selector, so it selects no pods"),
        (("-l", "app=nope"), 66, "there are no pods with the labels app=nope in namespace"),
        (("-l", "app in deploy"), 64, "'app in deploy' is not a valid label selector"),
        (("-l", "app=deploy", "-c", "nope"), 66, 'has no container "nope"; available: app'),
    ],
)
def test_what_cannot_be_found_is_said(program: Dshell, words: tuple[str, ...], code: int, said: str) -> None:
    refused = program(*words, "--", "true")

    assert (refused.stdout, refused.code) == (b"", code)
    assert said in refused.stderr
