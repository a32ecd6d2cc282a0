"""What is left in a pod forever is small and readable; what other versions left is listed and ended."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.waiting import wait_until

from .audit import requests_of
from .pods import add_by_hand

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod
    from .program import Dshell

LARGEST_ENTRY = 1200
LONGEST_DESCRIPTION = 30
LONGEST_REQUEST_LINE = 4096
BEFORE = json.loads(Path(__file__).with_name("protocol_1.json").read_text())
"""An entry of the version before, with its scripts in the environment."""


def test_an_entry_is_small_and_can_be_read(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    for reason in ([], ["--reason=INC-42"], []):
        assert dshell(pod.name, "--new", *reason, "--", "true").code == 0
    names = list(pod.debug_containers())
    for name in names:
        pod.wait_terminated(name, 30)

    described = pod.cluster.kubectl("describe", "pod", pod.name, "-n", pod.namespace).stdout
    _, _, ephemeral = described.partition("Ephemeral Containers:\n")
    entries = re.split(r"^  (?=dshell-)", ephemeral.partition("\nConditions:")[0], flags=re.MULTILINE)[1:]

    assert len(entries) == len(names) == 3
    for entry in entries:
        lines = entry.splitlines()
        assert len(lines) <= LONGEST_DESCRIPTION, entry
        assert max(map(len, lines)) < 180
        assert {"DSHELL_OWNER:", "DSHELL_VERSION:", "DSHELL_LIMIT:"} <= set(entry.split())
    assert sum("INC-42" in entry for entry in entries) == 1
    for found in pod.debug_containers().values():
        assert len(json.dumps(found.spec, separators=(",", ":"))) <= LARGEST_ENTRY


def test_long_words_travel_in_the_stream(make_pod: MakePod, dshell: Dshell, cluster: Cluster, tmp_path: Path) -> None:
    pod = make_pod()
    script = f"exit 42 # {'x' * 6000}"
    for number in range(1000):
        (tmp_path / f"{number:0120}").write_text(f"{number}")

    plain = dshell(pod.name, "--keep=1m", "--", "sh", "-c", script)
    put = dshell("cp", "-y", *map(str, sorted(tmp_path.iterdir())), f"{pod.name}:tmp/")
    got = dshell("cp", "--skip-failed", *(f"{pod.name}:tmp/{path.name}" for path in tmp_path.iterdir()), str(tmp_path))
    with dshell.terminal(pod.name, "--keep=1m", "--", "sh", "-c", script) as session:
        assert session.wait() == 42

    assert (plain.code, put.code, got.code) == (42, 0, 0), (plain, put, got)

    def execs() -> list[str]:
        uris = [request.event["requestURI"] for request in requests_of(cluster, "admin")]
        return [uri for uri in uris if f"/pods/{pod.name}/exec" in uri]

    wait_until(lambda: len(execs()) >= 8, 30, "the audit log")
    assert max(map(len, execs())) < LONGEST_REQUEST_LINE


def test_what_the_version_before_left_is_listed_refused_in_words_and_ended(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    where = ("-n", pod.namespace)
    add_by_hand(pod, BEFORE)

    (item,) = json.loads(dshell("ls", pod.name, *where, "-o", "json").stdout)["items"]
    attached = dshell("attach", f"{pod.name}/dshell-before", *where, "--", "true")
    named = dshell(pod.name, *where, "--name=before", "--", "true")
    opened = dshell(pod.name, *where, "--", "cat", "etc/os-release")
    ended = dshell("cleanup", f"{pod.name}/dshell-before", *where, "-y")

    assert (item["name"], item["state"], item["clients"], item["owner"]) == ("dshell-before", "running", 0, "admin")
    words = "was created by a version of kubectl dshell that speaks protocol 1; this version speaks protocol 2"
    for refused in (attached, named):
        assert refused.code == 66
        assert words in refused.stderr
        assert f"kubectl dshell cleanup {pod.name}/dshell-before -n {pod.namespace}" in refused.stderr
    assert opened.code == 0
    assert set(pod.debug_containers()) > {"dshell-before"}
    assert ended.code == 0, ended.stderr
    assert pod.debug_containers()["dshell-before"].state == "terminated"
    assert (
        pod.debug_containers()["dshell-before"].status["state"]["terminated"]["message"].strip() == "ended by a client"
    )
