"""DSHELL_PATIENCE, as it is read."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.clock import patience
from kubectl_dshell.errors import UsageError


@pytest.mark.parametrize(("value", "read"), [(None, 1), ("", 1), ("1", 1), ("12", 12)])
def test_it_is_a_number(value: str | None, read: int) -> None:
    assert patience({} if value is None else {"DSHELL_PATIENCE": value}) == read


@pytest.mark.parametrize("value", ["0", "13", "-1", "2.5", "5s", "\u0665", "²", "9" * 5000])
def test_any_other_value_is_refused_with_the_range(value: str) -> None:
    with pytest.raises(UsageError, match="must be a number from 1 to 12"):
        patience({"DSHELL_PATIENCE": value})
