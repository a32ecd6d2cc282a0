"""Whether a debugger can attach to the app, said at the start of a session with --trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script, script
from tests.remote.functions import each_shell as each_sh
from tests.remote.functions import value
from tests.remote.rig import Debug, Shell, pod

CANNOT = "dshell: a debugger cannot attach to the app:"
NONE, TRACING, OTHERS = "0000000000000000", "00000000a80c25fb", "00000000a80425fb"
REMEDY = "\nwhat to type"


@each_sh
@pytest.mark.parametrize(
    ("tracer", "effective", "seccomp", "yama", "release", "said"),
    [
        (0, NONE, 2, "", "6.1.0-13", ""),
        (0, NONE, 2, "0", "5.15.0", ""),
        (
            0,
            NONE,
            0,
            "1",
            "6.1.0",
            f"{CANNOT} kernel.yama.ptrace_scope is 1 on this node, so only root with SYS_PTRACE may{REMEDY}",
        ),
        (
            0,
            OTHERS,
            0,
            "2",
            "6.1.0",
            f"{CANNOT} kernel.yama.ptrace_scope is 2 on this node, so only root with SYS_PTRACE may{REMEDY}",
        ),
        (0, TRACING, 2, "1", "6.1.0", ""),
        (0, TRACING, 0, "2", "6.1.0", ""),
        (
            0,
            TRACING,
            0,
            "3",
            "6.1.0",
            f"{CANNOT} kernel.yama.ptrace_scope is 3 on this node, so nobody may until the node restarts",
        ),
        (77, TRACING, 0, "0", "6.1.0", f"{CANNOT} process 77 traces it already"),
        (0, TRACING, 2, "0", "4.7.2", f"{CANNOT} seccomp forbids ptrace in kernels before 4.8, and this one is 4.7.2"),
        (
            0,
            TRACING,
            2,
            "0",
            "3.10.0-1160.el7",
            f"{CANNOT} seccomp forbids ptrace in kernels before 4.8, and this one is 3.10.0-1160.el7",
        ),
        (0, TRACING, 0, "0", "4.7.2", ""),
        (0, NONE, 2, "0", "4.8-rc1", ""),
        (0, NONE, 2, "0", "4.18.0-553.el8", ""),
    ],
)
def test_each_barrier_is_named(
    shell: str, tracer: int, effective: str, seccomp: int, yama: str, release: str, said: str
) -> None:
    seen = f"tracer={tracer} effective={effective} seccomp={seccomp} yama={yama} release={release}"

    assert value(shell, "trace.sh", f"{seen} trace_remedy='what to type' trace_profile=\njudge_barriers") == said


@each_sh
def test_a_profile_of_the_node_is_named_because_nobody_knows_it(shell: str) -> None:
    seen = f"tracer=0 effective={NONE} seccomp=2 yama=0 release=6.1.0 trace_profile=profiles/own.json"

    assert value(shell, "trace.sh", f"{seen}\njudge_barriers") == (
        "dshell: whether a debugger may attach is up to the seccomp profile profiles/own.json of the node"
    )


@pytest.mark.terminal
@pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
def test_it_is_said_before_the_command_runs_and_the_command_runs_all_the_same(place: Path, shell: Shell) -> None:
    before = exec_script.shell_of(None, trace=script.tracing("what to type", "own.json"))
    with pod(place) as made:
        debug = Debug(made, shell)
        exec_ = exec_script.command_exec(debug.target.id, "aaaaaaaa", ["cat", "file"], shell=before)
        running = debug.exec(exec_)
        printed = running.printed().decode()

        assert running.ended() == 0
        assert sorted(printed.splitlines()) == [
            "dshell: whether a debugger may attach is up to the seccomp profile own.json of the node",
            "the app's",
        ]
