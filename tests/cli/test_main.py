"""What a bug of ours looks like: its type and place, and never the text of an exception."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubectl_dshell.cli import main as program
from kubectl_dshell.kube.kubeconfig.secret import HIDDEN, Secret


def broken(text: str) -> Any:
    def raising(_words: list[str]) -> int:
        raise ValueError(text)

    return raising


def test_the_line_names_type_and_place_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_run", broken("Invalid header value b'Bearer s3cret'"))

    assert program.main(["ls"]) == 70

    told = capsys.readouterr().err
    assert re.search(
        r"this is a bug in kubectl dshell \S+: ValueError at test_main\.py:\d+, called at main\.py:\d+\n", told
    )
    assert "s3cret" not in told
    assert "DSHELL_DEBUG=1" in told
    assert "Traceback" not in told


def test_the_traceback_is_scrubbed_and_made_visible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DSHELL_DEBUG", "1")
    known = Secret("a-token-we-know")
    text = f"Bearer x.y.z Basic abc= http://u:pw@h/ {known.reveal()}\x1b[31m\u202e https://jane:p%20@x"
    monkeypatch.setattr(program, "_run", broken(text))

    assert program.main(["ls"]) == 70

    told = capsys.readouterr().err
    assert f"Bearer {HIDDEN} Basic {HIDDEN} http://{HIDDEN}@h/ {HIDDEN}\\x1b[31m\\u202e https://{HIDDEN}@x" in told
    assert "Traceback" in told
    assert not any(secret in told for secret in ("x.y.z", "abc=", "u:pw", "a-token-we-know", "\x1b", "jane:p"))
