"""How many at a time a limit of file descriptors allows; each in a process of its own, whose limits it may change."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from kubectl_dshell.cli.main import main
from kubectl_dshell.commands.descriptor_budget import EACH
from kubectl_dshell.commands.fanout.run import run_many
from kubectl_dshell.domain.stream import Event, Exit
from kubectl_dshell.errors import ConnectionLost, TooManyOpenFiles, TooManyThreads, Unavailable
from kubectl_dshell.kube.rest.unreachable import unreachable
from tests.commands.fanout.test_run import Cluster, Notebook, codes, found, job
from tests.kube.rig import connection

SOFT_ONLY, BOTH = "-S", ""
ASK = """
import resource
from kubectl_dshell.commands.descriptor_budget import affordable
print(affordable(int({wanted})), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def afforded(flag: str, limit: int, wanted: int) -> tuple[int, int]:
    """How many, and the soft limit afterwards."""
    command = f'ulimit {flag} -n {limit}; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-c", ASK.format(wanted=wanted)],
        capture_output=True,
        text=True,
        check=True,
    )
    count, soft = done.stdout.split()
    return int(count), int(soft)


def test_enough_is_left_as_it_is() -> None:
    assert afforded(BOTH, 512, 16) == (16, 512)


def test_a_soft_limit_is_raised_as_far_as_needed() -> None:
    count, soft = afforded(SOFT_ONLY, 48, 16)

    assert count == 16
    assert 16 * EACH < soft < 16 * EACH + 100


def test_a_hard_limit_means_fewer_at_a_time_and_never_none() -> None:
    few, soft = afforded(BOTH, 48, 16)
    one, _ = afforded(BOTH, 20, 16)

    assert 1 <= few <= 3
    assert (one, soft) == (1, 48)


NO_MORE = OSError(errno.EMFILE, "Too many open files")
NO_THREAD = RuntimeError("can't start new thread")
SHORTAGES = [(NO_MORE, TooManyOpenFiles), (NO_THREAD, TooManyThreads)]


WITHOUT_THREADS = """
import os, resource, sys, threading
from kubectl_dshell.errors import TooManyThreads, shortage
if os.geteuid() == 0:  # whom no limit of processes holds
    os.setresgid(54321, 54321, 54321)
    os.setresuid(54321, 54321, 54321)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    threading.Thread(target=print).start()
except Exception as error:
    print(type(shortage(error)).__name__)
"""


def test_this_python_says_of_threads_what_is_looked_for() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_THREADS], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("TooManyThreads\n", "")


@pytest.mark.parametrize(("error", "kind"), SHORTAGES)
def test_what_cannot_be_had_is_one_pod_s_failure(error: Exception, kind: type[Unavailable]) -> None:
    def script(pod: str) -> list[Event]:
        if pod == "b":
            raise error
        return [Exit(0)]

    results = run_many(found("abc"), job(), Cluster("abc", script).ports(), Notebook())

    assert codes(results) == {"a": 0, "b": "UNAVAILABLE", "c": 0}
    (failed,) = [one for one in results if one.error]
    assert isinstance(failed.error, kind)


def test_a_connection_that_cannot_be_opened_is_not_called_a_lost_one() -> None:
    why = unreachable(connection(1), NO_MORE)

    assert isinstance(why, TooManyOpenFiles)
    assert not isinstance(why, ConnectionLost)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NO_MORE, "error: too many open files: this process has reached its limit (ulimit -n)"),
        (
            NO_THREAD,
            "error: cannot start another thread: the limit of this user or container is reached (ulimit -u, pids.max)",
        ),
    ],
)
def test_it_is_no_bug(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_words: list[str]) -> int:
        raise error

    monkeypatch.setattr("kubectl_dshell.cli.main._run", full)

    assert main(["web"]) == 69
    assert capsys.readouterr().err.startswith(says)
