"""`--trace`: a debugger of the debug image can attach to the app, or it is said why not. The app goes on in any case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .pods import DEBUG_TRACER, RESTRICTED, STATIC, STATIC_ROOT, app
from .processes import app_state

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

SEIZE = ("--", "sh", "-c", 'seize "$DSHELL_PID"; grep TracerPid "/proc/$DSHELL_PID/status"')
ATTACHED = "attached: true\nTracerPid:\t0\n"
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


@pytest.mark.parametrize(
    ("container", "level", "flags", "added"),
    [
        pytest.param(app(STATIC), "", [], None, id="the app's user"),
        pytest.param(app(STATIC, securityContext=RESTRICTED), "restricted", [], None, id="restricted"),
        pytest.param(app(STATIC_ROOT), "", [], ["SYS_PTRACE"], id="root"),
        pytest.param(
            app(STATIC_ROOT, securityContext={"capabilities": {"drop": ["ALL"]}}),
            "",
            [],
            ["SYS_PTRACE"],
            id="bare root",
        ),
        pytest.param(app(STATIC_ROOT), "baseline", ["--cap-drop", "SYS_PTRACE"], None, id="root without SYS_PTRACE"),
        pytest.param(app(STATIC), "", ["--profile", "general"], ["SYS_PTRACE"], id="root in another user's"),
        pytest.param(app(STATIC, "undumpable"), "", ["--run-as", "0"], ["SYS_PTRACE"], id="not dumpable"),
    ],
)
def test_a_debugger_attaches_and_the_app_goes_on(
    make_namespace: MakeNamespace,
    make_pod: MakePod,
    dshell: Dshell,
    container: Json,
    level: str,
    flags: list[str],
    added: list[str] | None,
) -> None:
    pod = make_pod(container, namespace=make_namespace(level) if level else "")
    before = app_state(pod)

    done = dshell(pod.name, "-n", pod.namespace, "--image", DEBUG_TRACER, "--trace", *flags, *SEIZE)

    (debug,) = pod.debug_containers().values()
    assert debug.spec["securityContext"].get("capabilities", {}).get("add") == added
    if added or not YAMA.exists() or YAMA.read_text().strip() == "0":
        assert (done.stdout.decode(), done.stderr, done.code) == (ATTACHED, "", 0)
    else:
        assert done.stdout.decode().startswith("ptrace: operation not permitted")
        assert done.stderr.startswith("dshell: a debugger cannot attach to the app: kernel.yama.ptrace_scope is ")
    assert app_state(pod) == before


def test_what_cannot_attach_is_refused_before_anything_is_added(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod, root = make_pod(app(STATIC)), make_pod(app(STATIC_ROOT), namespace=make_namespace("baseline"))
    flags = ("--image", DEBUG_TRACER, "--trace")

    user = dshell(pod.name, "-n", pod.namespace, *flags, "--run-as", "1234", *SEIZE)
    policy = dshell(root.name, "-n", root.namespace, *flags, *SEIZE)

    assert [(refused.code, refused.stdout) for refused in (user, policy)] == [(77, b"")] * 2
    assert user.stderr.splitlines() == [
        "error: as 1234:0 (from --run-as) the debug container cannot read the app's files: the app runs as 65532:65532",
        f"Run as the user of the app: kubectl dshell {pod.name} -n {pod.namespace} --trace",
    ]
    assert 'Pod Security level "baseline" does not allow the debug container' in policy.stderr
    assert policy.stderr.splitlines()[-1] == (
        "Without SYS_PTRACE, which is enough if the node's kernel.yama.ptrace_scope is 0: "
        f"kubectl dshell {root.name} -n {root.namespace} --trace --cap-drop SYS_PTRACE"
    )
    assert (pod.debug_containers(), root.debug_containers()) == ({}, {})
