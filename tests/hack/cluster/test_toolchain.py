from __future__ import annotations

import pytest

from hack.cluster.toolchain import version


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.27rc1 linux/arm64", (1, 27)),
        ("go version devel", ()),
        ("", ()),
    ],
)
def test_the_version_of_go_is_read(words: str, found: tuple[int, ...]) -> None:
    assert version(words) == found
