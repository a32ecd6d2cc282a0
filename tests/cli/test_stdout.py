"""Every text on stdout is written whole, or its loss is told: 141 quietly, 74 with a line."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from kubectl_dshell.cli.stdout import write_data
from tests.cli.program import environment
from tests.terminal.rig import thread
from tests.waiting import wait_until

TEXTS = [
    ["--help"],
    ["-h"],
    ["help"],
    ["help", "ls"],
    ["--version"],
    ["version"],
    ["options"],
    ["options", "--help"],
    ["ls", "--help"],
    ["attach", "--help"],
    ["cp", "--help"],
    ["cleanup", "--help"],
    ["web", "--dry-run"],
    ["web", "--dry-run", "-o", "json"],
    ["ls"],
    ["ls", "-o", "yaml"],
    ["cleanup", "--dry-run"],
    ["cleanup", "-y", "-o", "name"],
    ["cleanup", "--dry-run", "-o", "yaml"],
]


def run(redirection: str, words: list[str]) -> tuple[bytes, str, int]:
    command = ["bash", "-c", f'"$@" {redirection}', "bash", sys.executable, "-m", "tests.cli.program", *words]
    done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.stdout, done.stderr.decode(), done.returncode


@pytest.mark.parametrize("words", TEXTS, ids=" ".join)
def test_a_reader_that_has_gone_ends_it_quietly(words: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)

    command = [sys.executable, "-m", "tests.cli.program", *words]
    done = subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=writes, stderr=subprocess.PIPE, check=False
    )

    os.close(writes)
    assert done.returncode == 141
    assert b"error" not in done.stderr


@pytest.mark.parametrize("words", TEXTS, ids=" ".join)
@pytest.mark.parametrize(
    ("redirection", "why"),
    [
        pytest.param(">/dev/full", "No space left on device", id="full"),
        pytest.param(">&-", "Bad file descriptor", id="closed"),
    ],
)
def test_what_cannot_be_written_is_74_and_said(words: list[str], redirection: str, why: str) -> None:
    out, err, code = run(redirection, words)

    assert (out, code) == (b"", 74)
    assert err.endswith(f"error: cannot write to stdout: {why}\n")


@pytest.mark.parametrize("redirection", ["<&-", "2>&-", "<&- 2>&-", "2>/dev/full"])
def test_nothing_else_needs_to_be_there(redirection: str) -> None:
    out, err, code = run(redirection, ["ls", "-o", "name"])

    assert (out, err, code) == (b"web/dshell-abcde\n", "", 0)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_a_failure_that_cannot_be_told_keeps_its_code(redirection: str) -> None:
    assert run(redirection, ["no-such-pod", "--", "true"]) == (b"", "", 66)


@pytest.mark.usefixtures("capfd")
def test_a_stdout_that_somebody_else_has_made_non_blocking_gets_every_byte() -> None:
    text = "x" * 1_000_000
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    spare, found = os.dup(writes), bytearray()

    def read() -> None:
        wait_until(lambda: not select.select([], [spare], [], 0)[1])
        os.close(spare)
        while data := os.read(reads, 65536):
            found.extend(data)

    before = os.dup(1)
    with thread(read):
        os.dup2(writes, 1)
        os.close(writes)
        try:
            write_data(text)
        finally:
            os.dup2(before, 1)
    os.close(before)
    os.close(reads)
    assert bytes(found) == text.encode()


def test_text_that_is_none_is_no_failure(capfd: pytest.CaptureFixture[str]) -> None:
    write_data("a\udcffü\n")

    assert capfd.readouterr().out == "a?ü\n"
