"""Exit codes: each failure has one, and the documents name them as the program does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from kubectl_dshell import errors
from kubectl_dshell.errors import EXIT_STATUS_MEANING, ApiError, DshellError, ExitStatus, NotAnApiServer

EXIT_CODES = Path(__file__).parent.parent / "docs/exit-codes.md"
UNEXPLAINED = {ExitStatus.OK, ExitStatus.CLOSED_PIPE}


def test_the_table_of_exit_codes_is_that_of_the_enum() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", EXIT_CODES.read_text(encoding="utf-8"), re.MULTILINE)

    assert rows == [(str(int(status)), meaning) for status, meaning in EXIT_STATUS_MEANING.items()]


def test_every_exit_code_has_a_meaning() -> None:
    assert set(ExitStatus) - UNEXPLAINED == set(EXIT_STATUS_MEANING)


def test_the_tree_of_failures_is_drawn_as_it_is() -> None:
    """Each class below the one it derives from, with its exit code where that is its own."""
    drawn, branch = {}, {0: "DshellError"}
    for stem, name, code in re.findall(r"^([ |]+)\+- (\w+) +(\d\d|)", errors.__doc__ or "", re.MULTILINE):
        branch[len(stem)] = name
        drawn[name] = (branch[max(depth for depth in branch if depth < len(stem))], code)
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, DshellError)]
    own = {kind: vars(kind).get("status") for kind in kinds[1:]}
    codes = {kind: str(int(status)) for kind, status in own.items() if isinstance(status, ExitStatus)}
    codes[NotAnApiServer] = str(int(NotAnApiServer(502, "", "").status))

    assert kinds[0] is DshellError
    assert drawn == {kind.__name__: (kind.mro()[1].__name__, codes.get(kind, "")) for kind in own}


@pytest.mark.parametrize(
    ("code", "status"),
    [(403, ExitStatus.FORBIDDEN), (404, ExitStatus.NOT_FOUND), (409, ExitStatus.UNAVAILABLE), (500, ExitStatus.UNAVAILABLE)],
)  # fmt: skip
def test_a_response_has_the_exit_code_of_its_http_status(code: int, status: ExitStatus) -> None:
    assert ApiError(code, "", "").status is status
    assert NotAnApiServer(code, "", "").status is ExitStatus.UNAVAILABLE
