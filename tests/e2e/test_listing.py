"""`ls` shows the debug containers of every tool, `cleanup` ends those of ours and no others."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from .waiting import wait_until

if TYPE_CHECKING:
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell

LONG = "--keep=5m"


@dataclass(frozen=True, slots=True)
class Crowd:
    """One pod with a live debug container of ours, an ended one, and a live one of kubectl debug."""

    pod: Pod
    live: str
    ended: str
    other: str


@pytest.fixture
def crowd(make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell) -> Crowd:
    """In a namespace of its own: the tests list and end all of it."""
    pod = make_pod(namespace=make_namespace())
    there = ("-n", pod.namespace)
    assert dshell(pod.name, *there, "--", "true").code == 0
    (ended,) = pod.debug_containers()
    pod.wait_terminated(ended, 10)
    assert dshell(pod.name, *there, LONG, "--", "true").code == 0
    (live,) = set(pod.debug_containers()) - {ended}
    debug = (
        "debug",
        pod.name,
        *there,
        "--image=busybox:1.37",
        "--target=app",
        "--container=other",
        "--profile=general",
    )
    pod.cluster.kubectl(*debug, "--", "sleep", "1000")
    wait_until(lambda: pod.debug_containers()["other"].state == "running", 30, "kubectl's debug container")
    return Crowd(pod, live, ended, "other")


def rows(text: bytes) -> list[list[str]]:
    return [re.split(r" {3,}", line) for line in text.decode().splitlines()]


def test_the_table_shows_every_debug_container(crowd: Crowd, dshell: Dshell) -> None:
    pod = crowd.pod

    narrow = dshell("ls", "-n", pod.namespace)
    wide = dshell("ls", "-n", pod.namespace, "-o", "wide")
    everywhere = dshell("ls", "-A")

    head, *found = rows(narrow.stdout)
    assert (narrow.code, narrow.stderr) == (0, "")
    assert head == ["POD", "NAME", "TARGET", "USER", "OWNER", "IMAGE", "STATE", "AGE"]
    by_name = {row[1]: row for row in found}
    ours = [pod.name, crowd.live, "app", "65532:65532", "admin", "busybox:1.37", "running"]
    assert by_name[crowd.live][:7] == ours
    assert by_name[crowd.ended][6] == "ended (by its last session)"
    assert by_name["other"][:7] == [pod.name, "other", "app", "0:0", "<none>", "busybox:1.37", "running"]
    assert all(re.fullmatch(r"\d+s|\d+m\d*s?", row[7]) for row in found)
    assert [row[1] for row in found] == sorted(by_name)
    assert rows(wide.stdout)[0] == [*head, "NODE"]
    assert {row[8] for row in rows(wide.stdout)[1:]} == {pod.json()["spec"]["nodeName"]}
    assert rows(everywhere.stdout)[0] == ["NAMESPACE", *head]
    assert [pod.namespace, *ours] in [row[:8] for row in rows(everywhere.stdout)]


def test_programs_get_the_same_as_data(crowd: Crowd, dshell: Dshell) -> None:
    pod = crowd.pod

    as_json, as_yaml, as_names = (dshell("ls", "-n", pod.namespace, "-o", form) for form in ("json", "yaml", "name"))

    document = json.loads(as_json.stdout)
    assert document == yaml.safe_load(as_yaml.stdout)
    assert (document["apiVersion"], document["kind"]) == ("dshell/v1", "SessionList")
    items = {item["name"]: item for item in document["items"]}
    assert (items[crowd.live]["ours"], items["other"]["ours"]) == (True, False)
    assert (items[crowd.live]["owner"], items[crowd.live]["user"]) == ("admin", "65532:65532")
    assert items[crowd.ended]["message"] == "ended by its last session"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", items[crowd.ended]["finishedAt"])
    assert as_names.stdout.decode().splitlines() == sorted(f"{pod.name}/{name}" for name in items)


@pytest.mark.parametrize(
    ("form", "stdout", "stderr"),
    [
        pytest.param((), b"", "no debug containers in namespace {}\n", id="table"),
        pytest.param(("-o", "name"), b"", "", id="name"),
        pytest.param(
            ("-o", "json"),
            b'{\n  "apiVersion": "dshell/v1",\n  "kind": "SessionList",\n  "items": []\n}\n',
            "",
            id="json",
        ),
    ],
)
def test_an_empty_list_says_so_and_is_no_failure(
    make_namespace: MakeNamespace, dshell: Dshell, form: tuple[str, ...], stdout: bytes, stderr: str
) -> None:
    namespace = make_namespace()

    done = dshell("ls", "-n", namespace, *form)

    assert (done.stdout, done.stderr, done.code) == (stdout, stderr.format(namespace), 0)


@pytest.mark.parametrize("named", ["all", "by its name", "by its pod"])
def test_cleanup_ends_ours_and_touches_nothing_else(crowd: Crowd, dshell: Dshell, named: str) -> None:
    pod = crowd.pod
    names = {"all": (), "by its name": (crowd.live,), "by its pod": (pod.name,)}[named]
    before = pod.debug_containers()

    done = dshell("cleanup", "-n", pod.namespace, *names)

    assert done.stdout.decode() == f"{pod.namespace}/{pod.name} {crowd.live} ended\n"
    assert done.stderr.startswith("1 ended, 0 failed. The entries stay listed in their pods")
    assert done.code == 0
    after = pod.debug_containers()
    assert after[crowd.live].status["state"]["terminated"]["message"].strip() == "ended by a client"
    assert (after[crowd.ended], after["other"]) == (before[crowd.ended], before["other"])
    again = dshell("cleanup", "-n", pod.namespace)
    assert (again.stdout, again.stderr, again.code) == (b"", "0 ended, 0 failed.\n", 0)


def test_cleanup_says_why_it_leaves_alone_what_was_named(crowd: Crowd, dshell: Dshell) -> None:
    done = dshell("cleanup", "-n", crowd.pod.namespace, crowd.ended, "other")

    assert (done.stdout, done.code) == (b"", 0)
    assert sorted(done.stderr.splitlines()) == sorted(
        [
            f"{crowd.pod.name} other was not made by dshell and is left alone",
            f"{crowd.pod.name} {crowd.ended} does not run: ended (by its last session)",
            "0 ended, 0 failed.",
        ]
    )
    assert crowd.pod.debug_containers()["other"].state == "running"


def test_cleanup_does_nothing_when_a_name_is_unknown(crowd: Crowd, dshell: Dshell) -> None:
    namespace = crowd.pod.namespace

    done = dshell("cleanup", "-n", namespace, crowd.live, "dshell-nope1")

    assert (done.stdout, done.code) == (b"", 66)
    assert done.stderr == (
        f"error: no debug container and no pod with one is called dshell-nope1 in namespace {namespace}\n"
        "Those there are: kubectl dshell ls\n"
    )
    assert crowd.pod.debug_containers()[crowd.live].state == "running"
