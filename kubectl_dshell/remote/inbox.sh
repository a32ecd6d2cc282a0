# shellcheck shell=sh
# The way to the holder: its PID, in the file in which it publishes its state, and its inbox, which is its descriptor 3.

# shellcheck disable=SC2034 # variables for the scripts that follow
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

readonly LOG=/dev/termination-log
# In seconds, of a session: client and holder rely on the same value.
readonly LEASE=50
# Nothing has been run: the holder has ended, or is ending.
readonly HOLDER_GONE=73
# How often to look, 20 ms apart: for a holder, whose file is empty while the container is starting; and for its inbox,
# which may be closed for half a second before the holder ends.
readonly HOLDER_TRIES=50 INBOX_TRIES=40

# an image with bash alone has no sleep: who reads what nobody writes waits, too; other shells cannot parse that
[ -z "$BASH_VERSION" ] || command -v sleep >/dev/null || eval 'sleep() { read -r -t "$1" _ <> <(:); }'

# If memory runs short, the kernel takes this process before the app.
yield_memory() {
	echo 1000 >/proc/self/oom_score_adj
} 2>/dev/null

# Waits for the first process of the container.
# sets: holder (its PID; empty: none), published (the rest of its line)
await_holder() {
	local tries=
	holder=
	# the reason for an end has no line break, and there is nothing to wait for: a container that ends now would leave our
	# sleep to the app
	until read -r holder published <$LOG || [ "$holder" ] || [ ${#tries} = $HOLDER_TRIES ]; do
		tries=x$tries
		sleep 0.02
	done 2>/dev/null
	# anybody may write that file
	case $holder in *[!0-9]*) holder= ;; esac
}

inbox_is_open() {
	[ -p "/proc/$holder/fd/3" ]
}

# send_word WORD: false if the holder has ended. In a subshell, which may die of a closed pipe.
send_word() {
	inbox_is_open && (echo "$1" >"/proc/$holder/fd/3") 2>/dev/null
}

# Tells the holder which process of the app to watch when the pod is being stopped (target.sh has found it).
send_target() {
	[ "$DSHELL_PID" = 0 ] || send_word "target $DSHELL_PID"
}

# A holder closes its inbox before it listens for the last time: nobody reads what was sent after that, unless the
# holder then gets another message and opens it again.
await_inbox() {
	local tries=
	until inbox_is_open; do
		# the reason for its end, as in await_holder
		read -r _ <$LOG || return 1
		tries=x$tries
		[ ${#tries} -lt $INBOX_TRIES ] || return 1
		sleep 0.02
	done
}
