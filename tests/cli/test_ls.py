"""Words of `ls` that do not go together."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ls web -A", "a pod cannot be selected by name across all namespaces"),
        ("ls web -l a=b", "cannot combine PODs with -l; use one or the other"),
        ("ls -w -o yaml", "--watch cannot be used with -o yaml; use -o json, -o name or the table"),
        ("ls --state stopped", "'stopped' is not one of 'running', 'waiting', 'ended'"),
        ("ls --sort-by size", "'size' is not one of 'pod', 'name', 'age'"),
        ("ls --older-than old", "'old' is not a duration"),
        ("ls deploy/web", "only pods have debug containers; use POD or pod/POD"),
        ("ls -o xml", "'xml' is not one of"),
    ],
)
def test_what_does_not_go_together_is_told(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 64
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
