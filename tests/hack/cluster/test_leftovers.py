from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster.layout import Layout
from hack.cluster.leftovers import cgroup_folders

_HYBRID = """\
25 21 0:22 / /sys/fs/cgroup/cpu rw,relatime shared:5 - cgroup cgroup rw,cpu
26 21 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
27 21 8:1 / / rw - ext4 /dev/vda rw
"""
_V2 = "25 21 0:22 / /sys/fs/cgroup rw,nosuid shared:5 - cgroup2 cgroup rw\n"


@pytest.mark.parametrize(
    ("mountinfo", "folders"),
    [
        (_HYBRID, ["/sys/fs/cgroup/cpu/dshell-a", "/sys/fs/cgroup/unified/dshell-a"]),
        (_V2, ["/sys/fs/cgroup/dshell-a"]),
    ],
    ids=["v1 hybrid", "v2"],
)
def test_a_cluster_has_a_group_in_each_hierarchy(mountinfo: str, folders: list[str]) -> None:
    assert cgroup_folders(Layout("a", Path("/x")), mountinfo) == [Path(folder) for folder in folders]
