"""Debug containers as rows: every column, in the narrow and in the wide table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.domain.debug_container.listing import ListFilter
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.output.debug_containers.table import state_cell
from tests.domain.debug_container.test_listing import ENDED, NOW, OURS, SILENT, THEIRS
from tests.output.debug_containers.test_formats import table


@pytest.mark.parametrize("form", ["", "wide"])
@pytest.mark.parametrize("everywhere", [False, True])
def test_every_column(*, form: str, everywhere: bool, snapshot: SnapshotAssertion) -> None:
    ended = replace(ENDED, message="ended at its limit of 28800 s", exit_code=0, reason="incident 12", user="")

    assert "\n".join(table(OURS, SILENT, THEIRS, ended, form=form, everywhere=everywhere)) == snapshot


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (None, "running (for dshell-own)"),
        (HolderReport(1, 3, 0, 18000), "running (for dshell-own)"),
        (HolderReport(2, 3, 0, 18000), "running (2 clients)"),
    ],
    ids=["not asked", "for that one alone", "another session is there"],
)
def test_one_that_lends_its_tools_says_to_which(live: HolderReport | None, said: str) -> None:
    lender = replace(OURS, borrower="dshell-own", live=live)

    assert state_cell(ListFilter().judge(lender, NOW)) == said
