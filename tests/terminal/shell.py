"""The least of a shell with job control: runs its words as a job in the background and gives the terminal away.

SIGUSR1: the shell is in the foreground; SIGUSR2: the job is. Its exit code is the job's.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if not job:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])

    def give(*_: object) -> None:
        os.tcsetpgrp(0, job)

    def take(*_: object) -> None:
        os.tcsetpgrp(0, os.getpgrp())

    signal.signal(signal.SIGUSR1, take)
    signal.signal(signal.SIGUSR2, give)
    print("ready", flush=True)
    return os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
