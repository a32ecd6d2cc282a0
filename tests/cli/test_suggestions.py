"""What is to be typed next reaches the same cluster, as the same user; every verb suggests something."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import click
import pytest

from kubectl_dshell.cli import fanout, wiring
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.commands.copy import copy
from kubectl_dshell.domain.text.invocation import PLAIN, Invocation
from tests.cli import program

NOT_TYPED_AGAIN = {"--token", "-v"}


@pytest.fixture(autouse=True)
def _cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "ports", program.ports)


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (
            ["web", "--name", "abcde", "--new", "--", "true"],
            "Another debug container: kubectl dshell web -n shop --user ops --as ada --name OTHER",
        ),
        (
            ["web", "-c", "app", "--name", "abcde", "--new"],
            "Another debug container: kubectl dshell web --container app -n shop --user ops --as ada --name OTHER",
        ),
        (["attach", "web/nope"], "Start one: kubectl dshell web -n shop --user ops --as ada"),
        (["attach", "nope"], "Those there are: kubectl dshell ls -n shop --user ops --as ada"),
        (["cleanup", "nope"], "Those there are: kubectl dshell ls -n shop --user ops --as ada"),
        (["cleanup", "nope", "-A"], "Those there are: kubectl dshell ls -A --user ops --as ada"),
        (
            ["config", "-n", "shop"],
            "A pod of that name: kubectl dshell pod/config -n shop --user ops --as ada",
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

    assert main(["cp", "web:/a b", "-c", "app", "--as", "ada", "--user", "ops", "--", "-x"]) == 0

    [request] = asked
    again = "kubectl dshell cp 'web:/a b' ./-x --container app -n shop --user ops --as ada"
    assert request.session.retry_command == again


def test_each_of_many_pods_is_suggested_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def run_many(_found: Any, request: Any, *_: Any) -> list[Any]:
        said.append(request.retry_command("shop", "ls"))
        return []

    monkeypatch.setattr(fanout, "run_many", run_many)

    main(["web", "db", "-c", "app", "--as", "ada", "--user", "ops", "--", "true"])

    assert said == ["kubectl dshell pod/ls --container app -n shop --user ops --as ada"]


@pytest.mark.parametrize(
    "option", [one for one in ConnectionFlags.params() if isinstance(one, click.Option)], ids=lambda o: o.opts[-1]
)
def test_every_connection_flag_is_typed_again_or_a_secret(option: click.Option) -> None:
    value = [] if option.is_flag else ["7"]
    options = open_command.options(open_command.make_context("x", ["web", option.opts[-1], *value]))

    again = options.connection.to_type_again()

    expected = () if option.opts[0] in NOT_TYPED_AGAIN else (option.opts[-1], *value)
    assert tuple(word.removesuffix("s") if word == "7s" else word for word in again) == expected


@pytest.mark.parametrize(
    ("suggest", "command"),
    [
        (lambda x: x.open("shop", "web"), "kubectl dshell web -n shop"),
        (lambda x: x.open("shop", "help"), "kubectl dshell pod/help -n shop"),
        (lambda x: x.open("a b", "$(id)", "c;d"), "kubectl dshell '$(id)' --container 'c;d' -n 'a b'"),
        (lambda x: x.attach("shop", "ls", "dshell-a"), "kubectl dshell attach ls/dshell-a -n shop"),
        (lambda x: x.command("ls", "-A"), "kubectl dshell ls -A"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_command_is_quoted_and_names_a_pod(suggest: Callable[[Invocation], str], command: str) -> None:
    assert suggest(PLAIN) == command
    assert suggest(Invocation(("--context", "a b"))) == f"{command} --context {shlex.quote('a b')}"
