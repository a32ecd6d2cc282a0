from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hack.cluster import record
from hack.cluster.ports import Ports
from hack.cluster.process import Process

if TYPE_CHECKING:
    from pathlib import Path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = record.Record(Process(7, 11, "boot"), Ports(1, 2, 3, 4, 5, 6, 7), "/cache/bin")
    record.write(tmp_path / "record.json", written)
    assert record.read(tmp_path / "record.json") == written


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"node": {"pid": 1}}', "null"])
def test_a_record_that_makes_no_sense_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    assert record.read(tmp_path / "record.json") is None


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert record.read(tmp_path / "record.json") is None
