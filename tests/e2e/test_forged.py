"""What others write into a pod, and what an app writes into our pipes: neither is taken for ours, nor raises a right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.domain.debug_container.spec import escape_expansion

from .pods import STATIC_ROOT, Pod, add_by_hand, app

if TYPE_CHECKING:
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

KEEP = "--keep=5m"
NOTE = ("--", "sh", "-c", "[ -e /tmp/stolen ] && echo stolen; id -u")
HOLDER = """#holder of mallory
trap 'exit 0' TERM
echo $$ >/dev/termination-log
exec 3<&0
while read -r word <&3; do echo "$word" >>/tmp/stolen; done
"""


def forged(pod: Pod, dshell: Dshell, name: str, **stamps: str) -> str:
    """An entry that says all that `dshell` would say here, with a holder and a way in of somebody else's."""
    shown = dshell(pod.name, "-n", pod.namespace, "--dry-run", "-o", "json")
    (entry,) = json.loads(shown.stdout)["spec"]["ephemeralContainers"]
    env = {one["name"]: one["value"] for one in entry["env"]}
    env |= stamps
    entry |= {"name": name, "env": [{"name": key, "value": value} for key, value in env.items()]}
    entry["command"] = ["sh", "-c", escape_expansion(HOLDER)]
    add_by_hand(pod, entry)
    return name


def uids(pod: Pod, *but: str) -> list[int]:
    """Whom the debug containers are, but for those named."""
    entries = [entry for name, entry in pod.debug_containers().items() if name not in but]
    return sorted(entry.spec["securityContext"]["runAsUser"] for entry in entries)


def stolen(pod: Pod, name: str) -> str:
    look = ("exec", pod.name, "-n", pod.namespace, "-c", name, "--", "sh", "-c", "cat /tmp/stolen; :")
    return pod.cluster.kubectl(*look).stdout


