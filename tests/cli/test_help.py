"""Help is complete, and costs nothing."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from kubectl_dshell import __version__
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.help import help_page
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.errors import ExitStatus

HEAVY = ("kubernetes", "rich", "urllib3", "websocket", "tenacity", "yaml")


@pytest.mark.parametrize(
    "words", [["--help"], ["help"], ["--version"], ["version"], ["ls", "--help"], ["options"]], ids=" ".join
)
def test_help_and_version_import_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from kubectl_dshell.cli.main import main; code = main(sys.argv[1:]); "
        f"loaded = [m for m in {HEAVY} if m in sys.modules]; sys.exit(f'loaded {{loaded}}' if loaded else code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"]], ids=" ".join)
def test_help_and_version_import_no_verb(words: list[str]) -> None:
    modules = [f"kubectl_dshell.cli.verbs.{verb}" for verb in VERBS]
    program = (
        "import sys; from kubectl_dshell.cli.main import main; main(sys.argv[1:]); "
        f"sys.exit(' '.join(m for m in {modules} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)

    assert (done.stderr, done.returncode) == ("\n", 1), "sys.exit() of an empty text"


def test_the_first_help_fits_one_screen() -> None:
    lines = help_page().splitlines()

    assert len(lines) <= 40
    assert max(map(len, lines)) <= 105


def test_the_first_help_names_every_exit_code_and_verb() -> None:
    text = help_page()

    assert all(str(int(status)) in text for status in ExitStatus if status)
    assert all(f"  {verb} " in text for verb in VERBS)


@pytest.mark.parametrize("command", [open_command, *VERBS.values()], ids=lambda c: c.name)
def test_every_option_has_help(command: click.Command) -> None:
    assert command.help
    assert all(o.help for o in command.params if isinstance(o, click.Option))


def test_version_is_the_package_s(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"kubectl-dshell {__version__}\n"
