"""docs/reference.md and the manual page say what the program parses."""

from __future__ import annotations

import re
import tomllib

import click
import pytest

from hack.docs.__main__ import MANUAL, REFERENCE
from hack.docs.man import manual, roff
from hack.docs.reference import markdown, pages
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.errors import EXIT_STATUS_MEANING

WRITE = "write it again: make reference"
COMMANDS: dict[str, click.Command] = {"": open_command, **VERBS}
REQUESTS = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BR", ".I", ".br", ".nf", ".fi", ".RS", ".RE", '.\\"'}
LINES = MANUAL.read_text(encoding="utf-8").splitlines()
PLAIN = re.compile(r"\\(?:-|e|&|\((?:aq|ga|ha|ti|dq))")
"""The escapes that the page needs."""


def test_the_reference_is_that_of_the_flags() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == markdown(), WRITE


def test_the_manual_page_is_that_of_the_flags() -> None:
    assert MANUAL.read_text(encoding="utf-8") == manual(), WRITE


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_flag_of_a_verb_is_in_its_section(verb: str) -> None:
    title = f"kubectl dshell {verb or 'POD'}"
    section = f"\n{markdown()}".partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    shared = markdown().partition("\n## kubectl flags\n")[2]
    listed = section + (shared if "(#kubectl-flags)" in section else "")
    options = [one for one in COMMANDS[verb].params if isinstance(one, click.Option)]
    names = [name for one in options for name in (*one.opts, *one.secondary_opts) if name.startswith("-")]

    assert [name for name in [*names, "--help"] if not re.search(rf"`{name}[` \[]", listed)] == []


def test_every_row_has_its_cells() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("|")]

    assert len(rows) > 150
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_the_values_are_those_that_can_be_typed() -> None:
    text = markdown()

    assert (
        "`--profile auto\\|restricted\\|baseline\\|general\\|netadmin\\|sysadmin` | `auto` | `DSHELL_PROFILE` |" in text
    )
    assert "`--dry-run[=none\\|client\\|server]` | `none` | |" in text
    assert "`-A`, `--all-namespaces` | | |" in text


def test_the_manual_page_has_all_verbs_and_exit_codes() -> None:
    text = "\n".join(LINES)

    assert re.findall(r"^\.SS (.+)$", text, re.MULTILINE) == [page.title for page in pages()]
    assert all(f".B {int(code)}\n" in text for code in EXIT_STATUS_MEANING)


def test_the_manual_page_has_the_sections_of_manual_pages() -> None:
    sections = [line.removeprefix(".SH ") for line in LINES if line.startswith(".SH ")]

    assert LINES[1].startswith('.TH KUBECTL\\-DSHELL 1 "" ')
    assert sections[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS"]
    assert sections[-1] == "SEE ALSO"
    assert re.fullmatch(r"kubectl\\-dshell \\- [a-z].+", LINES[LINES.index(".SH NAME") + 1])


def test_the_macros_of_the_manual_page_are_known_and_balanced() -> None:
    requests = [line.split()[0] for line in LINES if line.startswith(".")]

    assert set(requests) <= REQUESTS
    assert requests.count(".nf") == requests.count(".fi") > 3
    assert requests.count(".RS") == requests.count(".RE") > 3
    for at, line in enumerate(LINES):
        if line == ".TP":
            assert LINES[at + 1].startswith(".B ")
            assert not LINES[at + 2].startswith(".")


def test_the_text_of_the_manual_page_is_escaped() -> None:
    for line in LINES[1:]:
        text = PLAIN.sub("", line.partition(" ")[2] if line.startswith(".") else line)

        assert not set(text) & set("\\-'`^~") or line.startswith((".TH ", ".BR ")), line
        assert line.isascii()
        assert line == line.strip()
        assert line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--profile", r"\-\-profile"),
        (".bashrc", r"\&.bashrc"),
        ("'x'", r"\(aqx\(aq"),
        ("`exit`", r"\(gaexit\(ga"),
        ("a\\n", r"a\en"),
        ("~/^", r"\(ti/\(ha"),
        ('"x"', r"\(dqx\(dq"),
        ("", ""),
    ],
)
def test_roff_shows_what_is_to_be_typed(text: str, shown: str) -> None:
    assert roff(text) == shown


def test_the_manual_page_is_in_the_package_and_in_what_the_image_is_built_from() -> None:
    top = MANUAL.parents[1]
    targets = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    page = str(MANUAL.relative_to(top))

    assert targets["wheel"]["shared-data"] == {page: f"share/man/man1/{MANUAL.name}"}
    assert f"/{page}" in targets["sdist"]["include"]
    assert f"COPY {page} docs/\n" in (top / "Dockerfile").read_text(encoding="utf-8")
    assert f"!{page}\n" in (top / ".dockerignore").read_text(encoding="utf-8")


def test_the_manual_page_has_every_variable_that_is_documented() -> None:
    text = (MANUAL.parent / "configuration.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    documented = {name for row in rows for name in re.findall(r"`((?:DSHELL|NO|FORCE)_[A-Z_]+)`", row.split("|")[2])}
    section = manual().partition(".SH ENVIRONMENT\n")[2].partition(".SH ")[0]

    assert len(documented) > 10
    assert documented - set(re.findall(r"[A-Z]+_[A-Z_]+", section)) == set()
