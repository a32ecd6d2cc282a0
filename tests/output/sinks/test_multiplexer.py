"""What is said beside the outputs of many pods."""

from __future__ import annotations

import pytest

from kubectl_dshell.output.sinks.multiplexer import PrinterNotices
from tests.output.paper import ERR, OUT, Paper


@pytest.mark.parametrize(
    ("terminal", "quiet", "said"),
    [(True, False, b"identity\nnotice\nwarn\n"), (False, False, b"notice\nwarn\n"), (True, True, b"warn\n")],
)
def test_notices_of_the_whole(terminal: bool, quiet: bool, said: bytes) -> None:
    paper = Paper()
    notices = PrinterNotices(paper.printer(terminal=terminal), quiet=quiet)

    notices.identity("identity")
    notices.notice("notice")
    notices.warn("warn")

    assert paper.written == {OUT: b"", ERR: said}
