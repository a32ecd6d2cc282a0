# shellcheck shell=sh
# Passes the holder's text from stdin to the container's first process. After inbox.sh.

# shellcheck disable=SC2086 # names without blanks
# shellcheck disable=SC2154 # from inbox.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# How often to check, 10 ms apart, whether the first process has become the holder (with the text of another session,
# if that came later).
readonly BECOMING_TRIES=200

# deliver_program SESSION-ID: reads lines up to an empty one, and sends them to the container's first process if it
# still waits for them (first_process.sh); then sends a beat for the session, because earlier messages are lost.
deliver_program() {
	local line='' length=0 tries=''
	await_holder
	if [ "$published" != new ]; then
		while read -r line && [ "$line" ]; do :; done
		return
	fi
	# a subshell, which may die of a closed pipe
	(
		echo "program $$"
		while read -r line; do
			[ "$line" ] || {
				echo "run $$ $length"
				break
			}
			# dash's echo interprets backslashes
			printf '%s\n' "$$ $line"
			length=$((length + ${#line} + 1))
		done
	) 2>/dev/null >"/proc/$holder/fd/3"
	while read -r holder published <$LOG && [ "$published" = new ] && [ ${#tries} -lt $BECOMING_TRIES ]; do
		tries=x$tries
		sleep 0.01
	done
	send_word "beat $1 $LEASE"
}
