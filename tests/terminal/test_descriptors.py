"""Started with closed descriptors, the program neither hands them to a socket nor pretends to have written."""

from __future__ import annotations

import subprocess

import pytest

from tests.terminal.rig import program

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize(
    ("redirections", "closed"),
    [
        pytest.param("", [], id="none"),
        pytest.param("<&-", [0], id="stdin"),
        pytest.param(">&-", [1], id="stdout"),
        pytest.param("2>&-", [2], id="stderr"),
        pytest.param("<&- 2>&-", [0, 2], id="stdin-stderr"),
        pytest.param("<&- >&- 2>&-", [0, 1, 2], id="all"),
    ],
)
def test_a_closed_descriptor_is_no_socket_and_a_closed_stdout_does_not_swallow(
    redirections: str, closed: list[int]
) -> None:
    prefix = ("sh", "-c", f'exec "$@" {redirections}', "sh")
    null = subprocess.DEVNULL
    with program("descriptors", prefix=prefix, stdin=null, stdout=null, stderr=null) as run:
        assert run.report()["closed"] == closed
        found = run.report()

        assert run.process.wait(20) == 0
    assert found["socket"] > 2
    assert found["inherited"] == [True, True, True]
    assert found["read"] == ""
    assert found["stdout"] == ("Bad file descriptor" if 1 in closed else "written")
    assert found["stderr"] == "written"
