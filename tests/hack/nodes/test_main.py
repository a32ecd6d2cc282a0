from __future__ import annotations

import pytest

from hack.nodes import kubernetes, needs
from hack.nodes.__main__ import _kind, main

OWN = kubernetes.own()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([], ("containerd", OWN)),
        (["crio"], ("crio", OWN)),
        (["--kubernetes", "1.30"], ("containerd", "1.30")),
        (["containerd-1.7", "--kubernetes", "1.30"], ("containerd-1.7", "1.30")),
        (["--fresh"], None),
        (["crio", "more"], None),
        (["crio", "--kubernetes"], None),
    ],
)
def test_a_node_is_told_by_its_runtime_and_its_kubernetes(words: list[str], kind: tuple[str, str] | None) -> None:
    assert _kind(words) == kind


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
