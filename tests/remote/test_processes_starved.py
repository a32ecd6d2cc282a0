"""No end lets a script begin its next command where processors are so scarce that a signal takes effect late.

The delays are put into the holder's text: what it sees of a process, or sends to it, is late by a look or two. So the
tests need no load, and what they show does not depend on chance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script, protocol
from tests.remote.rig import Debug, Shell, pod
from tests.remote.test_processes_ending import AFTER, A, assert_nothing_is_left, begin, command, each_shell

pytestmark = pytest.mark.terminal
DIED_OF_SIGINT = 130
WORK = {
    "a script": command(f"sleep 100; {AFTER}"),
    "a script in a script": command(f"sh -c 'sleep 100; {AFTER}'; {AFTER}"),
    "bash in a script": command(f"bash -c 'sleep 100; {AFTER}'; {AFTER}"),
}
# A process that was sent SIGSTOP seems to run still when it is looked at for the first time.
STOPS_LATE = {
    "parse_stat() {\n": """parse_stat() {
really_parse_stat "$1" || return
case $state,$looked_at in
T,*" $1 "*) ;;
T,*) state=R looked_at="$looked_at $1 " ;;
esac
}
really_parse_stat() {
"""
}
# The time for gentle signals is over before the first process has its turn.
ALL_IS_LATE = {"interrupt_for=30\n": "interrupt_for=0\n", "hang_up_until=45\n": "hang_up_until=0\n"}
# So it is, and a shell gets to its SIGINT only after it was looked at twice, unless it is stopped before.
SHELLS_ARE_LATE = ALL_IS_LATE | {
    "send_signal() {\n": """send_signal() {
eval "late=\\$late_$2"
case $1,$late,$dead in
CONT,,1) eval "late_$2=1" && return ;;
STOP,[12],*) eval "late_$2=3" && return ;;
esac
""",
    "parse_stat() {\n": """parse_stat() {
really_parse_stat "$1" || return
eval "late=\\$late_$1"
case $late in
1) state=R && eval "late_$1=2" ;;
2) state=R && eval "late_$1=3" && kill -CONT "$1" ;;
esac
}
really_parse_stat() {
""",
}
DELAYS = {"stops": STOPS_LATE, "all": ALL_IS_LATE, "shells": SHELLS_ARE_LATE}


def late_holder(delay: dict[str, str]) -> str:
    text = exec_script.holder_text().decode().removesuffix("\n")
    for words, late in delay.items():
        assert text.count(f"\n{words}") == 1
        text = text.replace(f"\n{words}", f"\n{late}")
    return text


@each_shell
@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("late", DELAYS)
def test_a_script_dies_of_sigint_however_late_its_processes_are(
    place: Path, shell: Shell, work: str, late: str
) -> None:
    if work.startswith("bash") and shell == "busybox":
        return
    with pod(place) as made:
        debug = Debug(made, shell, text=late_holder(DELAYS[late]))
        tether = debug.tether(A)
        begin(debug, A, WORK[work], 1)
        tether.say(protocol.bye(A))

        # whoever was killed instead had to run in order to reap, and might have gone on
        assert [process.ended() for process in debug.container.processes[2:]] == [DIED_OF_SIGINT]
        assert debug.holder.ended() == 0
        assert_nothing_is_left(made, debug)
        assert made.zombies() == []
