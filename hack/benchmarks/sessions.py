"""`python -m hack.benchmarks.sessions [RUNS [RTT...]]`: how soon a prompt answers and a command is done.

Ours and kubectl's in turn, on fresh pods where a debug container is added; RTT in milliseconds, 0 without a proxy.
Answered: a line typed when the program starts has been executed by the shell in the pod, in the root of the app.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

from hack.benchmarks import report
from hack.benchmarks.bench import FAR, LOOPBACK, NEAR, Bench, Distance, bench
from tests.e2e.pods import Pod

Pair = tuple[float, float]

GOALS = {
    ("prompt, first on a pod / kubectl debug -it", LOOPBACK): 1.4,
    ("prompt, first on a pod / kubectl debug -it", NEAR): 0.9,
    ("prompt, first on a pod / kubectl debug -it", FAR): 0.9,
    ("prompt, reused / kubectl exec -it", LOOPBACK): 1.6,
    ("prompt, reused / kubectl exec -it", NEAR): 0.9,
    ("-- true, reused / kubectl exec", LOOPBACK): 1.8,
    ("-- true, reused / kubectl exec", NEAR): 1.0,
    ("-- true, reused / kubectl exec, CPU", LOOPBACK): 1.5,
    ("-- true, first on a pod / kubectl debug -i", NEAR): 1.0,
}


class Result(NamedTuple):
    name: str
    distance: Distance
    pair: Pair


def one_round(bench: Bench, kept: Pod, distance: Distance, number: int) -> Iterator[Result]:
    """Every row of the table once, at one distance."""
    fresh = bench.pods(*(f"fresh-{number}-{row}" for row in range(4)))

    answered = []
    for session, pod in ((bench.our_session, fresh[0]), (bench.debug_session, fresh[1])):
        answered.append(bench.answered(session(pod), distance))
        bench.settle(pod)
    yield Result("prompt, first on a pod / kubectl debug -it", distance, (answered[0], answered[1]))

    ran = []
    for command, pod in ((bench.ours, fresh[2]), (bench.debug, fresh[3])):
        ran.append(bench.ran(command(pod, "true"), distance))
        bench.settle(pod)
    yield Result("-- true, first on a pod / kubectl debug -i", distance, (ran[0].seconds, ran[1].seconds))
    yield Result("-- true, first on a pod / kubectl debug -i, CPU", distance, (ran[0].cpu, ran[1].cpu))

    pair = (bench.answered(bench.our_session(kept), distance), bench.answered(bench.exec_session(kept), distance))
    yield Result("prompt, reused / kubectl exec -it", distance, pair)
    ours, theirs = bench.ran(bench.ours(kept, "true"), distance), bench.ran(bench.exec(kept, "true"), distance)
    yield Result("-- true, reused / kubectl exec", distance, (ours.seconds, theirs.seconds))
    yield Result("-- true, reused / kubectl exec, CPU", distance, (ours.cpu, theirs.cpu))
    bench.remove(fresh)


def main(runs: int, distances: list[Distance]) -> None:
    pairs: dict[tuple[str, Distance], list[Pair]] = {}
    try:
        with bench(*distances) as (made, kept):
            for run in range(runs):
                for index, distance in enumerate(distances):
                    for result in one_round(made, kept, distance, run * len(distances) + index):
                        pairs.setdefault((result.name, result.distance), []).append(result.pair)
    finally:  # a run that fails does not take the others with it
        tell(pairs)


def tell(pairs: dict[tuple[str, Distance], list[Pair]]) -> None:
    report.head("sessions and commands: medians")
    for row in dict.fromkeys(name for name, _ in pairs):
        for (name, distance), found in pairs.items():
            if name == row:
                ours, theirs = zip(*found, strict=True)
                report.add(f"{name}, {distance.name}", ours, theirs, goal=GOALS.get((name, distance)))


def _distance(milliseconds: float) -> Distance:
    return Distance(f"{milliseconds:g} ms", milliseconds / 1000) if milliseconds else LOOPBACK


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:]]
    main(int(numbers[0]) if numbers else 7, [_distance(rtt) for rtt in numbers[1:]] or [LOOPBACK, NEAR, FAR])
