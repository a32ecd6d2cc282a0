"""What `explain` says of a way into an app is what then happens, and saying it adds nothing to the pod."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.waiting import wait_until

from .older_runtime import OlderRuntime
from .pods import RESTRICTED, STATIC, STATIC_FILECAPS, STATIC_NAMED, STATIC_ROOT, STATIC_SCRATCH, app
from .policies import ADDING, in_force
from .users import create_user, token_of

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell, Result

RBAC = Path(__file__).parents[2] / "manifests/rbac"
WAYS = ("--profile auto", "--app-image", "--chroot", "--profile general")


def document(done: Result) -> dict[str, Any]:
    assert (done.code, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["apiVersion"], found["kind"]) == ("dshell/v1", "Explanation")
    return found


def said(done: Result) -> dict[str, dict[str, Any]]:
    """Of the only container, by the flags to type."""
    (container,) = document(done)["containers"]
    return {way["flags"]: way for way in container["ways"]}


ADDED: Json = {"capabilities": {"add": ["NET_ADMIN"]}}
TARGETS = [
    pytest.param(app(), {}, "", [], id="image USER"),
    pytest.param(app(STATIC_NAMED), {}, "", [], id="USER by name"),
    pytest.param(app(STATIC_SCRATCH), {}, "", [], id="no passwd"),
    pytest.param(app(securityContext={"runAsUser": 10001}), {}, "", [], id="runAsUser alone"),
    pytest.param(app(), {"securityContext": {"runAsUser": 10001, "runAsGroup": 10002}}, "", [], id="ids of the pod"),
    pytest.param(app(securityContext=ADDED), {}, "", [], id="not root, added capabilities"),
    pytest.param(app(), {"hostUsers": False}, "", [], id="own user namespace"),
    pytest.param(app(STATIC_ROOT), {}, "", [], id="root"),
    pytest.param(app(STATIC_ROOT, securityContext=ADDED), {}, "", [], id="root, added capabilities"),
    pytest.param(app(STATIC_ROOT, securityContext={"capabilities": {"drop": ["ALL"]}}), {}, "", [], id="root, none"),
    pytest.param(app(STATIC_ROOT, securityContext={"privileged": True}), {}, "", [], id="privileged root"),
    pytest.param(app(STATIC_ROOT, "step-down"), {}, "", [], id="steps down, then exec"),
    pytest.param(app(), {}, "", ["--run-as", "1234"], id="another user"),
    pytest.param(app(), {}, "", ["--run-as", "65532:0"], id="another group"),
    pytest.param(app(STATIC_ROOT), {}, "", ["--run-as", "65532"], id="not root in root's"),
    pytest.param(app(STATIC_ROOT), {}, "baseline", [], id="root, baseline"),
    pytest.param(app(securityContext=RESTRICTED), {}, "restricted", [], id="restricted"),
]


@pytest.mark.parametrize(("container", "spec", "level", "flags"), TARGETS)
def test_what_is_said_is_what_happens(
    make_namespace: MakeNamespace,
    make_pod: MakePod,
    dshell: Dshell,
    container: Json,
    spec: Json,
    level: str,
    flags: list[str],
) -> None:
    pod = make_pod(container, namespace=make_namespace(level) if level else "", **spec)
    pod.wait_log("serving as")
    where = (pod.name, "-n", pod.namespace, *flags)

    ways = said(dshell("explain", *where, "-o", "json"))
    assert pod.debug_containers() == {}
    look = ("--", "sh", "-c", 'ls "$DSHELL_ROOT/"')
    happens = {flags: dshell(*where, *flags.split(), *look) for flags in WAYS}

    said_of = {flags: way["readsRoot"] == "yes" for flags, way in ways.items()}
    if "step-down" in container["args"]:  # it was root when it started, which is all that anybody can know
        assert said_of.pop("--chroot")
        assert happens.pop("--chroot").stderr.splitlines()[0].endswith("SYS_CHROOT, which user 101 cannot have")
    assert said_of == {flags: done.code == 0 for flags, done in happens.items()}, ways
    for typed, way in ways.items():
        assert way["readsRoot"] in {"yes", "no"}
        if typed in happens and not way["admitted"]:
            assert happens[typed].stderr.splitlines()[0].removeprefix("error: ") in way["why"]


@pytest.mark.parametrize(
    "container",
    [
        pytest.param(app(STATIC_ROOT, "setuid"), id="setuid without exec"),
        pytest.param(app(STATIC, "undumpable"), id="PR_SET_DUMPABLE 0"),
        pytest.param(app(STATIC_FILECAPS), id="file capability"),
    ],
)
def test_what_only_entry_shows_is_said_beforehand(make_pod: MakePod, dshell: Dshell, container: Json) -> None:
    pod = make_pod(container)
    pod.wait_log("serving as")

    shown = dshell("explain", pod.name)
    ways = said(dshell("explain", pod.name, "-o", "json"))
    refused, image, chroot, entered = (dshell(pod.name, *flags.split(), "--", "ls", ".") for flags in WAYS)

    can_chroot = "yes" if container["image"] == STATIC_ROOT else "no"
    assert {flags: way["readsRoot"] for flags, way in ways.items()} == dict.fromkeys(WAYS, "yes") | {
        "--chroot": can_chroot
    }
    assert chroot.code == 77
    assert b"unknown before entry, like capabilities of the app's program file" in shown.stdout
    assert (refused.code, image.code, entered.code) == (77, 0, 0)
    assert "is not dumpable" in refused.stderr or "(from its binary)" in refused.stderr


def test_an_app_that_was_measured_once_is_known(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT, "step-down"))
    pod.wait_log("serving as 101:101")
    assert dshell(pod.name, "--", "true").code == 0

    (container,) = document(dshell("explain", pod.name, "-o", "json"))["containers"]

    assert container["user"] == {"uid": 101, "gid": 101, "groups": [0], "source": "measured"}
    assert container["ways"][0]["identity"] == {"uid": 101, "gid": 101}
    assert container["ways"][0]["readsRoot"] == "yes"


def test_every_container_has_a_row_and_one_can_be_chosen(make_pod: MakePod, dshell: Dshell) -> None:
    done = app(STATIC, "-exit-after=1ms", name="setup")
    limited = app(
        resources={"limits": {"memory": "64Mi"}}, securityContext={"seccompProfile": RESTRICTED["seccompProfile"]}
    )
    pod = make_pod(limited, app(STATIC_ROOT, "-port=", name="proxy"), initContainers=[done], hostUsers=False)

    everything = document(dshell("explain", pod.name, "-o", "json"))
    tables = dshell("explain", pod.name)
    one = document(dshell("explain", f"pod/{pod.name}", "-c", "proxy", "-o", "json"))

    assert (everything["ownUserNamespace"], everything["memory"]["scope"]) == (True, "node")
    rows = {c["name"]: (c["user"]["uid"], c["seccomp"], c["memoryLimitBytes"]) for c in everything["containers"]}
    assert rows == {"app": (65532, "RuntimeDefault", 64 << 20), "proxy": (0, None, None), "setup": (65532, None, None)}
    ended = [way for c in everything["containers"] if c["name"] == "setup" for way in c["ways"]]
    assert {(way["readsRoot"], way["admitted"]) for way in ended} == {("no", None)}
    lines = tables.stdout.decode().splitlines()
    heads = [line for line in lines if line.startswith("CONTAINER ")]
    assert [head.split()[1] for head in heads] == ["STATE", "WITH"]
    assert [c["name"] for c in one["containers"]] == ["proxy"]
    assert pod.debug_containers() == {}


def test_a_policy_is_named_in_its_own_words(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(namespace=make_namespace())
    expression = "object.spec.ephemeralContainers.all(c, !c.image.startsWith('busybox'))"
    ask = ("explain", pod.name, "-n", pod.namespace, "-o", "json")
    with in_force(cluster, pod.namespace, ADDING, expression, "use our own registry: ask #platform"):
        wait_until(lambda: not said(dshell(*ask))["--profile auto"]["admitted"], 60, "the policy in force")

        ways, other = said(dshell(*ask)), said(dshell(*ask, "--image", "dshell.test/debug-bash:1"))

    for way in ways.values():
        assert (way["readsRoot"], way["admitted"]) == ("no", False)
        assert way["why"].endswith("denied request: use our own registry: ask #platform")
    assert {way["admitted"] for way in other.values()} == {True}
    assert other["--profile auto"]["readsRoot"] == "yes"


def test_where_no_status_names_a_user_the_spec_decides_or_entry(
    cluster: Cluster, make_pod: MakePod, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    given = {"runAsUser": 10001, "runAsGroup": 10002}
    pod = make_pod(app(), app(STATIC, "-port=", name="proxy", securityContext=given))
    create_user(cluster, namespace, "explain-older", RBAC / "session.yaml")
    token = token_of(cluster, namespace, "explain-older")
    with OlderRuntime(cluster, tmp_path) as older:
        through = dshell.with_kubeconfig(older.kubeconfig(tmp_path / "older.kubeconfig", token, namespace))
        image, spec = document(through("explain", pod.name, "-o", "json"))["containers"]
        entered = [through(pod.name, "-c", name, "--", "ls", ".").code for name in ("app", "proxy")]

    assert image["user"] == {"uid": None, "gid": None, "groups": [], "source": "image"}
    assert spec["user"] == {"uid": 10001, "gid": 10002, "groups": [], "source": "spec"}
    assert [one["ways"][0]["readsRoot"] for one in (image, spec)] == ["unknown", "yes"]
    assert entered == [0, 0]


def test_who_may_open_a_session_may_ask_and_who_may_not_is_told_why(
    make_user: MakeUser, dshell: Dshell, shared_pod: Pod, tmp_path: Path
) -> None:
    (role,) = yaml.safe_load_all((RBAC / "session.yaml").read_text())
    role["metadata"]["name"] = "explain-reader"
    role["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    reader = tmp_path / "reader.yaml"
    reader.write_text(yaml.safe_dump(role))
    who = {
        name: make_user(f"explain-{name}", manifest)
        for name, manifest in {"session": RBAC / "session.yaml", "reader": reader, "nobody": None}.items()
    }
    ask = ("explain", shared_pod.name, "-o", "json")

    may, reads, nothing = (dshell.of_somebody_else(kubeconfig)(*ask) for _, kubeconfig in who.values())

    found = document(may)
    assert found["podSecurity"] is None  # it takes the right to read the namespace
    assert [flags for flags, way in said(may).items() if way["readsRoot"] != "yes"] == ["--chroot"]
    for way in said(reads).values():
        assert (way["readsRoot"], way["admitted"]) == ("no", False)
        assert way["why"].startswith(f"{who['reader'][0]} may not patch pods/ephemeralcontainers in namespace ")
    assert (nothing.code, nothing.stdout) == (77, b"")
    assert nothing.stderr.startswith(f"error: {who['nobody'][0]} may not get pods in namespace ")
