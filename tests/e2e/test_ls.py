"""`ls` shows the debug containers of every tool, with what is known of each and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.waiting import wait_until

from .cluster import write_kubeconfig
from .pods import Pod, app, pod_manifest
from .program import Dshell

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod, MakeUser

TOP = Path(__file__).parents[2]
LS, SESSION = TOP / "manifests/rbac/ls.yaml", TOP / "manifests/rbac/session.yaml"
HEADS = ["POD", "NAME", "TARGET", "USER", "OWNER", "STATE", "AGE"]
WIDE = [*HEADS, "EXIT", "TTL", "ENDS IN", "TOOL", "REASON", "NODE", "IMAGE", "STALE"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """In a namespace of its own. Names: `live` and `ended` are ours; `debugger`, `waiting` and `made` are not."""

    cluster: Cluster
    namespace: str
    home: Path
    live: str
    ended: str
    debugger: str

    @property
    def names(self) -> dict[str, str]:
        return {
            "live": self.live,
            "ended": self.ended,
            "debugger": self.debugger,
            "waiting": "waits",
            "made": "by-hand",
        }


@pytest.fixture(scope="module")
def crowd(cluster: Cluster, make_namespace: MakeNamespace, tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    namespace, home = make_namespace(), tmp_path_factory.mktemp("crowd")
    kubeconfig = write_kubeconfig(home / "kubeconfig", cluster.connection(), cluster.credentials(), namespace)
    dshell = Dshell(kubeconfig, home)
    web, api, later = (Pod(cluster, namespace, name) for name in ("web", "api", "later"))
    cluster.apply(
        pod_manifest(web.name, app(), metadata={"labels": {"app": "web"}}),
        pod_manifest(api.name, app(), metadata={"labels": {"app": "api"}}),
        pod_manifest(later.name, app(), schedulerName="none"),
        namespace=namespace,
    )
    web.wait_ready()
    api.wait_ready()
    assert dshell("web", "--keep=20m", "--reason=ticket 42", "--", "true").code == 0
    (live,) = web.debug_containers()
    assert dshell("api", "--", "true").code == 0
    (ended,) = api.debug_containers()
    debug = ("debug", "-n", namespace, "--target=app", "--profile=general")
    cluster.kubectl(*debug, "api", "--image=busybox:1.37", "--", "sleep", "1000")
    cluster.kubectl(*debug, "web", "--image=dshell.test/none:1", "--image-pull-policy=Never", "-c", "waits", "--", "sh")
    (debugger,) = set(api.debug_containers()) - {ended}
    by_hand(later, {"name": "by-hand", "image": "busybox:1.37"})
    api.wait_terminated(ended, 30)
    wait_until(lambda: api.debug_containers()[debugger].state == "running", 60, "kubectl's debug container")
    wait_until(lambda: web.debug_containers()["waits"].state == "waiting", 60, "one whose image is not there")
    return Crowd(cluster, namespace, home, live, ended, debugger)


def by_hand(pod: Pod, entry: dict[str, Any]) -> None:
    """As a dashboard does: the subresource, without any client's help."""
    manifest = pod.json()
    manifest["spec"]["ephemeralContainers"] = [entry]
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/ephemeralcontainers"
    pod.cluster.kubectl("replace", "--raw", path, "-f", "-", stdin=json.dumps(manifest))


def rows(text: bytes) -> list[list[str]]:
    return [re.split(r" {2,}", line) for line in text.decode().splitlines()]


def test_the_table_shows_every_debug_container(crowd: Crowd, dshell: Dshell) -> None:
    done = dshell("ls", "-n", crowd.namespace, "--all")

    head, *found = rows(done.stdout)
    assert (done.code, done.stderr) == (0, "")
    assert head == HEADS
    by_name = {row[1]: row for row in found}
    assert by_name[crowd.live][:-1] == ["web", crowd.live, "app", "65532:65532", "admin", "running (kept)"]
    assert by_name[crowd.ended][:-1] == ["api", crowd.ended, "app", "65532:65532", "admin", "ended"]
    assert by_name[crowd.debugger][:-1] == ["api", crowd.debugger, "app", "0:0", "<none>", "running"]
    assert by_name["waits"].pop(5) in ("waiting (ContainerCreating)", "waiting (ErrImageNeverPull)")
    assert by_name["waits"][2:] == ["app", "<none>", "<none>", "<none>"]
    assert by_name["by-hand"] == ["later", "by-hand", "<none>", "<none>", "<none>", "not started", "<none>"]
    assert all(re.fullmatch(r"\d+s|\d+m\d*s?|<none>", row[-1]) for row in found)
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)
    assert max(map(len, done.stdout.decode().splitlines())) <= 100
    everywhere = rows(dshell("ls", "-A", "--all").stdout)
    assert everywhere[0] == ["NAMESPACE", *HEADS]
    assert {row[2] for row in everywhere if row[0] == crowd.namespace} == set(crowd.names.values())
    assert dshell("ls", "-n", crowd.namespace, "--no-headers").stdout.decode().split()[0] != "POD"
    _check_wide(crowd, dshell("ls", "-n", crowd.namespace, "--all", "-o", "wide").stdout)


