from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster.containers import snapshotter

_IN_A_CONTAINER = "1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 / /var/lib rw - ext4 /dev/vda rw\n"


@pytest.mark.parametrize(
    ("folder", "chosen"), [("/srv/x", "native"), ("/var/lib/x/y", "overlayfs"), ("/var/libx", "native")]
)
def test_overlayfs_is_not_put_on_an_overlay(folder: str, chosen: str) -> None:
    assert snapshotter(Path(folder), _IN_A_CONTAINER) == chosen
