"""What is to be typed next reaches the same cluster, as the same user; every verb suggests something."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs import fanout
from kubectl_dshell.commands.cp import cp as copy
from tests.cli import program


@pytest.fixture(autouse=True)
def _cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "ports", program.ports)


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (
            ["web", "--name", "abcde", "--new", "--", "true"],
            "Choose another name: kubectl dshell web -n shop --user ops --as ada --name OTHER",
        ),
        (
            ["web", "-c", "app", "--name", "abcde", "--new"],
            "Choose another name: kubectl dshell web --container app -n shop --user ops --as ada --name OTHER",
        ),
        (
            ["web", "--app-image", "--name", "abcde", "--new", "--", "true"],
            "Choose another name: kubectl dshell web -n shop --user ops --as ada --app-image --name OTHER",
        ),
        (["attach", "web/nope"], "Start one: kubectl dshell web -n shop --user ops --as ada"),
        (["attach", "nope"], "List them with: kubectl dshell ls -n shop --user ops --as ada"),
        (["cleanup", "nope"], "List them with: kubectl dshell ls -n shop --user ops --as ada"),
        (["cleanup", "nope", "-A"], "List them with: kubectl dshell ls -A --user ops --as ada"),
        (
            ["debug", "-n", "shop"],
            "A pod of that name: kubectl dshell pod/debug -n shop --user ops --as ada",
        ),
    ],
    ids=str,
)
def test_a_suggestion_keeps_who_asks(words: list[str], suggested: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags, command = words, list[str]()
    if "--" in words:
        flags, command = words[: words.index("--")], words[words.index("--") :]

    assert main([*flags, "--as", "ada", "--user", "ops", "--token", "s3cret", *command]) != 0

    said = capsys.readouterr().err
    assert f"\n{suggested}\n" in said
    assert "s3cret" not in said


def test_a_copy_is_suggested_as_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[copy.CopyOut] = []
    monkeypatch.setattr(copy, "copy_out", lambda request, _ports: asked.append(request))

    assert main(["cp", "web:/a b", "-c", "app", "--as", "ada", "--user", "ops", "-y", "--skip-failed", "--", "-x"]) == 0

    [request] = asked
    again = "kubectl dshell cp 'web:/a b' ./-x --container app -y --skip-failed -n shop --user ops --as ada"
    assert request.session.retry_command == again


def test_each_of_many_pods_is_suggested_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def run_many(_found: Any, request: Any, *_: Any) -> list[Any]:
        said.append(request.retry_command("shop", "ls"))
        return []

    monkeypatch.setattr(fanout, "run_many", run_many)

    main(["web", "db", "-c", "app", "--as", "ada", "--user", "ops", "--", "true"])

    assert said == ["kubectl dshell pod/ls --container app -n shop --user ops --as ada"]
