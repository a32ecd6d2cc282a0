"""kubectl's own flags: what is given is used, and typed again unless it is a secret."""

from __future__ import annotations

import click
import pytest

from kubectl_dshell.cli.flags.connection import REFUSED, ConnectionFlags
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.open import open_command

NOT_TYPED_AGAIN = {"--token", "-v"}


@pytest.mark.parametrize(
    "option", [one for one in ConnectionFlags.params() if isinstance(one, click.Option)], ids=lambda o: o.opts[-1]
)
def test_every_connection_flag_is_typed_again_or_a_secret(option: click.Option) -> None:
    value = [] if option.is_flag else ["k=7" if option.metavar == "KEY=VALUE" else "7"]
    options = open_command.options(open_command.make_context("x", ["web", option.opts[-1], *value]))

    again = options.connection.to_type_again()

    expected = () if option.opts[0] in NOT_TYPED_AGAIN else (option.opts[-1], *value)
    assert tuple(word.removesuffix("s") if word == "7s" else word for word in again) == expected


@pytest.mark.parametrize("flag", REFUSED)
@pytest.mark.parametrize("words", [["web"], ["ls"], ["cp", "web:a", "b"]], ids=" ".join)
def test_another_flag_of_kubectl_is_refused_by_name(
    flag: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to type instead, and without its value, which may be a password."""
    code = main([*words, f"{flag}=hunter2"])

    _, stderr = capsys.readouterr()
    assert code == 64
    assert stderr.startswith(f"error: {flag} is a flag of kubectl without a meaning here: {REFUSED[flag][0]}\n")
    assert stderr.splitlines()[1] == REFUSED[flag][1]
    assert "hunter2" not in stderr


def test_extras_are_pairs() -> None:
    words = ["web", "--as-user-extra", "a=b=c", "--as-user-extra=d="]
    flags = open_command.options(open_command.make_context("x", words)).connection

    assert flags.to_options(None).as_user_extra == (("a", "b=c"), ("d", ""))


def test_what_is_given_is_what_the_connection_is_made_of() -> None:
    words = ["--user", "ops", "--as-group=a", "--as-group=b", "--token", "s3cret", "--request-timeout", "5m"]
    flags = open_command.options(open_command.make_context("x", ["web", *words])).connection

    options = flags.to_options("shop")

    assert (options.user, options.namespace, options.as_groups) == ("ops", "shop", ("a", "b"))
    assert options.request_timeout == 300
    assert options.token is not None
    assert options.token.reveal() == "s3cret"
    assert "s3cret" not in repr(options)


def test_nothing_given_is_nothing_asked_for() -> None:
    options = open_command.options(open_command.make_context("x", ["web"])).connection.to_options(None)

    assert (options.token, options.request_timeout, options.as_groups, options.server) == (None, None, (), None)
