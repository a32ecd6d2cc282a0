"""Words, file names and what is printed are UTF-8, whatever the locale says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.program import environment

TEXT = "grün ünïcödé 日本 👩‍💻"


@pytest.fixture(scope="session")
def latin_1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A locale whose characters are Latin-1's, as machines have it where somebody asked for de_DE@euro."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = shutil.which("localedef")
    if localedef:
        made = [localedef, "-i", "POSIX", "-f", "ISO-8859-1", str(folder / "xx_XX.ISO-8859-1")]
        subprocess.run(made, capture_output=True, check=False)  # it warns of all that POSIX leaves open
    if (folder / "xx_XX.ISO-8859-1").exists():
        return {"LOCPATH": str(folder), "LC_ALL": "xx_XX.ISO-8859-1"}
    return {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}


LOCALES = [
    pytest.param({"LC_ALL": "C"}, id="C"),
    pytest.param({"LC_ALL": "POSIX"}, id="POSIX"),
    pytest.param({"LC_ALL": "C.UTF-8"}, id="UTF-8"),
    pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="ASCII"),
    pytest.param({"LC_ALL": "C", "PYTHONIOENCODING": "latin-1:strict"}, id="Latin-1 for Python"),
    pytest.param(None, id="Latin-1"),
]


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> dict[str, str]:
    chosen: dict[str, str] = request.getfixturevalue("latin_1") if request.param is None else request.param
    return chosen


def run(locale: dict[str, str], *words: str | bytes, folder: Path | None = None) -> tuple[bytes, bytes, int]:
    command = [sys.executable, "-m", "tests.cli.program", *words]
    done = subprocess.run(
        command, env=environment(**locale), stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=folder
    )
    return done.stdout, done.stderr, done.returncode


def test_words_are_taken_and_data_is_given_as_utf_8(locale: dict[str, str]) -> None:
    words = ["web", "--new", f"--env=A={TEXT}", f"--reason={TEXT}", f"--image=x/{TEXT}", "--dry-run"]

    as_json, said, code = run(locale, *words, "-o", "json")
    as_yaml, _, _ = run(locale, *words)

    assert (said, code) == (b"", 0)
    entry = json.loads(as_json)["spec"]["ephemeralContainers"][0]
    assert {one["name"]: one["value"] for one in entry["env"]}["A"] == TEXT
    assert entry["image"] == f"x/{TEXT}"
    assert yaml.safe_load(as_yaml)["spec"]["ephemeralContainers"][0]["image"] == entry["image"]


def test_a_failure_names_what_was_typed(locale: dict[str, str]) -> None:
    out, said, code = run(locale, "web", "-c", "grün", "--", "true")

    assert (out, code) == (b"", 66)
    shown = said.decode("latin-1" if "PYTHONIOENCODING" in locale else "utf-8")
    assert 'no container "grün"' in shown or "'grün'" in shown or "grün" in shown


def test_what_an_encoding_has_not_is_shown_in_another_way(locale: dict[str, str]) -> None:
    out, said, code = run(locale, "ls", "日本")

    assert (out, code) == (b"", 64)
    assert b"is not a valid pod name" in said
    assert b"this is a bug" not in said


@pytest.mark.parametrize("word", [b"gr\xfcn", b"\xff\xfe", b"A=\xe9"])
def test_bytes_that_are_not_utf_8_are_a_usage_error(locale: dict[str, str], word: bytes) -> None:
    out, said, code = run(locale, "web", "--env", b"X=" + word, "--", "true")

    assert (out, code) == (b"", 64)
    assert b"is not valid UTF-8, as the Kubernetes API requires" in said


def test_files_have_the_names_that_were_typed(locale: dict[str, str], tmp_path: Path) -> None:
    out, said, code = run(locale, "web", "--record", f"{TEXT}.cast", "--", "true", folder=tmp_path)

    assert (out, code) == (b"", 0), said
    assert [path.name for path in tmp_path.iterdir()] == [f"{TEXT}.cast"]


def test_an_image_from_the_environment_is_text_too(locale: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.cli.program", "web", "--dry-run"]
    raw = {k.encode(): v.encode() for k, v in environment(**locale).items()} | {b"DSHELL_IMAGE": b"x/\xff"}
    done = subprocess.run(command, env=raw, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    assert done.returncode == 64
    assert b"DSHELL_IMAGE is not valid UTF-8" in done.stderr
