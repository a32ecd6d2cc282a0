"""The kernel's rule, and the capabilities that a spec gives to a process."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Profile, security_context
from kubectl_dshell.domain.diagnosis.ways import (
    WAYS,
    Answer,
    Process,
    app_process,
    debug_process,
    in_words,
    reads_image,
    reads_root,
    roots_there,
)
from kubectl_dshell.domain.runtime.capabilities import defaults
from tests.pods import make_pod, running

DEFAULT, OF_CRI_O = defaults("containerd").capabilities, defaults("cri-o").capabilities
NONE: frozenset[str] = frozenset()
EVERY = frozenset({ALL})
ROOT, BARE_ROOT, ALMIGHTY = Process(0, 0, DEFAULT), Process(0, 0, NONE), Process(0, 0, EVERY)
TRACER = Process(0, 0, DEFAULT | {"SYS_PTRACE"})
USER = Process(65532, 65532, NONE)


@pytest.mark.parametrize(
    ("app", "debugger", "answer", "why"),
    [
        pytest.param(USER, USER, Answer.YES, "own user", id="the same user"),
        pytest.param(USER, ROOT, Answer.NO, "user 65532 and the debug container as 0", id="root without SYS_PTRACE"),
        pytest.param(USER, Process(65532, 0, NONE), Answer.NO, "group 65532", id="another group"),
        pytest.param(ROOT, USER, Answer.NO, "user 0", id="root's files"),
        pytest.param(ROOT, ROOT, Answer.YES, "own user", id="root"),
        pytest.param(ROOT, BARE_ROOT, Answer.NO, "holds the capability AUDIT_WRITE, CHOWN", id="fewer capabilities"),
        pytest.param(BARE_ROOT, ROOT, Answer.YES, "own user", id="more capabilities"),
        pytest.param(ALMIGHTY, ROOT, Answer.NO, "holds the capability ALL", id="a privileged app"),
        pytest.param(ALMIGHTY, ALMIGHTY, Answer.YES, "", id="as privileged"),
        pytest.param(USER, TRACER, Answer.YES, "root with SYS_PTRACE is let in", id="SYS_PTRACE"),
        pytest.param(USER, ALMIGHTY, Answer.YES, "root with SYS_PTRACE is let in", id="privileged"),
        pytest.param(
            USER, Process(0, 0, frozenset({"SYS_PTRACE"})), Answer.YES, "but not into files", id="SYS_PTRACE alone"
        ),
        pytest.param(
            BARE_ROOT, Process(0, 0, frozenset({"SYS_PTRACE"})), Answer.YES, "is let in", id="alone, in root's"
        ),
        pytest.param(
            USER, Process(1234, 0, frozenset({"SYS_PTRACE"})), Answer.NO, "user 65532", id="SYS_PTRACE, not root"
        ),
        pytest.param(Process(None, None, NONE), USER, Answer.UNKNOWN, "which user", id="unknown user"),
        pytest.param(Process(65532, None, NONE), USER, Answer.UNKNOWN, "which group", id="unknown group"),
        pytest.param(Process(None, None, NONE), TRACER, Answer.YES, "SYS_PTRACE", id="unknown, SYS_PTRACE"),
    ],
)
def test_the_kernel_lets_in_or_not(app: Process, debugger: Process, answer: Answer, why: str) -> None:
    found = reads_root(app, debugger)

    assert found.answer is answer
    assert why in found.why


@pytest.mark.parametrize(
    ("held", "runtime", "words"),
    [
        (DEFAULT, "containerd", "default"),
        (DEFAULT, "docker", "default"),
        (DEFAULT, "", "default"),
        (OF_CRI_O, "cri-o", "default"),
        (OF_CRI_O | {"SYS_CHROOT"}, "cri-o", "default,SYS_CHROOT"),
        (
            OF_CRI_O,
            "containerd",
            "default without AUDIT_WRITE,MKNOD,NET_RAW,SETFCAP,SYS_CHROOT",
        ),
        (NONE, "containerd", "none"),
        (EVERY, "cri-o", "all"),
        (frozenset({"CHOWN"}), "containerd", "CHOWN"),
        (frozenset({"SYS_TIME"}), "containerd", "SYS_TIME"),
        ((DEFAULT | {"NET_ADMIN"}) - {"MKNOD"}, "containerd", "default,NET_ADMIN without MKNOD"),
    ],
)
def test_capabilities_are_told_by_what_differs_from_the_runtime_s(
    held: frozenset[str], runtime: str, words: str
) -> None:
    assert in_words(Process(0, 0, held, runtime)) == words


def test_the_process_of_an_app_is_that_of_its_status() -> None:
    pod = make_pod(statuses=[running(user=(0, 0))])

    assert app_process(pod, pod.containers[0]) == ROOT._replace(runtime="containerd")


@pytest.mark.parametrize(("runtime", "held"), [("containerd", DEFAULT), ("docker", DEFAULT), ("cri-o", OF_CRI_O)])
def test_what_a_spec_does_not_say_is_the_runtime_s(runtime: str, held: frozenset[str]) -> None:
    pod = make_pod(statuses=[running(user=(0, 0), runtime=runtime)])

    assert app_process(pod, pod.containers[0]) == Process(0, 0, held, runtime)
    assert debug_process({"runAsUser": 0, "runAsGroup": 0}, runtime) == Process(0, 0, held, runtime)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.flags)
@pytest.mark.parametrize("user", [(0, 0), (65532, 65532), (10001, 0)])
@pytest.mark.parametrize("capabilities", [{}, {"add": ["NET_ADMIN"]}, {"drop": ["ALL"]}, {"add": ["SYS_CHROOT"]}])
@pytest.mark.parametrize("runtime", ["containerd", "docker", "cri-o"])
def test_the_contexts_of_the_program_are_let_in(
    way: Any, user: tuple[int, int], capabilities: dict[str, Any], runtime: str
) -> None:
    """Mirroring the app's user and capabilities suffices, and so does what `general` adds."""
    spec = {"containers": [{"name": "app", "securityContext": {"capabilities": capabilities}}]}
    pod = make_pod(spec=spec, statuses=[running(user=user, runtime=runtime)])
    (app,) = pod.containers
    uid, gid = way.privilege.profile.user or user
    identity = Identity(uid, gid, Source.STATUS)

    debugger = debug_process(security_context(way.privilege, pod, app, identity), runtime)

    given = capabilities == {"add": ["SYS_CHROOT"]} or (runtime != "cri-o" and "drop" not in capabilities)
    expected = Answer.NO if way.flags == "--chroot" and (uid or not given) else Answer.YES
    assert way.judge(app_process(pod, app), debugger).answer is expected


