"""The README says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.main import VERBS
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.errors import EXIT_STATUS_MEANING

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_exit_codes_are_those_of_the_enum() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)

    assert rows == [(str(int(status)), meaning) for status, meaning in EXIT_STATUS_MEANING.items()]


def test_every_flag_it_names_exists() -> None:
    commands: list[click.Command] = [open_command, *VERBS.values()]
    known = {name for c in commands for o in c.params for name in (*o.opts, *o.secondary_opts)} | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README.partition("## Develop")[0]))

    assert named <= known


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_it(verb: str) -> None:
    assert f"kubectl dshell {verb}" in README
