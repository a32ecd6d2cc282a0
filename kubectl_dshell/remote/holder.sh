# shellcheck shell=sh
# What the first process of the debug container becomes (first_process.sh). It waits, ends the processes of sessions
# that are over, and ends itself when no session is left. processes.sh comes before it.
#
# stdin   (as /proc/PID/fd/3) the clients' messages, one per line (protocol.py): beat ID SECONDS AT, bye ID, keep
#         SECONDS, end; and from an exec: target PID
# env     DSHELL_PROTOCOL  "VERSION ID SECONDS": the session that the container was added for, which must not be ended
#                          while others come and go; and the seconds to wait for its first beat
#         DSHELL_LIMIT     seconds after which it ends, regardless of its clients
#         DSHELL_TOOLS     "NAME PID START ...": the debug container whose shell and tools we use, its holder, and when
#                          that started (in ticks)
# /dev/termination-log    while it lives, one line of numbers: its PID; the number of sessions; and, in seconds since
#         the node started, the last message of a client (or its own start), until when it is kept (0: not at all),
#         its limit. At the end the reason, which becomes the container's status.terminated.message.
#
# It prints nothing, starts no process while it waits, and signals nothing outside its own container.
#
# To the client a tether's exit code is the holder's answer: a tether is killed by SIGUSR1 if its session was silent for
# too long and what it ran was ended, by SIGUSR2 if there was nothing left to end. So is the one line on its stdout that
# is not an echo: "dshell-leaving", the pod is being stopped.

# shellcheck disable=SC2154 # from processes.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC3045 # read -t: looked for first
# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
:

# Seconds. After the last session: for the next beat of another one, then for a message that is already in the pipe.
# While the pod is being stopped: how often to look for the app. At the end: for a tether to echo its last message.
readonly GRACE_SECONDS=0.25 LAST_READ_SECONDS=0.5 STOPPING_SECONDS=0.25 ECHO_SECONDS=0.05
# In seconds, of the lender of our tools: how often to look whether it lives, and how much longer than ourselves it is
# to stay if we vanish.
readonly LENDER_SECONDS=15 LENT_SECONDS=30
# How much is remembered of the IDs of ended sessions.
readonly ENDED_BYTES=500
readonly LOG=/dev/termination-log

# is_number WORD: whether it is all digits and a shell can calculate with it.
is_number() {
	case $1 in '' | 0?* | *[!0-9]* | ??????????*) return 1 ;; esac
}

# From here on, a message fails at its writer: a directory cannot be written to.
close_inbox() {
	exec 3</
}

# end_container REASON [APP]: publishes REASON and ends. With APP the app has ended with its pod: whatever is left ends
# with it, and nobody is to wait for that.
end_container() {
	trap '' TERM HUP INT
	close_inbox
	exec 4<&-
	printf %s "$1" >$LOG
	[ "$2" ] || end_processes
	# a tether may still have a message to echo
	sleep $ECHO_SECONDS 2>/dev/null
	return_tools
	exit 0
}

# handle_word WORD ID|SECONDS|PID SECONDS AT: anything else is ignored.
# sets: sessions (of ID/EXPIRES/SECONDS/AHEAD), ended_sessions (the IDs that said bye last), kept_until and kept_for,
#       target, expected, reason, last_word
handle_word() {
	local expires= ahead=
	case $2 in *[!A-Za-z0-9-]*) return ;; esac
	case $1 in
	beat)
		[ "$2" ] && is_number "$3" || return
		if has_word " $ended_sessions" "$2"; then
			# an exec that the node started after its client was gone
			end_processes "$2"
			return
		fi
		forget_session -
		forget_session "$2"
		[ "$2" != "$expected" ] || expected=
		expires=$((now + $3))
		case $forgotten in */*/*/?*) ahead=${forgotten##*/} ;; esac
		! is_number "$4" || date_back "$3" "$4"
		# only a tether says AT, and it may have come after the last announcement
		[ -z "$4" ] || announced=
		sessions="$sessions $2/$expires/$3/$ahead"
		;;
	bye)
		[ "$2" ] && [ "$2" != - ] || return
		forget_session "$2"
		reason="ended by its last session"
		ended_sessions="$ended_sessions$2 "
		[ ${#ended_sessions} -lt $ENDED_BYTES ] || ended_sessions=${ended_sessions#* }
		end_processes "$2"
		;;
	keep)
		is_number "$2" && kept_until=$((now + $2)) && kept_for=$2 || return
		;;
	target)
		# from an exec that has found it: not a message of a client
		! is_number "$2" || target=$2
		return
		;;
	end) end_container "ended by a client" ;;
	*) return ;;
	esac
	last_word=$now
}