def test_each_way_is_typed_as_it_is_meant() -> None:
    assert [(way.flags, way.privilege.profile, way.app_image) for way in WAYS] == [
        ("--profile auto", Profile.AUTO, False),
        ("--app-image", Profile.AUTO, True),
        ("--chroot", Profile.AUTO, False),
        ("--profile general", Profile.GENERAL, False),
    ]


def test_the_app_s_image_is_there_whether_or_not_its_live_files_are() -> None:
    nobody = Process(1234, 0, frozenset())

    assert reads_image(ROOT, ROOT) == (Answer.YES, "its image is /, its live files are at $DSHELL_ROOT")
    assert reads_image(ROOT, nobody) == (
        Answer.NO,
        "its image is /, but its live files are another matter: the app runs as user 0 and the debug container as 1234",
    )


@pytest.mark.parametrize(
    ("app", "debugger", "answer", "why"),
    [
        pytest.param(ROOT, ROOT, Answer.YES, "its live files are /", id="root"),
        pytest.param(ALMIGHTY, ALMIGHTY, Answer.YES, "its live files are /", id="privileged"),
        pytest.param(
            USER, USER, Answer.NO, "it takes the capability SYS_CHROOT, which user 65532 cannot have", id="user"
        ),
        pytest.param(
            BARE_ROOT,
            BARE_ROOT,
            Answer.NO,
            "it takes the capability SYS_CHROOT, which the debug container drops",
            id="dropped",
        ),
        pytest.param(
            Process(0, 0, OF_CRI_O, "cri-o"),
            Process(0, 0, OF_CRI_O, "cri-o"),
            Answer.NO,
            "it takes the capability SYS_CHROOT, which CRI-O does not give to root by default",
            id="CRI-O",
        ),
        pytest.param(
            Process(0, 0, OF_CRI_O, "cri-o"),
            Process(0, 0, OF_CRI_O | {"SYS_CHROOT"}, "cri-o"),
            Answer.YES,
            "its live files are /",
            id="CRI-O, added",
        ),
        pytest.param(USER, ROOT, Answer.NO, "the app runs as user 65532 and the debug container as 0", id="closed"),
        pytest.param(
            Process(None, None, NONE), ROOT, Answer.UNKNOWN, "the image decides which user", id="unknown user"
        ),
    ],
)
def test_only_root_with_sys_chroot_makes_the_live_root_its_own(
    app: Process, debugger: Process, answer: Answer, why: str
) -> None:
    found = roots_there(app, debugger)

    assert found.answer is answer
    assert found.why.startswith(why)
