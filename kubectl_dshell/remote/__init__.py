"""What runs in the debug container, and the words spoken with it.

holder.sh is the container's first process: it waits for words on its stdin and ends itself when no session
is left. enter.sh runs in every exec: a shell, a command, or the tether that carries the words. Both are
POSIX shell for busybox ash, bash, and dash beside bash. `script` loads them, `protocol` is their language.
"""
