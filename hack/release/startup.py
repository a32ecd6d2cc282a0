"""The start-up of each form, as a ratio to the virtual environment's."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .forms import Form

COMMANDS = (("--version",), ("ls", "--help"), ("web", "--", "true"))
"""Without parsing, with click, and up to the kubeconfig, which is not there."""
MOST = 1.6
_ROUNDS = 12


class Times(NamedTuple):
    name: str
    milliseconds: tuple[float, ...]
    """CPU time of each of COMMANDS: the least of several, because whatever else the machine does only adds to it."""


def measure(forms: Sequence[Form], rounds: int = _ROUNDS) -> list[Times]:
    """Round by round, because a machine changes."""
    least = {form.name: [float("inf")] * len(COMMANDS) for form in forms}
    for _ in range(rounds):
        for at, words in enumerate(COMMANDS):
            for form in forms:
                least[form.name][at] = min(least[form.name][at], _cpu(form, words))
    return [Times(name, tuple(times)) for name, times in least.items()]


def ratios(times: Times, reference: Times) -> tuple[float, ...]:
    return tuple(ours / theirs for ours, theirs in zip(times.milliseconds, reference.milliseconds, strict=True))


def too_slow(measured: Sequence[Times]) -> list[str]:
    """A line for each form that takes more than MOST times the first one."""
    return [
        f"{times.name}: kubectl-dshell {' '.join(words)} takes {ratio:.2f} times the CPU time of {measured[0].name}"
        for times in measured
        for words, ratio in zip(COMMANDS, ratios(times, measured[0]), strict=True)
        if ratio > MOST
    ]


def _cpu(form: Form, words: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    form.run(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
