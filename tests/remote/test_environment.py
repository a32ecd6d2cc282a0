"""Whose variables count as those of the same user."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.remote.functions import call, each_shell

NOBODY = 65532


@each_shell
@pytest.mark.parametrize(
    ("users", "same"),
    [
        ((0, 0, 0), True),
        pytest.param((NOBODY, 0, 0), False, id="a setuid program that the app has started"),
        pytest.param((0, 0, NOBODY), False, id="a saved user"),
        pytest.param((NOBODY, NOBODY, NOBODY), False, id="another user"),
    ],
)
def test_all_user_ids_have_to_be_ours(shell: str, users: tuple[int, int, int], *, same: bool) -> None:
    assert os.geteuid() == 0
    program = f"import os; os.setresuid{users}; os.write(1, b'.'); os.read(0, 1)"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.read(1) == b"."
        done = call(shell, "environment.sh", 'is_same_user "$1"', str(process.pid))
        process.stdin.close()

    assert (done.returncode == 0) == same, done.stderr
