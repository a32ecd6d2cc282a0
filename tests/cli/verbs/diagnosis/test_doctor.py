"""`doctor` on the command line: what goes to which output, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.main import main
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.permissions import SESSION
from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube import inspection
from kubectl_dshell.kube.rest.api import Api
from tests.commands.diagnosis.clusters import FakeInspection
from tests.commands.world import World
from tests.kube.rig import connection


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeInspection:
    found = FakeInspection()
    found.namespaces["default"] = found.namespaces["shop"]

    @contextmanager
    def ports(*_: Any, **__: Any) -> Iterator[tuple[Ports, Api]]:
        yield World().ports(), Api(connection(1))

    monkeypatch.setattr(wiring, "ports_and_api", ports)
    monkeypatch.setattr(inspection, "Inspection", lambda _api: found)
    return found


@pytest.mark.usefixtures("cluster")
def test_checks_go_to_stdout_and_their_number_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0

    out, err = capfd.readouterr()
    assert out.splitlines()[1] == "ok        server                 http://127.0.0.1:1, Kubernetes v1.36.3"
    assert {line.partition(" ")[0] for line in out.splitlines()} == {"ok"}
    assert err == "18 ok\n"


@pytest.mark.usefixtures("cluster")
def test_quiet_prints_no_number(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "-q"]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("form", [[], ["-o", "json"]], ids=["lines", "json"])
def test_a_failed_check_is_in_the_exit_code(
    form: list[str], cluster: FakeInspection, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.denied = set(SESSION.needed)

    assert main(["doctor", *form]) == 69
    assert "failed" in capfd.readouterr().out


def test_a_warning_is_not(cluster: FakeInspection) -> None:
    cluster.denied = set(SESSION.helpful)

    assert main(["doctor"]) == 0


@pytest.mark.usefixtures("cluster")
def test_programs_get_a_document_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "-o", "json", "--image", "tools:1"]) == 0

    out, err = capfd.readouterr()
    (image,) = (one for one in json.loads(out)["checks"] if one["name"] == "debugImage")
    assert (image["status"], image["message"].partition(" ")[0]) == ("warning", "tools:1")
    assert err == ""


def test_without_a_kubeconfig_it_says_so(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    @contextmanager
    def ports(*_: Any, **__: Any) -> Iterator[tuple[Ports, Api]]:
        raise BadConfig("no kubeconfig found", "See: kubectl config view")
        yield

    monkeypatch.setattr(wiring, "ports_and_api", ports)

    assert main(["doctor"]) == 69
    assert capfd.readouterr().out.splitlines() == [
        "failed    kubeconfig             no kubeconfig found",
        "                                 -> See: kubectl config view",
    ]


def test_it_takes_no_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--", "true"]) == 64
    assert "doctor takes no command after --" in capfd.readouterr().err
