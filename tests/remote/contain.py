"""Start one process as a container runtime does: outside it stays a parent that waits and reports.

Run as a program (python -I contain.py JSON): namespaces can only be joined by a process of one thread.
With "init" in the options the child is a container's first process: when it ends, whatever is left in
its cgroups is killed, as containerd does for a container that joined another PID namespace.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import sys
import termios
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWPID = 0x00020000, 0x02000000, 0x20000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
libc = ctypes.CDLL(None, use_errno=True)


def main(options: dict[str, Any]) -> int:
    if options["join"]:
        join(options["join"], CLONE_NEWPID)
        if options["parent_inside"] and (inner := os.fork()):
            return os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    else:
        check(libc.unshare(CLONE_NEWPID))
    child = os.fork()
    if not child:
        become(options)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if options["init"]:
        for cgroup in options["cgroups"]:
            for pid in Path(cgroup, "cgroup.procs").read_text().split():
                if pid != "0":
                    kill(int(pid))
    return code if code >= 0 else 128 - code


def become(options: dict[str, Any]) -> None:
    for cgroup in options["cgroups"]:
        Path(cgroup, "cgroup.procs").write_text("0")
    if options["cgroup_namespace"]:
        join_or_make(options["cgroup_namespace"], CLONE_NEWCGROUP)
    root = Path(options["root"])
    if options["mounts_of"]:
        join(options["mounts_of"], CLONE_NEWNS)
    else:
        check(libc.unshare(CLONE_NEWNS))
        mount("none", "/", "", MS_REC | MS_PRIVATE)
        mount("proc", str(root / "proc"), "proc", 0)
        for path in options["binds"]:
            mount(path, str(root / path.lstrip("/")), "", MS_BIND | MS_REC)
    os.setsid()
    if options["tty"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chroot(root)
    os.chdir("/")
    uid, gid = options["user"]
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    argv = options["argv"]
    os.execvpe(argv[0], argv, options["env"])


def join_or_make(namespace: str, kind: int) -> None:
    if namespace == "new":
        check(libc.unshare(kind))
    else:
        join(namespace, kind)


def join(namespace: str, kind: int) -> None:
    with open(namespace) as handle:  # noqa: PTH123  # its number is wanted
        check(libc.setns(handle.fileno(), kind))


def mount(source: str, target: str, kind: str, flags: int) -> None:
    check(libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None))


def check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
