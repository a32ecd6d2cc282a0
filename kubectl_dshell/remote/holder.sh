# shellcheck shell=sh
# First process of the debug container: it waits, ends the processes of sessions that are over, and itself when none is left.
#
# stdin   (as /proc/PID/fd/3) the clients' words, a line each (protocol.py): beat ID SECONDS AT, bye ID, keep SECONDS, end; and
#         target PID, of an exec
# env     DSHELL_LEASE   seconds it waits for the first beat
#         DSHELL_STARTER the session it was started for, which others that come and go meanwhile must not end; and seconds it waits
#                        for the first beat of that one
#         DSHELL_LIMIT   seconds after which it ends whatever the clients say
#         DSHELL_HOLDER  this text
# /dev/termination-log   while it lives one line of numbers: its PID; how many sessions there are; and, in seconds since the node
#         started, the last word of a client (or its own start), until when it is kept (0: it is not), its limit.
#         Then why it ended: the container's status.terminated.message
#
# It prints nothing, starts no process while it waits, and signals nothing outside its own container (processes.sh, which comes first).
#
# A tether's exit code, and one line that it did not echo, are the holder's: killed by SIGUSR1 its session was silent for too long and
# what it ran was ended, by SIGUSR2 there was nothing to end any more. "dshell-leaving": the pod is being stopped.

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

# As sh (posix) bash times a read by a signal, and one that comes just before the read is lost: it would wait for ever. Else by select.
# shellcheck disable=SC3040 # of bash
[ -z "$BASH_VERSION" ] || set +o posix

# Is $1 a word of digits that a shell can calculate with?
number() { case $1 in '' | 0?* | *[!0-9]* | ??????????*) return 1 ;; esac; }

# From here on a word fails at its writer: a directory cannot be written.
deaf() { exec 3</; }

