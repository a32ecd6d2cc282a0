"""All messages as one text, to be read in one go in `__snapshots__/test_messages/test_messages_read.txt`."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests import messages


class PlainText(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def test_messages_read(snapshot: SnapshotAssertion) -> None:
    assert messages.as_text() == snapshot(extension_class=PlainText)


@pytest.mark.parametrize(
    "phrase",
    [
        "again: ",
        "of ours",
        "there are: ",
        "what there is",
        "it said",
        "without a word",
        "to us",
        "made by",
        "left alone",
        "come back",
        "which one",
    ],
)
def test_no_message_uses_a_phrase_that_kubectl_would_not(phrase: str) -> None:
    assert phrase not in messages.as_text().lower()
