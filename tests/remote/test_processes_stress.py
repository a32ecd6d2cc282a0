"""No end leaves a process or a zombie, however busy the session and the machine: a few of what `make stress` does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.remote import stress

# one worker: it leaves no processor to the others
pytestmark = [pytest.mark.terminal, pytest.mark.xdist_group("stress")]
ENDS = int(os.environ.get("STRESS_ENDS", "20"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_left_of_what_will_not_hold_still(place: Path, part: int) -> None:
    chosen = stress.cases(ENDS)[part::PARTS]

    with stress.no_processor_to_spare():
        results = list(stress.ends(place, chosen))

    assert [result for result in results if result.processes or result.zombies] == []
