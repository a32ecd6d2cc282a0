"""Debug containers with a name and a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from .conftest import MakePod
    from .program import Dshell

KEEP = "--keep=5m"
REASON = 'INC-42: "it\'s" $(hostname) $$ $HOME grün 日本'


def test_a_name_makes_one_and_joins_it_and_is_used_up_with_it(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    made = dshell(pod.name, "--name=review", KEEP, "-q", "--", "sh", "-c", "cat; echo made >/tmp/note", input=b"in\n")
    joined = dshell(pod.name, "--name=dshell-review", KEEP, "--", "cat", "/tmp/note")
    unnamed = dshell(pod.name, "--", "cat", "/tmp/note")
    different = dshell(pod.name, "--name=review", "--ttl=1h", "--env=A=b", "--", "true")
    new = dshell(pod.name, "--name=review", "--new", "--", "true")
    assert dshell("cleanup", "dshell-review").code == 0
    ended = dshell(pod.name, "--name=review", "--", "true")

    assert (made.stdout, made.stderr, made.code) == (b"in\n", "", 0)
    assert [(r.stdout, r.stderr, r.code) for r in (joined, unnamed)] == [(b"made\n", "", 0)] * 2
    differs = "its --ttl is 8h, not 1h; its environment (--env) differs"
    assert different.code == 69
    assert different.stderr.splitlines() == [
        f"error: dshell-review in {pod.name} has different options: {differs}",
        f"Join it as it is: kubectl dshell attach {pod.name}/dshell-review -n {pod.namespace}",
        f"Choose another name: kubectl dshell {pod.name} -n {pod.namespace} --name OTHER",
    ]
    assert (new.code, "which --new does not reuse" in new.stderr) == (69, True)
    assert ended.code == 66
    assert ended.stderr.startswith(
        f"error: dshell-review in {pod.name} has ended (by a client); its name cannot be used again in this pod"
    )
    assert list(pod.debug_containers()) == ["dshell-review"]


def test_the_longest_name_holds_a_session(make_pod: MakePod, dshell: Dshell) -> None:
    pod, name = make_pod(), "dshell-" + "x" * 56

    with dshell.terminal(pod.name, f"--name={name}") as session:
        session.expect(rf"{name} in {pod.name} as ")
        session.expect(r"/app:/ \$ ")
        session.send("exit 5\n")
        assert session.wait() == 5

    assert pod.wait_terminated(name, 30)["message"].strip() == "ended by its last session"


def test_of_two_at_once_one_makes_it_and_both_are_in_it(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    command = (pod.name, "--name=both", "-q", "--", "sh", "-c", "read x; echo $x")
    with dshell.start(*command) as one, dshell.start(*command) as other:
        wait_until(lambda: pod.debug_containers() != {}, 60, "the debug container")
        results = []
        for process, word in ((one, b"first\n"), (other, b"second\n")):
            out, err = process.communicate(word, timeout=60)
            results.append((out, err, process.returncode))

    assert results == [(b"first\n", b"", 0), (b"second\n", b"", 0)]
    assert list(pod.debug_containers()) == ["dshell-both"]


def test_a_reason_is_stamped_as_it_was_written_and_stays(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    first = dshell(pod.name, KEEP, "-q", f"--reason={REASON}", "--", "sh", "-c", "echo [$DSHELL_REASON]")
    again = dshell(pod.name, KEEP, f"--reason={REASON}", "--", "true")
    other = dshell(pod.name, KEEP, "--reason=another", "--", "true")

    (name,) = pod.debug_containers()
    see = ("exec", pod.name, "-n", pod.namespace, "-c", name, "--", "sh", "-c", 'echo "$DSHELL_REASON"')
    assert pod.cluster.kubectl(*see).stdout == f"{REASON}\n"
    assert (first.stdout, first.stderr, again.stderr) == (b"[]\n", "", "")
    assert (other.code, other.stderr) == (
        0,
        f'--reason is ignored: {name} already exists with the reason "{REASON}", and its entry cannot be changed (use --new)\n',
    )