# forget_session ID
# sets: sessions; forgotten, its record
forget_session() {
	local rest= session=
	forgotten=
	for session in $sessions; do
		if [ "${session%%/*}" = "$1" ]; then
			forgotten=$session
		else
			rest="$rest $session"
		fi
	done
	sessions=$rest
}

# date_back SECONDS AT: for a beat of SECONDS that was sent at AT on the client's clock. A message may take
# long to arrive, and what counts is when it was sent.
# sets: expires; ahead, how far our clock is ahead of the client's, by the quickest message so far
date_back() {
	[ "$ahead" ] && [ "$ahead" -lt $((now - $2)) ] || { ahead=$((now - $2)) && return; }
	# of several connections one may be slower than another
	expires=${forgotten#*/}
	expires=${expires%%/*}
	[ "$expires" -ge $(($2 + ahead + $1)) ] || expires=$(($2 + ahead + $1))
}

# Publishes the state, for inbox.sh and state.sh. The session that the container was started for counts once it
# has sent a message. Written over the previous line and padded to one width, so that the file is never seen empty.
# sets: published_state
publish_state() {
	local count=0 session=
	for session in $sessions; do
		case ${session%%/*} in
		- | "$expected") ;;
		*) count=$((count + 1)) ;;
		esac
	done
	[ "$published_state" = "$count $last_word ${kept_until:-0}" ] && return
	published_state="$count $last_word ${kept_until:-0}"
	printf '%-60s\n' "$$ $published_state $limit" 1<>$LOG
}

# Ends the sessions that were silent for too long.
# sets: next_end, the time of the next end; sessions expected kept_until reason
end_silent_sessions() {
	local session= id= expires= seconds=
	next_end=$limit
	for session in $sessions; do
		id=${session%%/*}
		expires=${session#*/}
		seconds=${expires#*/}
		expires=${expires%%/*}
		seconds=${seconds%%/*}
		if [ "$expires" -gt "$now" ]; then
			[ "$expires" -ge "$next_end" ] || next_end=$expires
		elif [ "$id" = "$expected" ]; then
			# no exec of it has come; the inbox will be closed to one that is just coming
			forget_session "$id"
			expected=
			reason="ended after $seconds s without its first client"
		else
			forget_session "$id"
			reason="ended after $seconds s without a client"
			signal_tethers "$id"
			end_processes "$id" execs
		fi
	done
	[ -z "$sessions" ] && [ "$kept_until" ] || return
	if [ "$kept_until" -gt "$now" ]; then
		[ "$kept_until" -ge "$next_end" ] || next_end=$kept_until
	else
		kept_until=
		reason="ended after being kept for $kept_for s"
	fi
}

# signal_tethers SESSION: tells its tether whether a command of the session is running; one that has ended by itself may
# have left processes behind. The first fatal signal decides a process's exit code, so the KILL that follows does not
# matter.
signal_tethers() {
	local process= tethers= tether= signal=USR2
	scan_processes "$1"
	for process in $process_list; do
		parse_record "$process"
		if [ "$kind" = exec ]; then
			tethers="$tethers $pid"
		elif [ "$leader" ] && [ "$parent" != 1 ]; then
			signal=USR1
		fi
	done
	for tether in $tethers; do
		send_signal $signal "$tether"
	done
}

# The pod is being stopped: sessions go on for as long as the app runs and no longer, because the pod is not gone before
# its last container has ended. If the app is PID 1 the kernel ends them with it, otherwise this script does.
target_runs() {
	[ "$target" ] && read_file "/proc/$target/stat" && case ${file_text##*) } in [ZX]*) false ;; esac
}

# Tells every tether that the pod is being stopped; again after a beat of one, as another may have come.
# sets: announced
announce_stop() {
	local tether=
	[ -z "$announced" ] || return
	announced=1
	start_nothing=1
	scan_processes ""
	for tether in $exec_pids; do
		read_file "/proc/$tether/cmdline"
		case $file_text in *dshelltether*) echo dshell-leaving >"/proc/$tether/fd/1" ;; esac
	done 2>/dev/null
	# shellcheck disable=SC2034 # for scan_processes
	start_nothing=
}

# Our shell and tools may be those of another debug container (app_image.sh), which is to stay for as long as we do: to
# its holder we are a session.
# sets: next_end, which comes early, since nobody tells us when that container ends
renew_tools() {
	[ "$lender" ] || return 0
	lender_runs || end_container "ended with its tools"
	# between the last session and the goodbye we may be killed, too
	[ "$sessions$kept_until" ] || next_end=$now
	# shellcheck disable=SC2154 # next_end
	echo "beat $lender_session $((next_end - now + LENT_SECONDS))" >"/proc/$lender/fd/3"
	[ "$next_end" -le $((now + LENDER_SECONDS)) ] || next_end=$((now + LENDER_SECONDS))
} 2>/dev/null

return_tools() {
	[ -z "$lender" ] || ! lender_runs || echo "bye $lender_session" >"/proc/$lender/fd/3"
} 2>/dev/null

lender_runs() {
	[ -p "/proc/$lender/fd/3" ] && read_file "/proc/$lender/stat" || return
	# the fields from the third on
	# shellcheck disable=SC2086 # words
	set -- ${file_text##*) }
	[ "${20}" = "$lender_start" ]
}

# Replaces first_process.sh; never returns.
main() {
	# As sh (posix) bash limits a read by a signal, and loses one that arrives just before the read: it would wait
	# forever. Otherwise it uses select(2).
	# shellcheck disable=SC3040 # of bash
	[ -z "$BASH_VERSION" ] || set +o posix
	# if memory runs short, the kernel takes this before the app
	{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null
	# Messages come through descriptor 3, because 0 is another file while something is read from one. Opened for
	# writing too, so that it never ends, whatever happens to the runtime's end.
	if { true 3<>/proc/$$/fd/0; } 2>/dev/null; then
		exec 3<>/proc/$$/fd/0
	fi
	# shellcheck disable=SC2086 # three words
	set -- $DSHELL_PROTOCOL
	expected=$2
	first_wait=$3
	read_clock && limit=$((now + DSHELL_LIMIT))
	sessions=${expected:--}/$((now + first_wait))/$first_wait/
	lender_session=$expected
	# shellcheck disable=SC2086 # words
	set -- $DSHELL_TOOLS
	lender=$2
	lender_start=$3
	# a message to a lender that has just ended fails
	[ -z "$lender" ] || trap '' PIPE
	ended_sessions= kept_until= failed_at=
	last_word=$now
	published_state= target= stopping= announced=
	# An empty line ends the wait: not every shell ends its read at a signal, and a handler that reads would cut a message
	# in two.
	trap 'stopping=1; { echo >&3; } 2>/dev/null' TERM
	while read_clock && [ "$now" -lt "$limit" ]; do
		end_silent_sessions
		renew_tools
		publish_state
		timeout=$((next_end - now))
		# the last session is over, but the next beat of another one may be on its way
		[ "$sessions$kept_until" ] || timeout=$GRACE_SECONDS
		if [ "$stopping" ]; then
			# in a copy of a pod we are PID 1: whatever is left is killed with us, and its client asks why
			target_runs || end_container "ended by the cluster" "$target$no_target"
			[ "$sessions$kept_until" ] || end_container "ended by the cluster"
			announce_stop
			timeout=$STOPPING_SECONDS
			waited_from=$ticks
		fi
		if read -r -t "$timeout" word id seconds at _ <&3; then
			read_clock && handle_word "$word" "$id" "$seconds" "$at"
		elif [ "$stopping" ]; then
			# a descriptor that has ended does not wait
			read_clock && [ "$ticks" != "$waited_from" ] || sleep $STOPPING_SECONDS 2>/dev/null
		elif [ -z "$sessions$kept_until" ]; then
			# a message may have come just before; on a busy node it takes a moment to read it
			exec 4<&3
			close_inbox
			read -r -t $LAST_READ_SECONDS word id seconds at _ <&4 || end_container "$reason"
			exec 3<&4 4<&-
			read_clock && handle_word "$word" "$id" "$seconds" "$at"
		elif read_clock && [ "$now" -lt "$next_end" ]; then
			# not silence but the end of the input: no message can arrive any more
			[ "$now" != "$failed_at" ] || end_container "ended by the cluster"
			failed_at=$now
		fi
	done
	end_container "ended at its limit of $DSHELL_LIMIT s"
}
