"""Which form is too slow."""

from __future__ import annotations

from hack.release.startup import Times, too_slow

REFERENCE = Times("virtual environment", (20.0, 70.0, 90.0))


def test_a_form_within_the_bound_is_not_named() -> None:
    assert too_slow([REFERENCE, Times("directory", (32.0, 70.0, 90.0))]) == []


def test_a_form_that_unpacks_at_each_run_is_named() -> None:
    assert too_slow([REFERENCE, Times("one file", (50.0, 80.0, 100.0))]) == [
        "one file: kubectl-dshell --version takes 2.50 times the CPU time of virtual environment"
    ]
