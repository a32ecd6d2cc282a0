"""Ends of sessions that will not hold still, on a machine with no processor to spare: `python -m tests.remote.stress 200`.

Counts what an end must never leave behind: processes, and zombies below an app that does not reap.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubectl_dshell.remote import protocol, script
from tests.remote.rig import Debug, Pod, Shell, pod
from tests.waiting import wait_until

SESSION = "aaaaaaaa"
WAYS = ("lease", "goodbye", "limit", "end", "cleanup")
SHELLS: tuple[Shell, ...] = ("busybox", "bash", "dash+bash")
TREE = "for i in 1 2 3; do sh -c 'for j in 1 2; do while :; do sleep 0.1; done & done; wait' & done; wait"
RUN = {
    "a slow loop": "while :; do echo on; sleep 0.2; done",
    "a loop without a child": "while :; do :; done",
    "a fast loop": "while :; do ls >/dev/null; done",
    "pipelines": "while :; do ls | cat | cat >/dev/null; done",
    "subshells": "while :; do (sleep 0.01; ls >/dev/null); done",
    "scripts": "while :; do sh -c 'sleep 0.01; true'; done",
    "substitutions": "while :; do x=$(ls; sleep 0.01); done",
    "bash": "bash -c 'while :; do sleep 0.05; done'; :",
    "a loop that ignores SIGINT and SIGTERM": "trap '' INT TERM; while :; do sleep 0.05; done",
    "a fast loop that ignores all": "trap '' INT HUP TERM QUIT; while :; do ls >/dev/null; done",
    "a tree": TREE,
}
TYPE = {
    "a typed loop": "while :; do sleep 0.1; done",
    "a fast typed loop": "while :; do ls >/dev/null; done",
    "typed jobs": "sleep 100 & (while :; do sleep 0.1; done) & while :; do ls >/dev/null; done",
    "a typed script": "sh -c 'while :; do sleep 0.1; done'",
}


@dataclass(frozen=True, slots=True)
class Case:
    way: str
    shell: Shell
    work: str


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    seconds: float
    processes: list[str]
    zombies: list[str]


def cases(number: int, seed: int = 0) -> list[Case]:
    """So many, each way with each shell and each work about as often; the same for the same seed."""
    every = [Case(*words) for words in itertools.product(WAYS, SHELLS, [*RUN, *TYPE])]
    chance = random.Random(seed)
    chosen: list[Case] = []
    while len(chosen) < number:
        chosen += chance.sample(every, min(len(every), number - len(chosen)))
    return chosen


@contextmanager
def no_processor_to_spare() -> Iterator[None]:
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def end(made: Pod, case: Case) -> Result:
    """One session of `case`, begun and ended; what it left."""
    debug = Debug(
        made, case.shell, starter=f"{SESSION} 50", env={"DSHELL_LIMIT": "4" if case.way == "limit" else "28800"}
    )
    tether = debug.tether(SESSION)
    if case.work in TYPE:
        shell = debug.shell(SESSION)
        shell.hear(b"$ ", 30)
        shell.say(TYPE[case.work].encode() + b"\n")
        shell.hear(b"\n", 30)
    else:
        # what it prints fits into the pipe
        run = debug.run(SESSION, "sh", "-c", RUN[case.work])
        # it has told the holder of itself before its command begins: an earlier word of the tether would be overruled
        wait_until(lambda: debug.runs("sh", "-c", RUN[case.work]) or run.outer.poll() is not None, 30)
    # from anywhere in its course
    time.sleep(random.Random(str(case)).uniform(0, 0.3))
    began = time.monotonic()
    words = {"lease": protocol.beat(SESSION, 1), "goodbye": protocol.bye(SESSION), "end": protocol.END}
    if case.way in words:
        tether.say(words[case.way])
    elif case.way == "cleanup":
        debug.container.start(["sh"]).say(script.end().encode())
    with contextlib.suppress(AssertionError):  # what is left then is counted below
        wait_until(lambda: not debug.container.pids(), 40)
    seconds = time.monotonic() - began
    return Result(case, seconds, debug.commands(), [f"{word[1]} {word[51]}" for word in map(str.split, made.zombies())])


def ends(place: Path, chosen: list[Case]) -> Iterator[Result]:
    """Each in a pod of its own."""
    for case in chosen:
        folder = place / secrets.token_hex(4)
        folder.mkdir()
        folder.chmod(0o755)
        with pod(folder) as made:
            yield end(made, case)


def main(number: int) -> int:
    worst = 0.0
    bad: Counter[Case] = Counter()
    with tempfile.TemporaryDirectory(prefix="dshell-", ignore_cleanup_errors=True) as folder, no_processor_to_spare():
        Path(folder).chmod(0o755)
        for done, result in enumerate(ends(Path(folder), cases(number, seed=int(time.time()))), 1):
            worst = max(worst, result.seconds)
            if result.processes or result.zombies:
                bad[result.case] += 1
                print(f"{result.case}: {result.seconds:.1f} s, left {result.processes} {result.zombies}", flush=True)
            if not done % 20:
                print(f"{done} ends, {sum(bad.values())} left something, the slowest took {worst:.1f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
