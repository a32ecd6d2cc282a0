"""Options are values of their types, made by parsing alone."""

from __future__ import annotations

from enum import StrEnum

import click
import pytest

from kubectl_dshell.cli.flags.param_types import Duration, OneOf
from kubectl_dshell.cli.flags.parsing import Options, Verb, nested, operands, option, parsed, remote_command, switch


class Colour(StrEnum):
    RED = "Red"
    BLUE = "blue"


SLOW = switch("--slow", group="Pace", help="Take your time.")


class Inner(Options):
    slow: bool = parsed(SLOW)
    keep: int = parsed(option(Duration(), "--keep", default="5m", group="Pace", help="How long."))


class Outer(Options):
    words: tuple[str, ...] = parsed(operands(click.STRING, "words", "WORD..."))
    command: tuple[str, ...] | None = remote_command()
    inner: Inner = nested(Inner)
    colour: Colour = parsed(option(OneOf(Colour), "-c", "--colour", default=Colour.RED, group="Look", help="Which."))


def _run(options: Outer) -> int:
    """Do as it is told."""
    return options.inner.keep


VERB = Verb("do", Outer, _run, flags="[flags]")


def parse(*words: str, command: tuple[str, ...] | None = None) -> Outer:
    return VERB.options(VERB.make_context("do", list(words), obj=command))


def test_what_is_not_given_has_its_default_in_its_own_type() -> None:
    options = parse()

    assert (options.words, options.command, options.inner.slow, options.inner.keep) == ((), None, False, 300)
    assert options.colour is Colour.RED


def test_what_is_given_is_converted() -> None:
    options = parse("a", "--slow", "--keep=1h", "b", "--colour", "blue", command=("x",))

    assert (options.words, options.command, options.inner.slow, options.inner.keep) == (("a", "b"), ("x",), True, 3600)
    assert options.colour is Colour.BLUE


@pytest.mark.parametrize("words", [("-c", "blue"), ("-cblue",), ("-c=blue",)], ids=" ".join)
def test_the_value_of_a_short_flag_is_written_in_three_ways_as_for_kubectl(words: tuple[str, ...]) -> None:
    assert parse(*words).colour is Colour.BLUE


@pytest.mark.parametrize("word", ["RED", "red", "", "green"])
def test_a_choice_is_spelled_as_the_value_of_its_member(word: str) -> None:
    with pytest.raises(click.UsageError, match="is not one of 'Red', 'blue'"):
        parse("--colour", word)


def test_options_are_frozen() -> None:
    with pytest.raises(AttributeError, match="keep cannot be changed"):
        parse().inner.keep = 7  # type: ignore[misc]  # mypy knows


def test_a_flag_is_one_object_whose_help_another_verb_may_word_itself() -> None:
    other = SLOW.but(help="Rest.")

    assert (SLOW.help, SLOW.group) == ("Take your time.", "Pace")
    assert (other.help, other.group, other.opts) == ("Rest.", "Pace", SLOW.opts)
    assert SLOW in Outer.params()


def test_the_verb_does_what_it_was_made_for() -> None:
    assert VERB.invoke(VERB.make_context("do", ["--keep", "7s"])) == 7
    assert VERB.help == "Do as it is told."
