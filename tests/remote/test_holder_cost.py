"""What a debug container costs its node while nobody types: nothing but a little memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import Debug, Shell, pod
from tests.remote.test_holder_silence import lives, tell
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
SESSION = "aaaaaaaa"
SECONDS = 4
MOST_OWN = {"busybox": 300, "bash": 1000, "dash+bash": 1000}
"""kB that no file holds, so that nobody shares them; bash allocates more than busybox, the shell of the image."""


def processor_time(pid: int) -> tuple[int, int]:
    """Nanoseconds on a processor, and the number of times that it got one."""
    spent, _, turns = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(spent), int(turns)


def own_memory(pid: int) -> int:
    """Kilobytes."""
    found = re.search(r"^Anonymous: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


@pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
@pytest.mark.parametrize("attended", [False, True], ids=["waiting for its first client", "with a client"])
def test_a_holder_is_one_process_that_never_wakes_up_by_itself(place: Path, shell: Shell, *, attended: bool) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        holder = debug.container.pids()[0]
        if attended:
            tell(debug.tether(SESSION), protocol.beat(SESSION, 50))
            wait_until(lambda: debug.message().split()[1] == "1", 10)
        wait_until(lambda: debug.container.asleep(1 + attended), 10)
        before = processor_time(holder)

        assert lives(debug, SECONDS)

        assert processor_time(holder) == before
        assert len(debug.container.pids()) == 1 + attended, "the other one is the tether"
        assert own_memory(holder) <= MOST_OWN[shell]
        print(f"{shell}: {own_memory(holder)} kB")
