"""One short line of whatever a runtime says."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.runtime.summary import summary

from .recorded import ALL, Line, ids

LOG = 'time="2026-11-26T10:00:00Z" level={} msg={}'


@pytest.mark.parametrize("line", ALL, ids=ids(ALL))
def test_the_steps_and_the_log_are_left_out(line: Line) -> None:
    assert summary(line.text) == line.short
    assert summary(line.short) == line.short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("no space left on device", "no space left on device", id="only the failure"),
        pytest.param("failed to create shim task: ", "failed to create shim task:", id="only a step"),
        pytest.param("OCI runtime create failed: : unknown", "OCI runtime create failed: : unknown", id="nothing after the steps"),
        pytest.param("a\nb\r\nc\n", "a b  c", id="lines"),
        pytest.param(LOG.format("warning", '"odd"') + "\n" + LOG.format("error", '"bad"'), "bad", id="the serious line of two"),
        pytest.param(LOG.format("warning", '"odd"') + "\n" + LOG.format("info", "plain"), "odd; plain", id="none is serious"),
        pytest.param(LOG.format("error", '"a" error="b c" n=1') + "\nand then", "a and then", id="fields go, the rest stays"),
        pytest.param(LOG.format("error", '"cut o'), "cut o", id="cut off"),
        pytest.param(LOG.format("error", r'"one\ntwo \"three\" \\ \x1b"'), r'one two "three" \ \x1b', id="escapes"),
        pytest.param(LOG.format("error", '""'), "", id="an empty message"),
        pytest.param('set msg="x" first', 'set msg="x" first', id="no log"),
        pytest.param("before: " + LOG.format("fatal", '"a: b"'), "before: a: b", id="after other words"),
    ],
)  # fmt: skip
def test_other_texts(text: str, short: str) -> None:
    assert summary(text) == short


def test_its_length_is_bounded() -> None:
    assert summary("x" * 50_000).startswith("x" * 2048 + "… (")
    assert summary("x" * 50, 10) == "xxxxxxxxxx… (50 characters in total; -v 8 shows more)"
    assert len(summary("failed to create shim task: " * 1000)) < 2200