def _check_wide(crowd: Crowd, stdout: bytes) -> None:
    head, *found = rows(stdout)
    assert head == WIDE
    by_name = {row[1]: dict(zip(WIDE, row, strict=True)) for row in found}
    node = crowd.cluster.get("pod", "web", "-n", crowd.namespace)["spec"]["nodeName"]
    ours = by_name[crowd.live]
    assert re.fullmatch(r"7h\d\dm", ours.pop("ENDS IN"))
    expected = {"TTL": "8h", "EXIT": "<none>", "TOOL": "dshell", "REASON": "ticket 42", "NODE": node, "STALE": "<none>"}
    assert {name: ours[name] for name in expected} == expected
    assert (by_name[crowd.ended]["STATE"], by_name[crowd.ended]["EXIT"]) == ("ended (by its last session)", "0")
    assert (by_name[crowd.debugger]["TOOL"], by_name[crowd.debugger]["IMAGE"]) == ("kubectl debug", "busybox:1.37")
    assert (by_name["waits"]["TOOL"], by_name["by-hand"]["NODE"]) == ("<none>", "<none>")


def test_programs_get_all_there_is_as_data(crowd: Crowd, dshell: Dshell) -> None:
    as_json, as_yaml = (dshell("ls", "-n", crowd.namespace, "--all", "-o", form) for form in ("json", "yaml"))

    document, twin = json.loads(as_json.stdout), yaml.safe_load(as_yaml.stdout)
    for item in (*document["items"], *twin["items"]):  # seconds pass between the two
        del item["idleSeconds"], item["keepSeconds"]
    assert document == twin
    assert (document["apiVersion"], document["kind"]) == ("dshell/v1", "DebugContainerList")
    assert document["endedNotShown"] == 0
    items = {item["name"]: item for item in document["items"]}
    live = items[crowd.live]
    for name in ("startedAt", "endsAt"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", live.pop(name))
    assert live.pop("node")
    assert live == {
        "namespace": crowd.namespace,
        "pod": "web",
        "name": crowd.live,
        "tool": "dshell",
        "ours": True,
        "owner": "admin",
        "reason": "ticket 42",
        "target": "app",
        "image": "busybox:1.37",
        "identity": {"uid": 65532, "gid": 65532, "source": "status"},
        "state": "running",
        "stateReason": None,
        "message": None,
        "exitCode": None,
        "finishedAt": None,
        "volumesOf": None,
        "copyOf": None,
        "toolsFrom": None,
        "toolsFor": None,
        "ttlSeconds": 28800,
        "clients": 0,
        "stale": False,
        "staleReason": None,
    }
    ended, other, made = items[crowd.ended], items[crowd.debugger], items["by-hand"]
    assert (ended["state"], ended["message"], ended["exitCode"]) == ("ended", "ended by its last session", 0)
    assert (ended["clients"], ended["endsAt"], ended["stale"]) == (None, None, False)
    assert (other["tool"], other["ours"], other["owner"], other["stale"]) == ("kubectl debug", False, None, None)
    assert (other["clients"], other["ttlSeconds"]) == (None, None)
    assert items["waits"]["stateReason"] in ("ContainerCreating", "ErrImageNeverPull")
    assert (made["tool"], made["state"], made["identity"], made["startedAt"]) == (None, "waiting", None, None)
    documented = re.findall(r"^\| `(\w+)` \| \w+ \|", (TOP / "docs/json.md").read_text(), re.MULTILINE)
    fields = list(json.loads(as_json.stdout)["items"][0])
    assert documented[: len(fields)] == fields


def test_those_that_ended_are_a_count_in_the_last_line(crowd: Crowd, dshell: Dshell) -> None:
    dshell, there = replace(dshell, home=crowd.home), ("-n", crowd.namespace)
    alive = set(crowd.names.values()) - {crowd.ended}
    command = f"kubectl dshell ls --all -n {crowd.namespace}"

    table, wide, data = (dshell("ls", *there, *form) for form in ((), ("-o", "wide"), ("-o", "json")))
    piped = dshell.in_shell('"$@" 2>/dev/null | awk "{print \\$2}"', "ls", *there, "--no-headers")
    mine = dshell("ls", "api", "--mine", *there)
    pasted = dshell(*command.split()[2:], "-o", "name")

    for done in (table, wide):
        assert {row[1] for row in rows(done.stdout)[1:]} == alive
        assert (done.stderr, done.code) == (f"1 has ended: {command}\n", 0)
    document = json.loads(data.stdout)
    assert ({item["name"] for item in document["items"]}, document["endedNotShown"]) == (alive, 1)
    assert data.stderr == ""
    assert set(piped.stdout.decode().split()) == alive
    none = f"no running or waiting debug containers created by you in api in namespace {crowd.namespace}"
    mine_too = f"kubectl dshell ls api --mine --all -n {crowd.namespace}"
    assert (mine.stdout, mine.stderr, mine.code) == (b"", f"{none} (1 has ended: {mine_too})\n", 0)
    assert {line.partition("/")[2] for line in pasted.stdout.decode().splitlines()} == alive | {crowd.ended}


CHOSEN = {
    "web": "live waiting",
    "pod/web later": "live waiting made",
    "-l app=api": "debugger",
    "-l app=api --all": "ended debugger",
    "-l app!=api,app": "live waiting",
    "--state running": "live debugger",
    "--state waiting": "waiting made",
    "--state ended": "ended",
    "--state running,ended": "live debugger ended",
    "--state waiting --state ended": "waiting made ended",
    "--all": "live ended debugger waiting made",
    "--older-than 0s": "live debugger",
    "--older-than 3h": "",
    "--stale": "",
    "--stale --older-than 0s": "live debugger",
    "--mine": "live",
    "--mine --all": "live ended",
    "--mine --state running web": "live",
}


def test_flags_choose_and_sort(crowd: Crowd, dshell: Dshell) -> None:
    wait_until_older(crowd, dshell)
    dshell = replace(dshell, home=crowd.home)
    role = {name: part for part, name in crowd.names.items()}

    def listed(flags: str) -> list[str]:
        done = dshell("ls", "-n", crowd.namespace, "-o", "name", *flags.split())
        assert (done.code, done.stderr) == (0, "")
        return [role[line.partition("/")[2]] for line in done.stdout.decode().splitlines()]

    assert {flags: sorted(listed(flags)) for flags in CHOSEN} == {
        flags: sorted(expected.split()) for flags, expected in CHOSEN.items()
    }
    assert [crowd.names[part] for part in listed("--all --sort-by name")] == sorted(role)
    by_state = listed("--all --sort-by state")
    assert (set(by_state[:2]), set(by_state[2:4]), by_state[4:]) == (
        {"live", "debugger"},
        {"waiting", "made"},
        ["ended"],
    )
    assert set(listed("--all --sort-by age")[3:]) == {"waiting", "made"}  # they have none


def test_without_a_key_the_user_name_tells_what_is_mine_and_that_is_said(crowd: Crowd, dshell: Dshell) -> None:
    done = dshell("ls", "-n", crowd.namespace, "-o", "name", "--mine", "--all")

    assert {line.partition("/")[2] for line in done.stdout.decode().splitlines()} == {crowd.live, crowd.ended}
    said = "--mine matches the user name admin, which others may share: no key has been created on this machine yet\n"
    assert (done.code, done.stderr) == (0, said)


def wait_until_older(crowd: Crowd, dshell: Dshell) -> None:
    """An age has whole seconds, so that what has just started is not older than 0 s."""
    flags = ("ls", "-n", crowd.namespace, "-o", "name", "--older-than", "0s")
    wait_until(lambda: len(dshell(*flags).stdout.splitlines()) == 2, 30, "two that run for a second")


@pytest.mark.parametrize(
    ("flags", "stdout", "stderr"),
    [
        pytest.param((), b"", "no debug containers in namespace {}\n", id="table"),
        pytest.param(
            ("-l", "app=no", "--stale", "-o", "wide"),
            b"",
            "no stale debug containers in namespace {} in pods with labels app=no\n",
            id="wide",
        ),
        pytest.param(("-o", "name"), b"", "", id="name"),
        pytest.param(
            ("-o", "yaml"),
            b"apiVersion: dshell/v1\nkind: DebugContainerList\nitems: []\nendedNotShown: 0\nunreadablePods: []\n",
            "",
            id="yaml",
        ),
        pytest.param(
            ("-o", "json"),
            b'{\n  "apiVersion": "dshell/v1",\n  "kind": "DebugContainerList",\n  "items": [],\n'
            b'  "endedNotShown": 0,\n  "unreadablePods": []\n}\n',
            "",
            id="json",
        ),
    ],
)
def test_an_empty_list_says_so_and_is_no_failure(
    namespace: str, dshell: Dshell, flags: tuple[str, ...], stdout: bytes, stderr: str
) -> None:
    done = dshell("ls", "-n", namespace, *flags)

    assert (done.stdout, done.stderr, done.code) == (stdout, stderr.format(namespace), 0)


def test_a_pod_that_is_not_there_and_a_selector_that_is_none_are_told(namespace: str, dshell: Dshell) -> None:
    no_pod = dshell("ls", "nope")
    no_selector = dshell("ls", "-l", "a b")

    assert (no_pod.stdout, no_pod.code) == (b"", 66)
    assert no_pod.stderr == f'error: no pod "nope" in namespace {namespace}\n'
    assert (no_selector.stdout, no_selector.code) == (b"", 64)
    assert no_selector.stderr.startswith("error: 'a b' is not a valid label selector: ")


def test_everybody_has_their_own(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell, make_user: MakeUser, tmp_path: Path
) -> None:
    pod = make_pod(namespace=make_namespace())
    both = tmp_path / "roles.yaml"
    both.write_text(f"{SESSION.read_text()}\n---\n{LS.read_text()}")
    user, kubeconfig = make_user("ada", both, pod.namespace)
    ada, there = dshell.of_somebody_else(kubeconfig), ("-n", pod.namespace)
    assert dshell(pod.name, *there, "--keep=5m", "--", "true").code == 0
    (admins,) = pod.debug_containers()
    assert ada(pod.name, "--keep=5m", "--", "true").code == 0
    (hers,) = set(pod.debug_containers()) - {admins}

    (mine,) = json.loads(ada("ls", "--mine", "-o", "json").stdout)["items"]
    assert (mine["name"], mine["owner"], mine["clients"]) == (hers, user, 0)
    assert dshell("ls", "--mine", *there, "-o", "name").stdout.decode() == f"{pod.name}/{admins}\n"
    table, wide = ada("ls").stdout.decode(), ada("ls", "-o", "wide").stdout.decode()
    assert max(map(len, table.splitlines())) <= 100
    assert (user in table, user in wide) == (False, True)


def test_without_the_right_to_exec_nobody_knows_who_is_there(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell, make_user: MakeUser
) -> None:
    pod = make_pod(namespace=make_namespace())
    assert dshell(pod.name, "-n", pod.namespace, "--keep=5m", "--", "true").code == 0
    (live,) = pod.debug_containers()
    onlooker = dshell.with_kubeconfig(make_user("looks-only", LS, pod.namespace)[1])

    table, data = onlooker("ls", pod.name), onlooker("ls", "-o", "json")

    assert (table.code, table.stderr, data.code, data.stderr) == (0, "", 0, "")
    assert [row[1:6:4] for row in rows(table.stdout)] == [["NAME", "STATE"], [live, "running"]]
    (item,) = json.loads(data.stdout)["items"]
    assert (item["state"], item["clients"], item["idleSeconds"], item["stale"]) == ("running", None, None, None)


def test_a_refusal_names_the_right_and_where_it_lacks(namespace: str, dshell: Dshell, make_user: MakeUser) -> None:
    user, kubeconfig = make_user("nobody", None)
    nobody = dshell.with_kubeconfig(kubeconfig)

    here, everywhere, watching = nobody("ls"), nobody("ls", "-A"), nobody("ls", "-A", "--watch")

    assert (here.stdout, here.code) == (b"", 77)
    assert here.stderr.startswith(f"error: {user} may not list pods in namespace {namespace}\n")
    assert f"kubectl create role dshell-ls -n {namespace} --verb=get,list,watch" in here.stderr
    assert (everywhere.stdout, everywhere.code) == (b"", 77)
    first, second, *_ = everywhere.stderr.splitlines()
    assert first == f"error: {user} may not list pods in all namespaces (cluster-wide)"
    assert second == "Listing a single namespace may be allowed: -n NAMESPACE"
    assert (watching.code, watching.stderr) == (77, everywhere.stderr)


def test_a_reader_that_goes_away_ends_it_quietly(namespace: str, dshell: Dshell) -> None:
    closed = dshell.in_shell('set -o pipefail; "$@" | true', "ls", "-n", namespace, "-o", "json")
    full = dshell.in_shell('"$@" >/dev/full', "ls", "-n", namespace, "-o", "json")

    assert (closed.stdout, closed.stderr, closed.code) == (b"", "", 141)
    assert (full.stderr, full.code) == ("error: cannot write to stdout: No space left on device\n", 74)
