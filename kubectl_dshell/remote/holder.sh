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
# It prints nothing, starts no process while it waits, and signals nothing outside its own container.
# It leaves the app no zombie: a process that loses its parent becomes a child of the app, and stays if the app does not reap.
# So a process is only ended while its parent lives, and the parent only after it has reaped.

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

# Seconds (now) and hundredths of a second (ticks) since the node started.
clock() { read -r ticks _ </proc/uptime && now=${ticks%.*} && ticks=$now${ticks#*.}; }

# The text of a file in $all: NULs dropped, a blank after each line.
whole() { all= && while read -r line || [ "$line" ]; do all="$all$line "; done <"$1"; } 2>/dev/null

has() { case $1 in *" $2 "*) ;; *) return 1 ;; esac; }

# Is $1 a word of digits that a shell can calculate with?
number() { case $1 in '' | 0?* | *[!0-9]* | ??????????*) return 1 ;; esac; }

# The processes of this container: in $list, as PID:PARENT:IGNORES:KIND, and $listed those of session $1 (or all), in $everyone all
# PIDs, in $parents those with a living child. The app, and with hostPID the whole node, may run as our user: a process is ours only
# if its whole cgroup file equals ours (one line is not enough: some hierarchies are "/" for all) and its root directory is ours too.
# IGNORES: 2 if it ignores SIGINT, plus 4 for SIGQUIT (background job of a script: both), plus 16384 for SIGTERM (interactive shell).
# KIND: line (still in enter.sh: a tether, or an exec just starting), prompt (below an interactive shell, or the shell), work.
look() {
	list= listed=" " everyone=" " parents=" "
	whole /proc/$$/cgroup || return
	mine=$all key=
	while read -r line; do [ ${#line} -le ${#key} ] || key=$line; done </proc/$$/cgroup
	# only for speed: with hostPID there are many processes
	files=$(grep -lsxF -- "$key" /proc/[0-9]*/cgroup)
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		dir=${file%/*} pid=${file#/proc/} pid=${pid%/*}
		[ "$pid" != $$ ] && whole "$file" && [ "$all" = "$mine" ] && [ "$dir/root" -ef /proc/$$/root ] && whole "$dir/stat" || continue
		# shellcheck disable=SC2086 # the fields of stat, from the third on
		stat ${all##*) }
		[ "$parent" != $$ ] || continue
		everyone="$everyone$pid " parents="$parents$parent "
		whole "$dir/environ"
		kind=work
		case $all in
		*DSHELL_ENTER=*) kind=line && whole "$dir/cmdline" ;;
		*DSHELL_NAME=*) kind=prompt ;;
		esac
		case $1,$all in ,* | *"DSHELL_SESSION=$1"* | *dshelltether*"$1 ") list="$list $pid:$parent:$ignores:$kind" listed="$listed$pid " ;; esac
	done
}
stat() { parent=$2 && shift 30 && ignores=$(($1 & 16390)); }

# End the processes of session $1 (or all) within a second, leaves first. All are stopped, so that nothing starts meanwhile; then a
# process without living children gets a signal and goes on. A shell in a script thus wakes up with its child dead and SIGINT pending:
# it reaps the child, then dies of the signal instead of running its next command. An interactive shell reaps and is killed.
# What is at the start of an exec is left alone, and so is a tether unless $2 is set.
end_processes() {
	clock
	begin=$ticks signal= stopped=" " told=" " had_children=" " hard=" " bash=$(command -v bash)
	while clock && past=$((ticks - begin)) && [ "$past" -lt 75 ]; do
		was=$signal signal=KILL
		[ "$past" -ge 45 ] || signal=HUP
		[ "$past" -ge 30 ] || signal=INT
		[ "$signal" = "$was" ] || stopped=" " told=" "
		look "$1"
		had_children=$had_children$parents
		stop_new && continue
		left=
		for process in $list; do
			split "$process"
			tell "$2"
		done
		[ "$left" ] || break
		sleep 0.02 2>/dev/null
	done
}
split() {
	pid=${1%%:*} kind=${1##*:} parent=${1#*:} ignores=${1%:*}
	parent=${parent%%:*} ignores=${ignores##*:}
	leader=1
	[ "$parent" != 1 ] && ! has "$everyone" "$parent" || leader=
}

# Stop what is not stopped yet; false if there was nothing. Parents first: an interactive shell that sees its command stopped would
# go on with what was typed ahead.
stop_new() {
	new=1 more=1
	while [ "$more" ]; do
		more=
		for process in $list; do
			split "$process"
			[ "$kind" != line ] && ! has "$stopped" "$pid" && ! has "$told" "$parent" || continue
			has "$listed" "$parent" && ! has "$stopped" "$parent" && continue
			stopped="$stopped$pid " new=0 more=1
			kill -STOP "$pid" 2>/dev/null
		done
	done
	return $new
}

# Do what is next for the process that was split.
tell() {
	if [ "$kind" = line ]; then
		# its short-lived children need their parent
		[ "$leader" ] || left=1
		[ -z "$1" ] || kill -KILL "$pid" 2>/dev/null
		return
	fi
	left=1
	! has "$parents" "$pid" && ! has "$told" "$parent" || return
	[ "$kind" = prompt ] && [ "$leader" ] || kind=work
	if has "$told" "$pid"; then
		zombies=
		[ "$kind" = work ] || read -r zombies _ </proc/"$pid"/task/"$pid"/children
		[ "$kind" = prompt ] && [ -z "$zombies" ] || [ "$signal" = KILL ] && kill -KILL "$pid"
		return
	fi 2>/dev/null
	told="$told$pid "
	send=$signal
	[ $((ignores & 2)) = 0 ] && { has "$had_children" "$pid" || [ "$kind" = prompt ]; } && send=INT
	[ $send = INT ] && [ $((ignores & 2)) != 0 ] && send=TERM
	# bash goes on with its script, SIGINT or not, unless the command it waits for died of SIGINT
	[ $send = INT ] || [ $((ignores & 6)) = 6 ] || hard="$hard$parent "
	has "$hard" "$pid" && [ "$ignores" -lt 16384 ] && [ "/proc/$pid/exe" -ef "$bash" ] && send=KILL
	if [ "$kind" = prompt ]; then
		# what was typed ahead is not for a session that is over
		while read -r -t 0.05 _; do :; done </proc/"$pid"/fd/0
	fi 2>/dev/null
	{ kill -$send "$pid" && kill -CONT "$pid"; } 2>/dev/null
}

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

# A client's word changes $sessions (of ID/UNTIL/SECONDS) or $kept (until when); anything else is ignored.
hear() {
	case $2 in *[!A-Za-z0-9-]*) return ;; esac
	case $1 in
	beat)
		[ "$2" ] && number "$3" || return
		forget "$2" && forget -
		[ "$2" != "$expected" ] || expected=
		sessions="$sessions $2/$((now + $3))/$3"
		;;
	bye)
		[ "$2" ] && [ "$2" != - ] || return
		forget "$2" && why="ended by its last session"
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

# Tell who asks (enter.sh) how things are. The session it was started for counts once it has spoken.
publish() {
	count=0
	for session in $sessions; do
		case ${session%%/*} in - | "$expected") ;; *) count=$((count + 1)) ;; esac
	done
	[ "$published" = "$count $spoke ${kept:-0}" ] && return
	published="$count $spoke ${kept:-0}"
	echo "$$ $published $limit" >/dev/termination-log
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
clock && limit=$((now + DSHELL_LIMIT)) sessions=${DSHELL_STARTER:--}/$((now + DSHELL_LEASE))/$DSHELL_LEASE kept= failed=
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