def test_an_entry_that_bears_my_name_is_not_reused_and_not_joined_unseen(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    namespace = make_namespace()
    pod, where = make_pod(namespace=namespace), ("-n", namespace)
    assert dshell(pod.name, *where, "--", "true").code == 0
    (first,) = pod.debug_containers()
    pod.wait_terminated(first, 30)
    seal = next(e["value"] for e in pod.debug_containers()[first].spec["env"] if e["name"] == "DSHELL_SEAL")
    names = [forged(pod, dshell, "dshell-forged"), forged(pod, dshell, "dshell-copied", DSHELL_SEAL=seal)]

    done = dshell(pod.name, *where, KEEP, *NOTE)
    (mine,) = set(pod.debug_containers()) - {first, *names}
    again = dshell(pod.name, *where, KEEP, *NOTE)
    attached = [dshell("attach", *words, *where, *NOTE) for words in ((), (pod.name,))]
    listed = dshell("ls", "--mine", "--state=running", *where, "-o", "name")
    named = dshell(pod.name, *where, "--name=forged", "--", "true")
    assert dshell("cleanup", "--mine", *where).code == 0
    nothing = [dshell("attach", *words, *where, *NOTE) for words in ((), (pod.name,))]

    assert (done.stdout, done.code) == (b"65532\n", 0)
    assert "has the same options, but was not created by you on this machine; creating another one" in done.stderr
    assert [(r.stdout, r.code) for r in (again, *attached)] == [(b"65532\n", 0)] * 3
    assert listed.stdout.decode() == f"{pod.name}/{mine}\n"
    assert (named.code, named.stderr.splitlines()[0]) == (
        69,
        f"error: dshell-forged in {pod.name} was not created by you on this machine; its owner is admin",
    )
    assert [(r.stdout, r.code) for r in nothing] == [(b"", 66)] * 2
    assert all("was created by you on this machine" in r.stderr.splitlines()[0] for r in nothing)
    assert set(pod.debug_containers()) == {first, mine, *names}
    assert [pod.debug_containers()[name].state for name in names] == ["running"] * 2
    assert [stolen(pod, name) for name in names] == [""] * 2


def test_what_somebody_else_says_was_measured_moves_nobody(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    forged(pod, dshell, "dshell-forged", DSHELL_MEASURED=f"{pod.container_id()} 0:0")

    entered = dshell(pod.name, "--", "id", "-u")

    assert (entered.stdout, entered.code) == (b"65532\n", 0)
    assert uids(pod, "dshell-forged") == [65532]


def test_of_one_user_on_two_machines_each_has_their_own(make_pod: MakePod, dshell: Dshell) -> None:
    """As of a team that shares a user."""
    pod, other = make_pod(), dshell.on_another_machine()

    runs = [client(pod.name, KEEP, "--", "true") for client in (dshell, other, dshell, other)]

    assert [run.code for run in runs] == [0] * 4
    entries = pod.debug_containers().values()
    owners = [one["value"] for entry in entries for one in entry.spec["env"] if one["name"] == "DSHELL_OWNER"]
    assert owners == ["admin"] * 2
    lists = [client("ls", pod.name, "--mine", "-o", "name").stdout.splitlines() for client in (dshell, other)]
    assert [len(names) for names in lists] == [1, 1]
    assert lists[0] != lists[1]


def test_without_a_home_all_works_and_nothing_is_reused(make_pod: MakePod, dshell: Dshell) -> None:
    pod, nowhere = make_pod(), {"HOME": ""}

    runs = [dshell(pod.name, KEEP, "--", "echo", "in", env=nowhere) for _ in range(2)]

    assert [(run.stdout, run.code) for run in runs] == [(b"in\n", 0)] * 2
    assert runs[0].stderr == ""
    why = "not created by you on this machine (there is no place for a key: neither XDG_STATE_HOME nor HOME is an absolute path)"
    assert why in runs[1].stderr
    assert len(pod.debug_containers()) == 2


def test_a_key_that_others_may_read_is_told_and_not_used(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    assert dshell(pod.name, KEEP, "--", "true").code == 0
    key = dshell.home / ".local/state/kubectl-dshell/key"
    key.chmod(0o644)

    open_ = dshell(pod.name, KEEP, "-v", "8", "--", "true")
    key.chmod(0o600)
    mended = dshell(pod.name, KEEP, "-v", "8", "--", "true")

    assert (open_.code, mended.code) == (0, 0)
    assert (
        f"your key cannot be used, so no debug container is reused: {key} is accessible to other users (mode 0644"
        in open_.stderr
    )
    assert len(pod.debug_containers()) == 2
    assert key.read_text().strip() not in open_.stderr + mended.stderr


ROOT = (
    "dshell pid=1 uid=0,0,0,0 gid=0,0,0,0 caps=0 dumpable=yes root=denied "
    "our_uid=65532 our_gid=65532 our_caps=0 left=28800 holder=ok"
)
FORGER = """
forged=" "
while :; do
	for folder in /proc/[0-9]*; do
		words=
		while read -r line || [ "$line" ]; do words=$words$line; done 2>/dev/null <$folder/cmdline
		case $words in
		*dshelltether*)
			pid=${folder#/proc/}
			case $forged in *" $pid "*) continue ;; esac
			forged="$forged$pid "
			[ "$STOPS" ] && kill -STOP $pid
			echo "$LINE" >$folder/fd/1
			;;
		esac
	done
done
"""


def forger(line: str, *, stops: bool) -> dict[str, Any]:
    """An app of UID 65532 that writes `line` into each tether, before it has measured anything if it `stops` it."""
    ids = {"runAsUser": 65532, "runAsGroup": 65532}
    env = [{"name": "LINE", "value": line}, {"name": "STOPS", "value": "x" * stops}]
    return {**app("busybox:1.37", securityContext=ids, env=env), "command": ["sh", "-c", FORGER], "args": []}


@pytest.mark.parametrize(
    "line",
    ["dshell garbage", f"{ROOT} left=1{'0' * 400}", ROOT.replace("left=28800", f"left=1{'0' * 400}"), "x" * 70_000],
    ids=["garbage", "twice", "a number without an end", "no end"],
)
def test_what_an_app_writes_into_a_tether_is_no_bug_of_ours(make_pod: MakePod, dshell: Dshell, line: str) -> None:
    """It can keep us from measuring, and so from its files, by which it harms nobody."""
    pod = make_pod(forger(line, stops=False))

    done = dshell(pod.name, "--", "sh", "-c", "sleep 2; echo done", timeout=120)

    assert (done.stdout, done.code) in ((b"done\n", 0), (b"", 76)), done.stderr
    assert "this is a bug" not in done.stderr
    assert uids(pod) == [65532]


def test_an_app_that_answers_in_our_place_gets_no_root_and_keeps_nobody_out(make_pod: MakePod, dshell: Dshell) -> None:
    """The command finds for itself whether the root is open, however often the app is faster than the tether."""
    pod = make_pod(forger(ROOT, stops=True))

    runs = [dshell(pod.name, "--new", "--", "id", "-u") for _ in range(5)]

    assert [(run.stdout, run.code) for run in runs] == [(b"65532\n", 0)] * 5
    assert set(uids(pod)) == {65532}


def test_root_that_steps_down_is_still_followed_and_known_to_its_maker_alone(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT, "step-down"))
    pod.wait_log("serving as 101:101")

    runs = [dshell(pod.name, "--", "id", "-u") for _ in range(2)]
    before = len(pod.debug_containers())
    other = dshell.on_another_machine()(pod.name, "--", "id", "-u")

    assert [(run.stdout, run.code) for run in (*runs, other)] == [(b"101\n", 0)] * 3
    assert before <= 3  # the second guesses no more, and may still find the first one's
    assert len(pod.debug_containers()) == before + 2  # who measured nothing here begins anew