# finish WHY APP: says why and ends. APP is there if the app has ended with its pod: all that is left ends with it, and nobody is to wait.
finish() {
	trap '' TERM HUP INT
	deaf
	exec 4<&-
	echo "$1" >/dev/termination-log
	[ "$2" ] || end_processes
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
		forget - && forget "$2"
		[ "$2" != "$expected" ] || expected=
		until=$((now + $3)) ahead=
		case $was in */*/*/?*) ahead=${was##*/} ;; esac
		! number "$4" || timely "$3" "$4"
		sessions="$sessions $2/$until/$3/$ahead"
		;;
	bye)
		[ "$2" ] && [ "$2" != - ] || return
		forget "$2" && why="ended by its last session"
		over="$over$2 "
		[ ${#over} -lt 500 ] || over=${over#* }
		end_processes "$2"
		;;
	keep) number "$2" && kept=$((now + $2)) kept_for=$2 || return ;;
	target)
		# an exec has found it: no word of a client
		! number "$2" || target=$2
		return
		;;
	end) finish "ended by a client" ;;
	*) return ;;
	esac
	spoke=$now
}
# Takes session $1 out of $sessions; what stood there is in $was.
forget() {
	rest= was=
	for other in $sessions; do
		if [ "${other%%/*}" = "$1" ]; then was=$other; else rest="$rest $other"; fi
	done
	sessions=$rest
}
# Sets $until for a beat of $1 seconds that was said at $2, on its client's clock: a word may be on its way for long, and what counts is
# when it was said. $ahead is how far our clock is ahead of the client's, by the quickest word so far.
timely() {
	[ "$ahead" ] && [ "$ahead" -lt $((now - $2)) ] || { ahead=$((now - $2)) && return; }
	# of several connections one may be slower than another
	until=${was#*/} until=${until%%/*}
	[ "$until" -ge $(($2 + ahead + $1)) ] || until=$(($2 + ahead + $1))
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
		id=${session%%/*} until=${session#*/} seconds=${until#*/} until=${until%%/*} seconds=${seconds%%/*}
		if [ "$until" -gt "$now" ]; then
			[ "$until" -ge "$next" ] || next=$until
		elif [ "$id" = "$expected" ]; then
			# no exec of it has come, and to one that is just coming we will be deaf
			forget "$id" && expected= why="ended after $seconds s without its first client"
		else
			forget "$id" && why="ended after $seconds s without a client"
			lapse "$id"
			end_processes "$id" tether
		fi
	done
	[ -z "$sessions" ] && [ "$kept" ] || return
	if [ "$kept" -gt "$now" ]; then
		[ "$kept" -ge "$next" ] || next=$kept
	else
		kept= why="ended after being kept for $kept_for s"
	fi
}

# Tell the tether of session $1 whether a command of it runs: one that has ended by itself may have left processes behind. A signal's end
# is settled when it is sent, so the kill that follows does not matter.
lapse() {
	tethers= word=USR2
	look "$1"
	for process in $list; do
		split "$process"
		if [ "$kind" = line ]; then tethers="$tethers $pid"; elif [ "$leader" ] && [ "$parent" != 1 ]; then word=USR1; fi
	done
	for pid in $tethers; do hit $word "$pid"; done
}

# The pod is being stopped: sessions go on for as long as there is something to look at, and not a moment longer, for the pod is not
# gone until we are. Where the app is PID 1 the kernel sees to it, elsewhere this does.
target_runs() { [ "$target" ] && whole "/proc/$target/stat" && case ${all##*) } in [ZX]*) false ;; esac }
say_leaving() {
	[ -z "$said" ] || return
	said=1 childless=1
	look ""
	for pid in $lines; do
		whole "/proc/$pid/cmdline"
		case $all in *dshelltether*) echo dshell-leaving >"/proc/$pid/fd/1" ;; esac
	done 2>/dev/null
	# shellcheck disable=SC2034 # for look
	childless=
}

: "${DSHELL_LEASE:=50}" "${DSHELL_LIMIT:=28800}"
# in a shortage of memory this goes before the app
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null
# The words come through descriptor 3, because 0 is another file for as long as something is read from one. Opened for writing too:
# so it never ends, whatever becomes of the runtime's end.
if { true 3<>/proc/$$/fd/0; } 2>/dev/null; then exec 3<>/proc/$$/fd/0; else exec 3<&0; fi
# shellcheck disable=SC2086 # two words
set -- $DSHELL_STARTER
expected=$1 first=$2
number "$first" || first=$DSHELL_LEASE
clock && limit=$((now + DSHELL_LIMIT)) sessions=${expected:--}/$((now + first))/$first/ over= kept= failed=
spoke=$now published= target= leaving= said=
# A line of nothing ends the wait: not every shell ends its read at a signal, and a handler that read would cut a word in two.
trap 'leaving=1; { echo >&3; } 2>/dev/null' TERM
while clock && [ "$now" -lt "$limit" ]; do
	expire
	publish
	wait=$((next - now))
	# the last session is over: another's next beat may be under way
	[ "$sessions$kept" ] || wait=0.25
	if [ "$leaving" ]; then
		target_runs || finish "ended by the cluster" "$target"
		[ "$sessions$kept" ] || finish "ended by the cluster"
		say_leaving
		wait=0.25 began=$ticks
	fi
	if read -r -t "$wait" word id seconds at _ <&3; then
		clock && hear "$word" "$id" "$seconds" "$at"
	elif [ "$leaving" ]; then
		# a descriptor that has ended is no wait
		clock && [ "$ticks" != "$began" ] || sleep 0.25 2>/dev/null
	elif [ -z "$sessions$kept" ]; then
		# a word may have come just before; on a busy node it takes a moment to read it
		exec 4<&3
		deaf
		read -r -t 0.5 word id seconds at _ <&4 || finish "$why"
		exec 3<&4 4<&-
		clock && hear "$word" "$id" "$seconds" "$at"
	elif clock && [ "$now" -lt "$next" ]; then
		# not silence but the end of the input: nobody can speak any more
		[ "$now" != "$failed" ] || finish "ended by the cluster"
		failed=$now
	fi
done
finish "ended at its limit of $DSHELL_LIMIT s"
