"""`__main__` of kubectl-dshell.pyz: unpacks it once for each user, and runs the program from there.

Out of a zip archive Python compiles every module at every start, which takes ten times as long as the program.
"""

import os
import sys

DIGEST = "@DIGEST@"


def usable(folder: str) -> bool:
    """Whether it is there, and nobody else can have put anything into it."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return found.st_uid == os.getuid() and found.st_mode & 0o170022 == 0o040000


def unpack(archive: str, folder: str) -> bool:
    """Into a directory beside, which is then renamed: a second process that does the same comes to no harm."""
    import shutil
    import tempfile
    import zipfile

    parent = os.path.dirname(folder)
    temporary = None
    try:
        os.makedirs(parent, mode=0o700, exist_ok=True)
        if usable(parent):
            temporary = tempfile.mkdtemp(dir=parent)
            with zipfile.ZipFile(archive) as members:
                members.extractall(temporary)
            os.rename(temporary, folder)
    except OSError:  # a full disk, a read-only home directory, or the other process was first
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
    return usable(folder)


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit("error: kubectl dshell needs Python 3.11 or newer, and this is " + sys.version.split()[0])
    if hasattr(os, "getuid"):  # else the program itself says what is missing
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        folder = os.path.join(cache, "kubectl-dshell", DIGEST)
        if os.path.isabs(folder) and (usable(folder) or unpack(sys.path[0], folder)):
            sys.path[0] = folder
    from kubectl_dshell.__main__ import run

    run()


main()
