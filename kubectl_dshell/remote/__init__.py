"""The scripts that run in the debug container, and their protocol.

holder.sh is the container's first process: it reads messages from its stdin and ends itself when no session is left.
enter.sh runs in every exec (a shell, a command, or the tether that carries the messages), after target.sh has found the
app. All scripts are POSIX shell with `local`, for busybox ash, bash, and dash with bash beside it. `script` loads them,
`protocol` and `copying` implement their protocols.
"""
