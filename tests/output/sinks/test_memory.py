"""Outputs that are kept until their document is written."""

from __future__ import annotations

from kubectl_dshell.output.sinks.memory import MemorySink
from tests.output.paper import Paper


def test_no_more_is_read_for_documents_that_nobody_takes() -> None:
    paper = Paper()
    sink = MemorySink(paper.printer())

    assert not sink.full
    paper.full = True
    assert sink.full
