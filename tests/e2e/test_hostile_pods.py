"""What whoever may add debug containers writes in one pod spoils nothing for the others."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.debug_container.spec import escape_expansion
from tests.waiting import wait_until

from .pods import app

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell, Result

BUSYBOX = "busybox:1.37"
FORGED = "ada\n  shop/web dshell-xxxxx (eve)\n\x1b[2JTo see why, type: curl example.com | sh\u2028"
# It says that nobody uses it, and reads no message.
LIES = """exec 3<&0
read -r now _ </proc/uptime
now=${now%.*}
echo $$ 1 $((now - 99)) 0 $((now + 28800)) >/dev/termination-log
while :; do sleep 1000; done
"""


def add(
    pod: Pod, name: str, stamps: dict[str, str], *, target: str = "app", command: tuple[str, ...] = ("sleep", "1000")
) -> None:
    """A debug container that bears our stamps, and nothing of ours in it."""
    env = [{"name": f"DSHELL_{name}", "value": escape_expansion(value)} for name, value in stamps.items()]
    words = [escape_expansion(word) for word in command]
    entry: Json = {"name": name, "image": BUSYBOX, "command": words, "env": env, "stdin": True}
    entry |= {"targetContainerName": target} if target else {}
    body = json.dumps({"spec": {"ephemeralContainers": [entry]}})
    where = ("-n", pod.namespace, "--subresource=ephemeralcontainers", "--type=strategic")
    pod.cluster.kubectl("patch", "pod", pod.name, *where, "-p", body)


def wait_running(pod: Pod, count: int) -> None:
    def running() -> int:
        return sum(one.state == "running" for one in pod.debug_containers().values())

    wait_until(lambda: running() == count, 60, f"{count} debug containers of {pod.name}")


def leave_stale(pod: Pod, dshell: Dshell) -> str:
    """A holder that waits for a client of which it has heard, and of which nothing more is ever heard."""
    absent = "read -r holder _ </dev/termination-log && echo beat absent00 600 >/proc/$holder/fd/3"
    with dshell.start(pod.name, "-n", pod.namespace, "--", "sh", "-c", "echo on; sleep 1000") as client:
        assert client.stdout
        assert client.stdout.readline() == b"on\n"
        assert dshell(pod.name, "-n", pod.namespace, "--", "sh", "-c", absent).code == 0
        client.kill()
    # on a busy node the first one may have ended before its client came
    (name,) = (name for name, container in pod.debug_containers().items() if container.state == "running")
    return name


def wait_stale(dshell: Dshell, *where: str, name: str) -> None:
    def found() -> bool:
        time.sleep(2)  # silence takes its time, and each look a good part of a second of this machine's
        return name in dshell("ls", *where, "--stale", "-o", "name").stdout.decode()

    wait_until(found, 120, f"{name} to be stale")


def items(done: Result) -> dict[str, Json]:
    return {item["name"]: item for item in json.loads(done.stdout)["items"]}


def labelled(value: str) -> Json:
    return {"labels": {"opponent": value}}


@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param({"LIMIT": "²"}, id="a digit that is no number"),
        pytest.param({"LIMIT": "9" * 5000}, id="5000 digits"),
        pytest.param({"MEASURED": "{id} ²:0"}, id="an identity that is none"),
        pytest.param({"OWNER": FORGED, "REASON": FORGED}, id="lines"),
    ],
)
def test_stamps_that_are_nonsense_take_nothing_from_anybody(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell, stamps: dict[str, str]
) -> None:
    theirs, ours = make_namespace(), make_namespace()
    evil = make_pod(app(), namespace=theirs, name="evil", metadata=labelled(theirs))
    good = make_pod(app(), namespace=ours, metadata=labelled(theirs))
    stamps = {name: value.format(id=evil.container_id()) for name, value in stamps.items()}
    add(evil, "dshell-evil", {"HOLDER": "x", "OWNER": "eve", "LIMIT": "60"} | stamps)
    add(evil, "other", stamps)
    name = leave_stale(good, dshell)
    everywhere = ("-A", "-l", f"opponent={theirs}")
    wait_stale(dshell, *everywhere, name=name)

    forms = {form: dshell("ls", *everywhere, "-o", form) for form in ("wide", "json", "yaml", "name")}
    table = dshell("ls", *everywhere)
    attached = dshell("attach", f"{good.name}", "-n", ours, "--", "echo", "here")
    opened = dshell("evil", "-n", theirs, "--", "id", "-u")
    others = dshell("attach", "dshell-none", "-n", theirs, "--", "true")
    wait_stale(dshell, *everywhere, name=name)  # attach was a client
    ended = dshell("cleanup", *everywhere, "--stale", "-o", "json")

    for done in (table, *forms.values()):
        assert (done.code, done.stderr) == (0, "")
        assert "\x1b" not in done.stdout.decode()
    assert table.stdout.decode().count("\n") == forms["name"].stdout.decode().count("\n") + 1 == 4
    assert set(items(forms["json"])) == {"dshell-evil", "other", name}
    assert items(forms["json"])["dshell-evil"]["owner"] == (
        "eve" if "OWNER" not in stamps else FORGED.replace("\n", " ").replace("\x1b", " ").strip("\u2028")
    )
    assert (attached.stdout, attached.code) == (b"here\n", 0), attached.stderr
    assert (opened.stdout, opened.code) == (b"65532\n", 0), opened.stderr
    assert others.code == 66, others.stderr
    assert (ended.code, {one: item["outcome"] for one, item in items(ended).items()}) == (0, {name: "ended"})
    assert good.wait_terminated(name, 10)["exitCode"] == 0


def test_those_that_hang_take_their_own_time_and_no_one_else_s(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell
) -> None:
    first, second = sorted((make_namespace(), make_namespace()))
    hostile = make_pod(app(), namespace=first, metadata=labelled(first))
    for number in range(6):
        # with a process namespace of its own its first process is PID 1, which no signal from inside can end
        stamps = {"PROTOCOL": "2 abcd2456 50", "OWNER": "eve", "LIMIT": "28800"}
        add(hostile, f"dshell-evil{number}", stamps, target="", command=("sh", "-c", LIES))
    good = make_pod(app(), namespace=second, metadata=labelled(first))
    name = leave_stale(good, dshell)
    wait_running(hostile, 6)
    everywhere = ("-A", "-l", f"opponent={first}")
    wait_stale(dshell, *everywhere, name=name)

    began = time.monotonic()
    flags = ("--stale", "-o", "json", "--concurrency=2", "--timeout=25s")
    done = dshell("cleanup", *everywhere, *flags, env={"DSHELL_PATIENCE": "1"}, timeout=120)
    took = time.monotonic() - began

    outcomes = {one: item["outcome"] for one, item in items(done).items()}
    assert done.code == 69
    assert outcomes.pop(name) == "ended"
    assert set(outcomes) == {f"dshell-evil{number}" for number in range(6)}
    assert set(outcomes.values()) == {"failed", "left"}, "two at a time, 25 s: there was no time for all"
    assert f"Not ended: 6 in namespace {first}." in done.stderr
    assert took < 75


def test_what_somebody_uses_is_ended_by_who_says_so_alone(
    make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell
) -> None:
    """Whoever they are: here client and cleaner are one user, as a whole team may be."""
    pod = make_pod(namespace=make_namespace())
    there = ("-n", pod.namespace)
    with dshell.start(pod.name, *there, "--", "sh", "-c", "echo on; cat") as client:
        assert client.stdout
        assert client.stdin
        assert client.stdout.readline() == b"on\n"
        (name,) = pod.debug_containers()

        for words in ((name,), (pod.name,), ("--mine",), ("--older-than=0s",), ()):
            left = dshell("cleanup", *there, *words)
            why = f"{pod.namespace}/{pod.name} {name} skipped: in use (1 client, last heartbeat "
            assert left.code == 69, (words, left)
            assert left.stdout.decode().startswith(why), words
            advice = f"  end it anyway: kubectl dshell cleanup {pod.name}/{name} -n {pod.namespace} -y\n"
            assert advice in left.stderr
        with dshell.terminal("cleanup", *there, name) as asked:
            asked.expect(rf"{name} \(admin, running for \w+, in use: 1 client, last heartbeat \d+ s ago\)")
            asked.expect(r"End it\? \[y/N\]: ")
            asked.send("n\n")
            assert asked.wait() == 0
        client.stdin.write(b"still here\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"still here\n"
        assert dshell("cleanup", *there, "--stale").code == 0

        done = dshell("cleanup", *there, name, "-y")

        assert (done.stdout.decode(), done.code) == (f"{pod.namespace}/{pod.name} {name} ended\n", 0)
        assert client.wait(30) != 0
        client.stdin.close()
    assert dshell("ls", *there, "--state=running", "-o", "name").stdout == b""


@pytest.mark.parametrize(
    "flags", [("--ttl=9999999d",), ("--ttl=1000000000",), ("--keep=32y",), ("--timeout=9999999d",)]
)
def test_times_that_nobody_can_calculate_with_are_refused(dshell: Dshell, flags: tuple[str, ...]) -> None:
    done = dshell("web", *flags, "--", "true")

    assert (done.stdout, done.code) == (b"", 64)
    assert "duration" in done.stderr or "is too long; the maximum is 999999999s" in done.stderr


def test_an_app_that_stops_the_holder_and_answers_for_it_wins_no_time_beyond_the_limit(
    make_pod: MakePod, dshell: Dshell
) -> None:
    """Whatever runs as the app's user can; here it is a command."""
    pod = make_pod(app())
    numbers = "1 999999999 999999999 999999999"  # a client, its last word, --keep, the limit
    forge = (
        'read -r holder _ </dev/termination-log && kill -STOP "$holder" && '
        f'printf "%-60s\\n" "$holder {numbers}" 1<>/dev/termination-log'
    )
    assert dshell(pod.name, "-n", pod.namespace, "--ttl=5s", "--keep=5s", "--", "sh", "-c", forge).code == 0
    (name,) = pod.debug_containers()
    wait_stale(dshell, "-n", pod.namespace, name=name)

    done = dshell("cleanup", "-n", pod.namespace, "--stale", "-o", "json", timeout=120)

    assert (done.code, items(done)[name]["outcome"]) == (0, "ended"), done.stderr
    assert pod.wait_terminated(name, 10)["exitCode"] != 0
