"""What may come is what was asked for, in its turn."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.domain.cp import requested_names as module
from kubectl_dshell.domain.cp.requested_names import RequestedNames, matches
from kubectl_dshell.errors import Forbidden, Truncated
from tests.files.archives import asked

FILE, FOLDER = "file", "folder"


def take(words: list[str], *records: tuple[str, str]) -> None:
    turns = RequestedNames(asked(*words))
    for name, kind in records:
        turns.take(name, kind)
    turns.end()


@pytest.mark.parametrize(
    ("words", "records"),
    [
        (["var/log/app.log"], [("app.log", FILE)]),
        (["etc"], [("etc", FOLDER)]),
        (["etc/"], [("etc", FOLDER)]),
        (["a", "b"], [("a", FILE), ("b", FOLDER)]),
        (["log/*.log", "x"], [("a.log", FILE), ("b.log", FILE), ("x", FILE)]),
        (["*.log", "a.log"], [("a.log", FILE), ("a.log", FILE)]),
        (["*.log", "*.log", "*/b.log"], [("a.log", FILE), ("a.log", FILE), ("b.log", FILE)]),
        (["*/x"], [("x", FILE), ("x", FOLDER)]),
        (["log/.*"], [(".hidden", FILE)]),
        (["[ab]?[!c]"], [("axd", FILE), ("bü", FILE)]),
        (["a\\*"], [("a*", FILE)]),
        (["a[1].txt"], [("a[1].txt", FILE)]),
        ([""], [(".", FOLDER)]),
        (["etc/."], [(".", FOLDER)]),
        (["*/."], [(".", FOLDER), (".", FOLDER)]),
        (["a\nb"], [("a\nb", FILE)]),
    ],
)
def test_what_was_asked_for_may_come(words: list[str], records: list[tuple[str, str]]) -> None:
    take(words, *records)


@pytest.mark.parametrize(
    ("words", "records"),
    [
        pytest.param(["var/log/app.log"], [(".bashrc", FILE)], id="another name"),
        pytest.param(["var/log/app.log"], [("app.log", FILE), (".bashrc", FILE)], id="one more"),
        pytest.param(["app.log"], [("app.log", FILE), ("app.log", FILE)], id="twice"),
        pytest.param(["app.log"], [("APP.LOG", FILE)], id="another case"),
        pytest.param(["app.log"], [("app.log\udcff", FILE)], id="a byte that is no text"),
        pytest.param(["a", "b"], [("b", FILE), ("a", FILE)], id="in another order"),
        pytest.param(["etc"], [(".", FOLDER)], id="what is in it"),
        pytest.param(["etc/."], [("etc", FOLDER)], id="the directory itself"),
        pytest.param(["etc/."], [(".", FILE)], id="a file as what is in it"),
        pytest.param(["etc/"], [("etc", FILE)], id="a file for a directory"),
        pytest.param(["*"], [(".bashrc", FILE)], id="a hidden file for *"),
        pytest.param(["?bashrc"], [(".bashrc", FILE)], id="a hidden file for ?"),
        pytest.param(["[.]bashrc"], [(".bashrc", FILE)], id="a hidden file for a bracket"),
        pytest.param(["*"], [("..", FOLDER)], id="the directory above"),
        pytest.param([".*"], [(".", FOLDER)], id="the directory itself for .*"),
        pytest.param(["*"], [("a/b", FILE)], id="a path"),
        pytest.param(["*.log"], [("a.txt", FILE)], id="no match"),
        pytest.param(["*.log", "x"], [("x", FILE)], id="a pattern passed over"),
        pytest.param(["*"], [("a" * 256, FILE)], id="too long a name"),
    ],
)
def test_what_was_not_asked_for_is_forbidden(words: list[str], records: list[tuple[str, str]]) -> None:
    with pytest.raises(Forbidden, match="not requested"):
        take(words, *records)


@pytest.mark.parametrize(
    ("words", "records"),
    [
        (["a", "b"], [("a", FILE)]),
        (["*"], []),
        (["a", "*"], [("a", FILE)]),
        (["a"], [("a", "pipe")]),
        (["a"], [("", FILE)]),
    ],
)
def test_what_does_not_come_or_is_no_record_is_cut_short(words: list[str], records: list[tuple[str, str]]) -> None:
    with pytest.raises(Truncated):
        take(words, *records)


def test_a_pattern_names_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SOURCES", 3)

    with pytest.raises(Forbidden, match="more than 3"):
        take(["*"], *[(str(number), FILE) for number in range(4)])


def test_a_name_cannot_make_a_pattern_slow() -> None:
    began = time.process_time()

    assert not matches("*a" * 60 + "b", "a" * 255)
    assert time.process_time() - began < 1


LETTERS = st.sampled_from("ab.-]![^*?\\ü")


@settings(deadline=None, max_examples=60)
@example("[^?]", {"?", "^", "a"})
@example("[^]a]", {"^a]", "b"})
@given(
    st.text(LETTERS, min_size=1, max_size=6).filter(lambda text: text not in (".", "..")),
    st.sets(st.text(LETTERS, min_size=1, max_size=4).filter(lambda text: text not in (".", "..")), max_size=20),
)
def test_what_a_shell_finds_for_a_pattern_may_come(pattern: str, names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            Path(place, name).touch()
        script = 'IFS=; for one in ./$1; do [ ! -e "$one" ] || printf "%s\\0" "${one#./}"; done'
        command = ["sh", "-c", script, "sh", pattern]
        done = subprocess.run(command, cwd=place, env={"LC_ALL": "C"}, capture_output=True, check=True)

    found = [name for name in done.stdout.decode().split("\0") if name not in ("", ".", "..")]
    assert [name for name in found if not matches(pattern, name)] == []
