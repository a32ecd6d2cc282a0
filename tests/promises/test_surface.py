"""Nothing that scripts rely on disappears or changes in a minor version, and what is new is promised, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_dshell.domain.diagnosis import features

from .surface import promised, surface

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/compatibility.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_what_was_promised_is_there() -> None:
    assert sorted(promised() - surface()) == [], "only a major version takes something away: docs/compatibility.md"


def test_what_is_there_is_promised() -> None:
    assert sorted(surface() - promised()) == [], "promise it: make reference"


@pytest.mark.parametrize(
    "line",
    [
        "exit code 64: the command line is invalid",
        "verb ls",
        "flag POD -c: takes a value",
        "flag POD --profile: takes general",
        "flag POD --ttl: default 8h",
        "flag POD --image: variable DSHELL_IMAGE",
        "flag every verb --context: takes a value",
        "flag ls --no-headers: takes no value",
        "json kubectl dshell ls -o json: clients (integer)",
        "json kubectl dshell cleanup -o json: owner",
        "json kubectl dshell -o json -- COMMAND: stderr (string)",
        "json kubectl dshell explain -o json: ways (list)",
    ],
)
def test_each_kind_of_promise_is_read(line: str) -> None:
    assert line in surface()


@pytest.mark.parametrize(
    ("feature", "version"),
    [
        ("ephemeral containers", features.OLDEST),
        ("the end of piped input", features._HALF_CLOSE),
        ("the user in a container's status", features._USER_IN_STATUS),
        ("image volumes", features._IMAGE_VOLUME),
    ],
)
def test_the_versions_of_features_are_those_that_doctor_goes_by(feature: str, version: tuple[int, int]) -> None:
    rows = [row for row in section("Kubernetes").splitlines() if f"| {feature}" in row]

    assert [row.split(" | ")[0] for row in rows] == [f"| {version[0]}.{version[1]}"]


def test_every_promise_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\| (?!what)(\w.+) \|$", section("What a version promises"), re.MULTILINE)

    assert len(rows) > 5
    for row in rows:
        files = re.findall(r"`(tests/[\w/]+\.py)`", row.split(" | ")[-1])
        assert files, row
        assert all((TOP / file).is_file() for file in files), row
