from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hack.cluster.lock import locked


def test_whoever_waits_for_a_lock_is_told_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import sys; from pathlib import Path; from hack.cluster.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'compiling'): pass"
    )
    with locked(tmp_path / "lock", "testing"):
        waiter = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "lock")], stderr=subprocess.PIPE, text=True
        )
        assert waiter.stderr is not None
        assert waiter.stderr.readline().startswith("waiting: another process is compiling")
        assert waiter.poll() is None
    with waiter:
        assert waiter.wait(timeout=10) == 0
    assert capfd.readouterr().err == ""
