"""The first and the last moments: other systems, and signals before and after there is something to tidy up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import environment
from tests.waiting import wait_until

STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
WINDOWS = """
import os, select, signal, sys
for module in ("termios", "fcntl", "tty", "pty", "pwd", "grp", "resource"):
    sys.modules[module] = None
for owner, names in ((signal, ("SIGHUP", "SIGQUIT", "SIGWINCH", "SIGCONT", "SIGTTOU", "pthread_sigmask")),
                     (os, ("getpgrp", "killpg", "tcgetpgrp", "getuid", "mkfifo")), (select, ("poll",))):
    for name in names:
        delattr(owner, name)
from kubectl_dshell.__main__ import run
run()
"""


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["ls"],
        ["attach"],
        ["web"],
        ["web", "--", "true"],
        ["-A", "--", "true"],
        ["cp", "web:/x", "."],
        ["cleanup", "--mine"],
        ["web", "--dry-run"],
        ["web", "--record", "x"],
    ],
    ids=" ".join,
)
def test_a_client_without_terminals_is_told_where_it_works(words: list[str]) -> None:
    done = python(WINDOWS, *words)

    assert (done.stdout, done.returncode) == ("", 69)
    assert done.stderr == (
        "error: kubectl dshell needs the terminals and signals of Linux or macOS, which this Python does not have\n"
        "On Windows, run it in WSL 2: https://learn.microsoft.com/windows/wsl/install\n"
    )


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["options"], ["ls", "--help"], ["cp", "--help"]], ids=" ".join
)
def test_help_needs_no_terminals(words: list[str]) -> None:
    done = python(WINDOWS, *words)

    assert (done.stderr, done.returncode) == ("", 0)
    assert "dshell" in done.stdout


def test_wrong_words_are_said_anywhere() -> None:
    assert python(WINDOWS, "web", "--imag").returncode == 64


def interrupted_while(number: signal.Signals, module: str) -> subprocess.CompletedProcess[str]:
    """Run `ls` of a cluster that is not there, with a signal at the moment of an import."""
    return python(
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from kubectl_dshell.__main__ import run\n"
        "run()",
        *("ls", "-s", "http://127.0.0.1:9"),
    )


@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.parametrize(
    "module",
    [
        "kubectl_dshell.cli.main",
        "click",
        "kubectl_dshell.terminal.descriptors",
        "kubectl_dshell.kube.rest.api",
        "kubectl_dshell.kube.http.response",
    ],
)
def test_a_signal_while_modules_are_imported_has_its_code_and_no_traceback(number: signal.Signals, module: str) -> None:
    done = interrupted_while(number, module)

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 128 + number)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_at_the_very_end_shows_no_traceback(number: signal.Signals) -> None:
    done = python(
        "import atexit, os, sys\n"
        "from kubectl_dshell.__main__ import run\n"
        "from kubectl_dshell.cli import main as program\n"
        "main = program.main\n"
        "def then_signalled():\n"
        f"    atexit.register(os.kill, os.getpid(), {int(number)})\n"
        "    return main()\n"
        "program.main = then_signalled\n"
        "run()",
        "--version",
    )

    assert (done.stderr, done.returncode) == ("", 128 + number)


def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    code = (
        "import os; from kubectl_dshell import __main__ as program; program._leave_at_once_on_signals(); "
        "os.kill(os.getpid(), 2); os.kill(os.getpid(), 1); print('still here')"
    )
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT HUP; exec "$@"', "sh", sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("still here\n", 0)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_while_a_credential_plugin_runs_ends_both(number: signal.Signals, tmp_path: Path) -> None:
    plugin, pid = tmp_path / "plugin", tmp_path / "pid"
    plugin.write_text(f"#!/bin/sh\necho $$ >{pid}.new; mv {pid}.new {pid}; exec sleep 600\n")
    plugin.chmod(0o700)
    exec_ = {"command": str(plugin), "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "x", "user": {"exec": exec_}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "kubectl_dshell", "web", "--record", str(tmp_path / "cast"), "--", "true"],
        env=environment(KUBECONFIG=str(tmp_path / "kubeconfig"), TMPDIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_until(lambda: pid.exists() or process.poll() is not None)
    child = int(pid.read_text())

    process.send_signal(number)
    try:
        written = process.communicate(timeout=20)
        wait_until(lambda: not alive(child))
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)

    assert (written, process.returncode) == ((b"", b""), 128 + number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kubeconfig", "pid", "plugin"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
