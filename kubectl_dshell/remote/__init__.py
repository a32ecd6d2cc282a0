"""What runs in the debug container, and the protocol spoken with it.

holder.sh is the container's first process: it waits for words on its stdin and ends itself when no session is left.
enter.sh runs in every exec (a shell, a command, or the tether that carries the words), after target.sh has found the
app. All scripts are POSIX shell with `local`, for busybox ash, bash, and dash with bash beside it. `script` loads them,
`protocol` and `copying` are their languages.
"""
