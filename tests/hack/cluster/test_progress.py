from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path

import pytest

from hack.cluster import progress
from hack.cluster.progress import about, clock, step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return tmp_path


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock's time, which a test sets."""
    seconds = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: seconds[0])
    return seconds


class Looks:
    """The event that ends a step: it is set once the clock has been looked at these times."""

    def __init__(self, now: list[float], *times: float) -> None:
        self.asked: list[float] = []
        self._now = now
        self._times = iter(times)

    def wait(self, seconds: float) -> bool:
        self.asked.append(seconds)
        self._now[0] = next(self._times, 292.0)
        return self._now[0] == 292.0

    def set(self) -> None:
        pass


def shown(stream: io.StringIO, now: list[float], monkeypatch: pytest.MonkeyPatch, *, kind: str = "") -> str:
    """What is written in the course of a step of 192 seconds, in which the clock is looked at three times."""
    looks = Looks(now, 101, 160, 291)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress, "Event", lambda: looks)
    with step("building kubernetes (1 of 5)", kind=kind, guess=480):
        pass
    assert set(looks.asked) == {1.0 if "\r" in stream.getvalue() else 60.0}
    return stream.getvalue()


@pytest.mark.usefixtures("cache")
def test_a_terminal_gets_one_line_that_is_rewritten(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "processors", lambda: 2)
    written = shown(Terminal(), now, monkeypatch)
    assert written.split("\r\x1b[K")[1:] == [
        "building kubernetes (1 of 5)  0:00 of about 8:00",
        "building kubernetes (1 of 5)  0:01 of about 8:00",
        "building kubernetes (1 of 5)  1:00 of about 8:00",
        "building kubernetes (1 of 5)  3:11 of about 8:00",
        "building kubernetes (1 of 5)  took 3:12\n",
    ]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("stream", "variable"),
    [(io.StringIO, ("TERM", "xterm")), (Terminal, ("CI", "true")), (Terminal, ("TERM", "dumb"))],
    ids=["pipe", "CI", "dumb terminal"],
)
def test_elsewhere_each_line_stays(
    stream: type[io.StringIO],
    variable: tuple[str, str],
    now: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(*variable)
    written = shown(stream(), now, monkeypatch)
    assert "\r" not in written
    assert written.splitlines()[0].startswith("building kubernetes (1 of 5)  0:00 of about ")
    assert written.splitlines()[-1] == "building kubernetes (1 of 5)  took 3:12"


def test_the_last_of_its_kind_says_how_long_the_next_will_take(
    cache: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "processors", lambda: 8)
    assert about("build kubernetes", 480) == 120
    shown(io.StringIO(), now, monkeypatch, kind="build kubernetes")
    assert about("build kubernetes", 480) == 192
    assert json.loads((cache / "durations.json").read_text()) == {"build kubernetes": 192.0}
    assert [path.name for path in cache.iterdir()] == ["durations.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"x": "y"}', '{"x": null}'])
def test_durations_that_make_no_sense_are_none(text: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "processors", lambda: 2)
    (cache / "durations.json").write_text(text)
    assert about("x", 7) == 7


def test_a_step_that_fails_says_when_and_teaches_nothing(
    cache: Path, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        now[0] += 65
        raise OSError

    with contextlib.suppress(OSError), step("building etcd (2 of 5)", kind="build etcd", guess=9):
        fail()
    assert capsys.readouterr().err.splitlines()[-1] == "building etcd (2 of 5)  stopped after 1:05"
    assert not (cache / "durations.json").exists()


@pytest.mark.usefixtures("cache")
def test_a_line_fits_the_terminal(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((20, 24)))
    written = shown(Terminal(), now, monkeypatch)
    assert {len(line) for line in written.rstrip("\n").split("\r\x1b[K")[1:]} == {19}


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (59.6, "1:00"), (725, "12:05"), (3600, "60:00")])
def test_a_duration_is_minutes_and_seconds(seconds: float, words: str) -> None:
    assert clock(seconds) == words
