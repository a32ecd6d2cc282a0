"""Files with a custom profile: JSON or YAML, whatever their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.cli.custom_file import read_custom
from kubectl_dshell.errors import Malformed

WANTED = {"securityContext": {"runAsUser": 0}, "env": [{"name": "A", "value": "no"}]}


@pytest.mark.parametrize(
    "text",
    [
        '{"securityContext": {"runAsUser": 0}, "env": [{"name": "A", "value": "no"}]}',
        '{\n\t"securityContext": {"runAsUser": 0},\n\t"env": [{"name": "A", "value": "no"}]\n}',
        "# as root\nsecurityContext:\n  runAsUser: 0\nenv:\n- name: A\n  value: 'no'\n",
    ],
    ids=["json", "json with tabs", "yaml"],
)
def test_both_forms(text: str, tmp_path: Path) -> None:
    (tmp_path / "profile").write_text(text)

    assert read_custom(str(tmp_path / "profile")).container == WANTED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "contains no fields of a container"),
        (b"env: [", "profile: "),
        (b"- a", "is malformed: container is not an object"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"a: " + b"x" * 2_000_000, "it is longer than 1024 KiB"),
        (b"\xff", "profile: "),
    ],
    ids=["empty", "cut off", "a list", "deep", "long", "binary"],
)
def test_anything_else_is_refused_with_its_name(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "profile").write_bytes(content)

    with pytest.raises((ValueError, Malformed)) as refusal:
        read_custom(str(tmp_path / "profile"))

    assert "profile" in str(refusal.value)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["nothing", "."])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        read_custom(str(tmp_path / name))
