"""`gather` on the command line: what goes to which output, and with which exit code; and the documents of a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.main import main
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.shard import Shard
from tests.cli import program
from tests.commands.fanout.test_gather import RUNNING, JobWorld, end, ran


def cluster(monkeypatch: pytest.MonkeyPatch, world: JobWorld) -> None:
    @contextmanager
    def ports(*_: Any, **__: Any) -> Iterator[tuple[Ports, str]]:
        yield world.ports(), "ops"

    monkeypatch.setattr(wiring, "ports", ports)


def two_shards() -> JobWorld:
    world = JobWorld()
    world.attempt("fix-0-a", 0, ran("a"), end(0, 1))
    world.attempt("fix-1-a", 1, ran("b", 3), end(1, 1))
    return world


@pytest.mark.parametrize("job", ["job/fix", "fix", "jobs.batch/fix"])
def test_lines_begin_with_namespace_pod_and_container(
    job: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster(monkeypatch, two_shards())

    assert main(["gather", job]) == 3

    out, err = capfd.readouterr()
    assert out == "shop a app | hello\nshop b app | hello\n"
    assert err == "1 ok, 1 failed: b (exit code 3)\n"


def test_documents_are_those_of_the_workers(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    cluster(monkeypatch, two_shards())

    assert main(["gather", "job/fix", "-o", "json"]) == 3

    assert capfd.readouterr().out.encode().splitlines() == [ran("a"), ran("b", 3)]


def test_a_shard_that_is_at_work_is_said_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    world = JobWorld(1, ended=False)
    world.attempt("fix-0-a", 0, ran("a"), state=RUNNING)
    cluster(monkeypatch, world)

    assert main(["gather", "job/fix", "-q"]) == 75

    out, err = capfd.readouterr()
    assert out == "shop a app | hello\n"
    assert err.startswith("error: shard 0/1 is incomplete: fix-0-a is still running, with the results of 1 pod\n")


@pytest.fixture
def _one_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "ports", program.ports)


HOME = next(index for index in range(4) if Shard(index, 4).has("u-1"))
"""The shard of the one pod."""


@pytest.mark.usefixtures("_one_pod")
@pytest.mark.parametrize(("index", "pods"), [(HOME, 1), ((HOME + 1) % 4, 0)])
def test_a_worker_ends_its_log_with_the_result_of_its_shard(
    index: int, pods: int, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = ["--all", "--shard", f"{index}/4", "--once", "fix", "-o", "json"]

    assert main([*flags, "--", "true"]) == 0

    out, err = capfd.readouterr()
    *results, last = map(json.loads, out.splitlines())
    assert [one["debugContainer"] for one in results] == ["dshell-fix"] * pods
    assert last == {
        "apiVersion": "dshell/v1",
        "kind": "ShardResult",
        "index": index,
        "count": 4,
        "pods": pods,
        "exitCode": 0,
    }
    assert err == ("" if pods else f"shard {index}/4 has no pods: there is nothing to do\n")


@pytest.mark.usefixtures("_one_pod")
def test_lines_of_a_shard_end_with_no_document(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--all", "--shard", f"{HOME}/4", "--", "true"]) == 0
    assert capfd.readouterr().out == ""


def test_colours_are_those_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster(monkeypatch, two_shards())
    monkeypatch.setenv("DSHELL_COLOUR", "always")

    main(["gather", "job/fix"])
    coloured = capfd.readouterr().out
    monkeypatch.setenv("DSHELL_COLOUR", "never")
    main(["gather", "job/fix"])
    plain = capfd.readouterr().out

    assert "\x1b[0m | " in coloured
    assert "\x1b" not in plain
    assert plain
