from __future__ import annotations

import pytest

from hack.nodes import needs
from hack.nodes.__main__ import main


def test_what_a_machine_lacks_can_be_asked_for_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(needs, "lacking", list)
    assert main(["test", "--needs"]) == 0

    monkeypatch.setattr(needs, "lacking", lambda: ["too little memory", "no root"])
    assert main(["test", "--needs"]) == 69
    assert [line.partition("no node can run here: ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "too little memory",
        "no root",
    ]
