"""`python -m hack.benchmarks.round_trips [RUNS]`: how many round trips wait for each other until a prompt answers.

Found in two ways: from the time that RTT adds, (seconds at RTT - seconds at 0) / RTT, and counted by the proxy. The first
also contains what the server does meanwhile, as a loss or a gain: a container that starts while bytes are on their way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from hack.benchmarks import report
from hack.benchmarks.bench import Bench, Distance, Session, bench
from hack.benchmarks.latency import Counted
from tests.e2e.pods import Pod

RTT = 0.2
HERE, AWAY = Distance("RTT 0", 0), Distance("RTT 200 ms", RTT)
GOALS = {"first on a pod": 6, "reused": 5}


class Trips(NamedTuple):
    by_time: float
    counted: Counted


def trips(bench: Bench, session_in: list[Session], pods: list[Pod]) -> Trips:
    """Of one session here, and the same away."""
    here = bench.answered(session_in[0], HERE)
    for pod in pods:
        bench.settle(pod)
    proxy = bench.proxies[AWAY.name]
    proxy.count_anew()
    with bench.session(session_in[1], AWAY) as away:
        counted = proxy.counted()
    for pod in pods:
        bench.settle(pod)
    return Trips((away - here) / RTT, counted)


def one_round(bench: Bench, kept: Pod, number: int) -> Iterator[tuple[str, Trips, Trips]]:
    fresh = bench.pods(*(f"fresh-{number}-{row}" for row in range(4)))
    ours = trips(bench, [bench.our_session(pod) for pod in fresh[:2]], fresh[:2])
    theirs = trips(bench, [bench.debug_session(pod) for pod in fresh[2:]], fresh[2:])
    yield "first on a pod", ours, theirs
    bench.remove(fresh)
    yield (
        "reused",
        trips(bench, [bench.our_session(kept)] * 2, []),
        trips(bench, [bench.exec_session(kept)] * 2, []),
    )


def main(runs: int) -> None:
    found: dict[str, list[tuple[Trips, Trips]]] = {}
    try:
        with bench(HERE, AWAY) as (made, kept):
            for run in range(runs):
                for name, *pair in one_round(made, kept, run):
                    found.setdefault(name, []).append((pair[0], pair[1]))
    finally:  # a run that fails does not take the others with it
        tell(found)


def tell(found: dict[str, list[tuple[Trips, Trips]]]) -> None:
    report.head("round trips that wait for each other: medians")
    for name, pairs in found.items():
        ours, theirs = [mine for mine, _ in pairs], [other for _, other in pairs]
        report.add(f"{name}, from the time", [t.by_time for t in ours], [t.by_time for t in theirs], unit="")
        counts = [[float(trips.counted.round_trips) for trips in side] for side in (ours, theirs)]
        report.add(f"{name}, counted", counts[0], counts[1], unit="")
        report.add_alone(f"{name}, ours", median(counts[0]), "", goal=GOALS[name])
        connections = [[float(len(trips.counted.connections)) for trips in side] for side in (ours, theirs)]
        report.add(f"{name}, connections until the answer", connections[0], connections[1], unit="")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
