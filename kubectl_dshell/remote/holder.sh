# shellcheck shell=sh
# First process of the debug container: it waits, ends the processes of sessions that are over, and itself when none is left.
#
# stdin   (as /proc/PID/fd/3) the clients' words, a line each (protocol.py): beat ID SECONDS, bye ID, keep SECONDS, end
# env     DSHELL_LEASE   seconds it waits for the first beat
#         DSHELL_STARTER the session it was started for, which others that come and go meanwhile must not end
#         DSHELL_LIMIT   seconds after which it ends whatever the clients say
#         DSHELL_HOLDER  this text
# /dev/termination-log   while it lives one line of numbers: its PID; how many sessions there are; and, in seconds since the node
#         started, the last word of a client (or its own start), until when it is kept (0: it is not), its limit.
#         Then why it ended: the container's status.terminated.message
#
# It prints nothing, starts no process while it waits, and signals nothing outside its own container (processes.sh, which comes first).

# shellcheck disable=SC2154 # from processes.sh
# shellcheck disable=SC3045 # read -t: looked for first
# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
:

(read -r -t 1 _ </dev/null) 2>/dev/null
if [ $? -gt 1 ]; then
	# dash has no read -t
	[ -z "$BASH_VERSION" ] && command -v bash >/dev/null && exec bash -c "$DSHELL_HOLDER" dshell
	echo "the debug image needs a shell whose read has -t: busybox ash or bash" >/dev/termination-log
	exit 69
fi

# Is $1 a word of digits that a shell can calculate with?
number() { case $1 in '' | 0?* | *[!0-9]* | ??????????*) return 1 ;; esac; }

# From here on a word fails at its writer: a directory cannot be written.
deaf() { exec 3</; }

finish() {
	trap '' TERM HUP INT
	deaf
	exec 4<&-
	echo "$1" >/dev/termination-log
	end_processes
	# a tether may still have a word to echo
	sleep 0.05 2>/dev/null
	exit 0
}

# A client's word changes $sessions (of ID/UNTIL/SECONDS), $over (the IDs of the last that said bye) or $kept (until when); anything
# else is ignored.
hear() {
	case $2 in *[!A-Za-z0-9-]*) return ;; esac
	case $1 in
	beat)
		[ "$2" ] && number "$3" || return
		if has " $over" "$2"; then
			# an exec that the node started after its client had gone
			end_processes "$2"
			return
		fi
		forget "$2" && forget -
		[ "$2" != "$expected" ] || expected=
		sessions="$sessions $2/$((now + $3))/$3"
		;;
	bye)
		[ "$2" ] && [ "$2" != - ] || return
		forget "$2" && why="ended by its last session"
		over="$over$2 "
		[ ${#over} -lt 500 ] || over=${over#* }
		end_processes "$2"
		;;
	keep) number "$2" && kept=$((now + $2)) kept_for=$2 || return ;;
	end) finish "ended by a client" ;;
	*) return ;;
	esac
	spoke=$now
}
forget() {
	rest=
	for other in $sessions; do [ "${other%%/*}" = "$1" ] || rest="$rest $other"; done
	sessions=$rest
}

# Tell who asks (enter.sh) how things are. The session it was started for counts once it has spoken. Written over the last line, all of one
# width, so that the file is never seen empty.
publish() {
	count=0
	for session in $sessions; do
		case ${session%%/*} in - | "$expected") ;; *) count=$((count + 1)) ;; esac
	done
	[ "$published" = "$count $spoke ${kept:-0}" ] && return
	published="$count $spoke ${kept:-0}"
	printf '%-60s\n' "$$ $published $limit" 1<>/dev/termination-log
}

# End the sessions that were silent for too long; $next becomes the time of the next end.
expire() {
	next=$limit
	for session in $sessions; do
		until=${session#*/} until=${until%/*}
		if [ "$until" -gt "$now" ]; then
			[ "$until" -ge "$next" ] || next=$until
		else
			forget "${session%%/*}" && why="ended after ${session##*/} s without a client"
			end_processes "${session%%/*}" tether
		fi
	done
	[ -z "$sessions" ] && [ "$kept" ] || return
	if [ "$kept" -gt "$now" ]; then
		[ "$kept" -ge "$next" ] || next=$kept
	else
		kept= why="ended after being kept for $kept_for s"
	fi
}

: "${DSHELL_LEASE:=50}" "${DSHELL_LIMIT:=28800}"
# in a shortage of memory this goes before the app
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null
# The words come through descriptor 3, because 0 is another file for as long as something is read from one. Opened for writing too:
# so it never ends, whatever becomes of the runtime's end.
if { true 3<>/proc/$$/fd/0; } 2>/dev/null; then exec 3<>/proc/$$/fd/0; else exec 3<&0; fi
trap 'finish "ended by the cluster"' TERM
clock && limit=$((now + DSHELL_LIMIT)) sessions=${DSHELL_STARTER:--}/$((now + DSHELL_LEASE))/$DSHELL_LEASE over= kept= failed=
expected=$DSHELL_STARTER spoke=$now published=
while clock && [ "$now" -lt "$limit" ]; do
	expire
	publish
	wait=$((next - now))
	# the last session is over: another's next beat may be under way
	[ "$sessions$kept" ] || wait=0.25
	if read -r -t "$wait" word id seconds _ <&3; then
		clock && hear "$word" "$id" "$seconds"
	elif [ -z "$sessions$kept" ]; then
		# a word may have come just before
		exec 4<&3
		deaf
		read -r -t 0.01 word id seconds _ <&4 || finish "$why"
		exec 3<&4 4<&-
		clock && hear "$word" "$id" "$seconds"
	elif clock && [ "$now" -lt "$next" ]; then
		# not silence but the end of the input: nobody can speak any more
		[ "$now" != "$failed" ] || finish "ended by the cluster"
		failed=$now
	fi
done
finish "ended at its limit of $DSHELL_LIMIT s"
