"""Words of `ls`: those that do not go together, and those that choose a state; and where its last line goes."""

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
from kubectl_dshell.output.notices import Notices
from tests.commands.manage.shop import world_of_two

LIVE, ENDED = "dshell-abcde", "debugger-x8z4p"
LEFT_OUT = "1 has ended: kubectl dshell ls --all -n shop\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ls web -A", "a pod cannot be selected by name across all namespaces"),
        ("ls web -l a=b", "cannot combine PODs with -l; use one or the other"),
        ("ls -w -o yaml", "--watch cannot be used with -o yaml; use -o json, -o name or the table"),
        ("ls --state stopped", "'stopped' is not one of 'running', 'waiting', 'ended'"),
        ("ls --sort-by size", "'size' is not one of 'pod', 'name', 'age'"),
        ("ls --older-than old", "'old' is not a duration"),
        ("ls deploy/web", "only pods have debug containers; use POD or pod/POD"),
        ("ls --state running,", "'' is not one of 'running', 'waiting', 'ended'"),
        ("ls --all --state ended", "cannot combine --all with --state; use one or the other"),
        ("ls -o xml", "'xml' is not one of"),
    ],
)
def test_what_does_not_go_together_is_told(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 64
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


@pytest.fixture
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the namespace, one debug container runs and one has ended."""

    @contextmanager
    def ports(*_: Any, **__: Any) -> Iterator[tuple[Ports, str]]:
        yield replace(world_of_two().ports(), notices=Notices(quiet=False)), "shop"

    monkeypatch.setattr(wiring, "ports", ports)


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize(
    ("words", "names", "said"),
    [
        ("ls", [LIVE], LEFT_OUT),
        ("ls --no-headers", [LIVE], LEFT_OUT),
        ("ls -o wide", [LIVE], LEFT_OUT),
        ("ls -o name", [LIVE], ""),
        ("ls --all", [ENDED, LIVE], ""),
        ("ls --all -o name", [ENDED, LIVE], ""),
        ("ls --state running", [LIVE], ""),
        ("ls --state running,ended", [ENDED, LIVE], ""),
        ("ls --state running --state ended", [ENDED, LIVE], ""),
        ("ls --state ended", [ENDED], ""),
        ("ls --state waiting", [], "no waiting debug containers in namespace shop\n"),
        ("ls --state waiting --no-headers", [], "no waiting debug containers in namespace shop\n"),
    ],
)
def test_what_ended_is_counted_on_stderr_unless_a_state_is_chosen(
    words: str, names: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 0

    out, err = capfd.readouterr()
    assert [name for line in out.splitlines() for name in (ENDED, LIVE) if name in line] == names
    assert err == said


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize(
    ("words", "names", "ended"),
    [
        ("", [LIVE], 1),
        ("--state running", [LIVE], 1),
        ("--state waiting", [], 1),
        ("--stale", [], 0),
        ("--state ended", [ENDED], 0),
        ("--all", [ENDED, LIVE], 0),
    ],
)
def test_a_document_has_what_the_table_has_and_the_number_of_the_others(
    words: str, names: list[str], ended: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["ls", "-o", "json", *words.split()]) == 0

    out, err = capfd.readouterr()
    document = json.loads(out)
    assert ([item["name"] for item in document["items"]], document["endedNotShown"], err) == (names, ended, "")
