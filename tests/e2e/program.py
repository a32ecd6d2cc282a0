"""The program, run as people run it: a process of its own with pipes, or on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.waiting import SLOWNESS, patient

from .terminal import TerminalSession

_TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Result:
    """What one run wrote, and its exit code (negative: the signal that ended it)."""

    stdout: bytes
    stderr: str
    code: int


@dataclass(frozen=True, slots=True)
class Dshell:
    """kubectl dshell with a kubeconfig and a home folder of its own, and nothing else of this machine."""

    kubeconfig: Path
    home: Path
    patience: int = min(5 * SLOWNESS, 12)
    """With the nodes: DSHELL_PATIENCE."""

    def __call__(
        self,
        *args: str,
        input: bytes = b"",  # noqa: A002 - as subprocess.run calls it
        env: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Result:
        """Run to the end; its stdin is a pipe with `input`."""
        done = subprocess.run(
            self.command(args),
            input=input,
            capture_output=True,
            env=self.environment(env),
            timeout=patient(timeout),
            check=False,
            cwd=_TOP,
        )
        return Result(done.stdout, done.stderr.decode(errors="replace"), done.returncode)

    def in_shell(self, script: str, *args: str, timeout: float = 60) -> Result:
        """Run a bash script that has the program and `args` as its "$@": redirections, pipelines."""
        command = ["bash", "-c", script, "bash", *self.command(args)]
        done = subprocess.run(
            command, capture_output=True, env=self.environment(None), timeout=patient(timeout), check=False, cwd=_TOP
        )
        return Result(done.stdout, done.stderr.decode(errors="replace"), done.returncode)

    def start(self, *args: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start it with three pipes and leave the rest to the test, which ends it."""
        return subprocess.Popen(
            self.command(args),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(env),
            cwd=_TOP,
        )

    def terminal(
        self, *args: str, env: dict[str, str] | None = None, rows: int = 24, columns: int = 80
    ) -> TerminalSession:
        """Start it on a terminal of its own; to be used in a `with`."""
        return TerminalSession(self.command(args), self.environment(env), _TOP, rows=rows, columns=columns)

    def with_kubeconfig(self, kubeconfig: Path) -> Dshell:
        return replace(self, kubeconfig=kubeconfig)

    def of_somebody_else(self, kubeconfig: Path) -> Dshell:
        """Another person, with a home of their own."""
        home = kubeconfig.with_suffix(".home")
        home.mkdir(exist_ok=True)
        return replace(self, kubeconfig=kubeconfig, home=home)

    def on_another_machine(self) -> Dshell:
        """The same person with another home."""
        return self.of_somebody_else(self.kubeconfig)

    def command(self, args: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "kubectl_dshell", *args]

    def environment(self, extra: dict[str, str] | None) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "KUBECONFIG": str(self.kubeconfig),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "DSHELL_PATIENCE": str(self.patience),
            **(extra or {}),
        }
