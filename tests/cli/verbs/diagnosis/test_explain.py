"""`explain` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.main import main
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.pod.reference import parse_reference
from kubectl_dshell.kube import inspection
from kubectl_dshell.kube.rest.api import Api
from tests.commands.diagnosis.clusters import FakeInspection
from tests.commands.world import World
from tests.kube.rig import connection


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    owner = {"spec": {"selector": {"matchLabels": {"app": "web"}}}, "metadata": {"name": "web", "uid": "u"}}
    found.cluster.workloads = {parse_reference("svc/web"): {**owner, "spec": {"selector": {"app": "web"}}}}

    @contextmanager
    def ports(*_: Any, **__: Any) -> Iterator[tuple[Ports, Api]]:
        yield found.ports(), Api(replace(connection(1), namespace="shop"))

    monkeypatch.setattr(wiring, "ports_and_api", ports)
    monkeypatch.setattr(inspection, "Inspection", lambda _api: FakeInspection())
    return found


@pytest.mark.parametrize("target", ["web", "pod/web", "svc/web"])
def test_tables_go_to_stdout(target: str, world: World, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", target]) == 0

    out, err = capfd.readouterr()
    assert out.startswith("pod              web in namespace shop, Running on node-1\n")
    assert out.endswith("\n")
    assert err == ""
    assert world.added == []


def test_programs_get_a_document(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "web", "-c", "app", "--run-as", "1234", "-o", "json"]) == 0

    (container,) = json.loads(capfd.readouterr().out)["containers"]
    users = [way["identity"] and way["identity"]["uid"] for way in container["ways"]]
    assert users == [1234, 1234, 1234, None], (
        "capabilities are for root only, so that the last one makes no debug container"
    )
    assert [way["readsRoot"] for way in container["ways"]] == ["no"] * 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("explain", 64, "explain needs one pod: POD, or KIND/NAME for one of its pods"),
        ("explain a b", 64, "explain needs one pod"),
        ("explain web -- true", 64, "explain takes no command after --"),
        ("explain wbe", 66, 'no pod "wbe" in namespace shop'),
        ("explain web -c nope", 66, 'pod web has no container "nope"'),
    ],
)
def test_what_cannot_be_explained_is_told(words: str, code: int, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == code

    out, err = capfd.readouterr()
    assert out == ""
    assert said in err
