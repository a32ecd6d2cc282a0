"""Debug containers are shared by sessions that want the same, and by no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import patient, wait_until

from .pods import DEBUG_BASH, STATIC, Pod, app

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod, MakeUser
    from .program import Dshell
    from .terminal import TerminalSession

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
PROMPT = r"/app:/ \$ "
KEEP = "--keep=30s"


def identity_line(session: TerminalSession, pod: Pod) -> re.Match[str]:
    """Name and "(reused)" of the identity line, once the prompt is there."""
    found = session.expect(rf"(dshell-\w{{5}})( \(reused\))? in {pod.name} as 65532:65532 ")
    session.expect(PROMPT)
    return found


def test_a_kept_debug_container_is_reused_and_ends_after_its_time(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name, "--keep=3s") as session:
        (first, reused) = identity_line(session, pod).groups()
        assert reused is None
        assert "The debug container is kept for 3s afterwards." in session.text
        session.send("echo here >/tmp/note; exit\n")
        assert session.wait() == 0

    with dshell.terminal(pod.name, "--keep=3s") as session:
        assert identity_line(session, pod).groups() == (first, " (reused)")
        session.send("cat /tmp/note; exit 5\n")
        session.expect("here")
        assert session.wait() == 5

    assert list(pod.debug_containers()) == [first]
    assert pod.wait_terminated(first, 3 + 3)["message"].strip() == "ended after being kept for 3 s"


@pytest.mark.nodes
def test_two_sessions_share_one_and_the_end_of_one_does_not_disturb_the_other(
    make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name) as one, dshell.start(pod.name, "--", "sh", "-c", "cat; exit 6") as ended:
        identity_line(one, pod)
        with dshell.terminal(pod.name) as other:
            name, reused = identity_line(other, pod).groups()
            one.send("sleep 1000 &\n")
            other.send("exit\n")
            assert (other.wait(), reused) == (0, " (reused)")

        assert ended.communicate(b"still\n", timeout=patient(30)) == (b"still\n", b"")
        assert ended.returncode == 6
        assert pod.debug_containers()[name].state == "running"
        one.send("jobs; exit 7\n")
        one.expect(r"Running +sleep 1000")
        assert one.wait() == 7

    assert pod.wait_terminated(name, 5)["message"].strip() == "ended by its last session"


@pytest.fixture
def kept(make_pod: MakePod, dshell: Dshell) -> tuple[Pod, str]:
    """A pod with a live debug container, whose name is in its /tmp/note."""
    pod = make_pod()
    assert dshell(pod.name, KEEP, "--", "true").code == 0
    (name,) = pod.debug_containers()
    assert dshell(pod.name, KEEP, "--", "sh", "-c", f"printf {name} >/tmp/note").code == 0
    return pod, name


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        pytest.param((f"--image={DEBUG_BASH}",), 0, id="another image"),
        pytest.param(("--run-as=65532:0",), 77, id="another user, to whom the files are closed"),
        pytest.param(("--profile=general",), 0, id="another profile"),
        pytest.param(("--env=COLOR=red",), 0, id="another environment"),
        pytest.param(("--ttl=1h",), 0, id="another limit"),
        pytest.param(("--new",), 0, id="new"),
    ],
)
def test_who_wants_another_one_gets_it(
    kept: tuple[Pod, str], dshell: Dshell, flags: tuple[str, ...], code: int
) -> None:
    pod, name = kept

    done = dshell(pod.name, *flags, "--", "cat", "etc/app.yaml")
    (other,) = pod.debug_containers().keys() - {name}
    pod.wait_terminated(other, 5)  # until its status says so, it may be joined as well
    again = dshell(pod.name, "--", "cat", "/tmp/note")

    assert (done.stdout, done.code) == (b"greeting: hello\n" if code == 0 else b"", code)
    assert len(pod.debug_containers()) == 2
    assert (again.stdout, again.code) == (name.encode(), 0)


def test_another_user_does_not_reuse_it(kept: tuple[Pod, str], dshell: Dshell, make_user: MakeUser) -> None:
    pod, name = kept
    _, kubeconfig = make_user("bob", SESSION_ROLE)

    done = dshell.with_kubeconfig(kubeconfig)(pod.name, "--", "ls", "/tmp/note")

    assert done.code == 1
    assert len(pod.debug_containers()) == 2
    assert pod.debug_containers()[name].state == "running"


def test_the_limit_is_announced_and_ends_the_session(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name, "--ttl=5s") as session:
        session.expect(r"dshell-\w+ in ")
        session.expect(PROMPT)
        session.expect(r"this session ends in [345]s, at its limit \(--ttl\)\s")
        (name,) = pod.debug_containers()

        assert session.wait(20) == 69

        session.expect(r"\nerror: the debug container dshell-\w+ ended at its limit of 5 s\s+")
        session.expect(f"Retry with: kubectl dshell {pod.name} -n {pod.namespace}\\s+$")
        assert session.modes() == session.modes_before
    assert pod.wait_terminated(name, 5)["message"].strip() == "ended at its limit of 5 s"


def test_short_sessions_one_after_the_other_never_meet_an_ending_holder(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    results = [dshell(pod.name, "--", "sh", "-c", f"cat; echo {n}; exit {n}", input=b"in ") for n in range(15)]

    assert [(result.stdout, result.stderr, result.code) for result in results] == [
        (f"in {n}\n".encode(), "", n) for n in range(15)
    ]


def test_a_restart_of_the_app_ends_the_session_and_is_explained(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, "-exit-file=/tmp/end", "-exit-code=3"))
    pod.wait_log("serving as")
    with dshell.terminal(pod.name) as session:
        session.expect(PROMPT)
        session.send("touch tmp/end\n")

        assert session.wait() == 69

        session.expect(r"\nerror: container app (ended|restarted) \(exit code 3, Error\), which ended this session")
        session.expect(f"\\sRetry with: kubectl dshell {pod.name} -n {pod.namespace}\\s+$")
        assert session.modes() == session.modes_before
    wait_until(lambda: "running" in pod.status()["state"], 30, "the restarted app")
    again = dshell(pod.name, "--", "cat", "etc/app.yaml")
    assert (again.stdout, again.code) == (b"greeting: hello\n", 0)


def test_the_deletion_of_the_pod_ends_the_session_and_is_explained(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    command = ("sh", "-c", "echo on; sleep 1000")
    with dshell.terminal(pod.name) as session, dshell.start(pod.name, "--", *command) as piped:
        session.expect(PROMPT)
        assert piped.stdout
        assert piped.stdout.readline() == b"on\n"

        cluster.kubectl("delete", "pod", pod.name, "-n", pod.namespace)

        assert session.wait() == 66
        session.expect(rf"\nerror: pod {pod.name} (was|is being) deleted, which ended this session")
        assert session.modes() == session.modes_before
        out, err = piped.communicate(timeout=30)
        assert (out, piped.returncode) == (b"", 66)
        said = rf"(pod {pod.name} is being deleted: about .*\n)?error: pod {pod.name} (was|is being) deleted, .*\n"
        assert re.fullmatch(said, err.decode())
