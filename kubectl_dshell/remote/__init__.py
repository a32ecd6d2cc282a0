"""The scripts that run in the debug container, and their protocol.

first_process.sh is in the pod's spec, and becomes holder.sh, which reads messages from its stdin and ends itself when
no session is left. All others are sent to the exec that needs them: a shell, a command, or the tether that carries the
messages. They are POSIX shell with `local`, for busybox ash, bash, and dash with bash beside it. `script` loads them,
`exec_script` builds execs of them, `protocol` and `copying` implement their protocols.
"""
