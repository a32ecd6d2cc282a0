# shellcheck shell=sh
# The processes of the container that a script runs in ($$ is the script's own), and how to end them, and no other.
#
# It leaves the app no zombie: a process that loses its parent becomes a child of the app, and stays if the app does not reap.
# So a process is only ended while its parent lives, and the parent only after it has reaped.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC3045 # read -t: only in the holder, whose shell has it
# shellcheck disable=SC2034 # for the scripts that follow
:

# Seconds (now) and hundredths of a second (ticks) since the node started.
clock() { read -r ticks _ </proc/uptime && now=${ticks%.*} && ticks=$now${ticks#*.}; }

# The text of a file in $all: NULs dropped, a blank after each line.
whole() { all= && while read -r line || [ "$line" ]; do all="$all$line "; done <"$1"; } 2>/dev/null

has() { case $1 in *" $2 "*) ;; *) return 1 ;; esac; }

# The processes of this container: in $list, as PID:PARENT:IGNORES:KIND, and $listed those of session $1 (or all), in $everyone all
# PIDs, in $parents those with a living child, in $lines those of the kind line. The app, and with hostPID the whole node, may run as
# our user: a process is ours only if its whole cgroup file equals ours (one line is not enough: some hierarchies are "/" for all) and
# its root directory is ours too.
# PID 1 never is: beside an app it is the app.
# IGNORES: 2 if it ignores SIGINT, plus 4 for SIGQUIT (background job of a script: both), plus 16384 for SIGTERM (interactive shell).
# KIND: line (still in enter.sh: a tether, or an exec just starting), prompt (below an interactive shell, or the shell), work.
# $busy are the PIDs of all that do not wait for anything; $starting is set if session $1 has, or may have, an exec that is
# not yet one of the others: amid execve(2) a process has neither words nor an environment.
look() {
	list= listed=" " everyone=" " parents=" " lines=" " busy=" " starting=
	whole /proc/$$/cgroup || return
	mine=$all key=
	while read -r line; do [ ${#line} -le ${#key} ] || key=$line; done </proc/$$/cgroup
	# only for speed: with hostPID there are many processes
	files=
	[ "$childless" ] || files=$(grep -lsxF -- "$key" /proc/[0-9]*/cgroup)
	read -r first </proc/$$/cgroup
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		dir=${file%/*} pid=${file#/proc/} pid=${pid%/*}
		[ "$pid" != $$ ] && [ "$pid" != 1 ] && read -r line <"$file" && [ "$line" = "$first" ] && whole "$file" && [ "$all" = "$mine" ] && [ "$dir/root" -ef /proc/$$/root ] && whole "$dir/stat" || continue
		# shellcheck disable=SC2086 # the fields of stat, from the third on
		stat ${all##*) }
		[ "$parent" != $$ ] || continue
		[ "$state" != R ] || busy="$busy$pid "
		everyone="$everyone$pid " parents="$parents$parent "
		# not by its environment, which has both scripts in it: a shell reads a byte at a time
		whole "$dir/cmdline"
		kind=work
		# shellcheck disable=SC2016 # the text
		case $all in
		'') starting=$1 ;;
		*'eval "$DSHELL_ENTER"'*dshell*)
			kind=line lines="$lines$pid "
			case $all in *dshelltether*) ;; *"$1"*) starting=$1 ;; esac
			;;
		*)
			whole "$dir/environ"
			case $all in *DSHELL_NAME=*) kind=prompt ;; esac
			;;
		esac
		case $1,$all in ,* | *"DSHELL_SESSION=$1"* | *dshelltether*"$1 ") list="$list $pid:$parent:$ignores:$kind" listed="$listed$pid " ;; esac
	done
} 2>/dev/null
stat() { state=$1 parent=$2 && shift 30 && ignores=$(($1 & 16390)); }

# End the processes of session $1 (or all) within a second, leaves first. All are stopped, so that nothing starts meanwhile; then a
# process without living children gets a signal and goes on. A shell in a script thus wakes up with its child dead and SIGINT pending:
# it reaps the child, then dies of the signal instead of running its next command. An interactive shell reaps and is killed.
# With $childless set no process is started: whose first process is told may be ended with it at any moment.
# What is at the start of an exec is left alone, and so is a tether unless $2 is set; but a script of ours is given time to reap, and
# an exec of session $1 to become what can be ended.
# Where others leave little of the processor a few rounds take longer than all these times.
childless= interrupt_for=30 hang_up_until=45 kill_until=150
end_processes() {
	clock
	asked=$ticks begin=$ticks looks= rounds= signal= stopped=" " told=" " had_children=" " hard=" " bash=$(command -v bash)
	while clock && past=$((ticks - begin)) && { [ "$past" -lt $kill_until ] || [ ${#rounds} -lt 6 ]; }; do
		rounds=x$rounds
		was=$signal signal=KILL
		[ "$past" -ge $hang_up_until ] || signal=HUP
		[ "$past" -ge $interrupt_for ] || signal=INT
		[ "$signal" = "$was" ] || stopped=" " told=" "
		look "$1"
		if [ "$starting" ] && [ $((ticks - asked)) -lt 500 ]; then
			begin=$ticks rounds=
			sleep 0.02 2>/dev/null
			continue
		fi
		had_children=$had_children$parents looks=x$looks
		[ $((ticks - asked)) -gt 20 ] && [ ${#looks} -gt 4 ]
		patient=$?
		stop_new && continue
		left=$hasty
		[ -z "$hasty" ] || begin=$ticks rounds=
		for process in $list; do
			split "$process"
			tell "$2"
		done
		for line in $lines; do
			read -r dead _ </proc/"$line"/task/"$line"/children
			[ -z "$dead" ] || left=1
		done 2>/dev/null
		[ "$left" ] || break
		[ "$childless" ] || sleep 0.02 2>/dev/null
	done
}
split() {
	pid=${1%%:*} kind=${1##*:} parent=${1#*:} ignores=${1%:*}
	parent=${parent%%:*} ignores=${ignores##*:}
	leader=1
	[ "$parent" != 1 ] && ! has "$everyone" "$parent" || leader=
}

# Stop what is not stopped yet; false if there was nothing. Parents first: an interactive shell that sees its command stopped would
# go on with what was typed ahead. What is $busy is given a moment: a shell that does not yet wait for its child would leave it behind
# at the signal. $hasty is set meanwhile.
stop_new() {
	new=1 more=1 hasty=
	while [ "$more" ]; do
		more=
		for process in $list; do
			split "$process"
			[ "$kind" != line ] && ! has "$stopped" "$pid" && ! has "$told" "$parent" || continue
			has "$listed" "$parent" && ! has "$stopped" "$parent" && continue
			if [ "$patient" = 1 ] && has "$busy" "$pid"; then
				hasty=1
				continue
			fi
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
	has "$stopped" "$pid" && ! has "$parents" "$pid" && ! has "$told" "$parent" || return
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
	[ "$send" = INT ] && [ $((ignores & 2)) != 0 ] && send=TERM
	# bash goes on with its script, SIGINT or not, unless the command it waits for died of SIGINT
	[ "$send" = INT ] || [ $((ignores & 6)) = 6 ] || hard="$hard$parent "
	has "$hard" "$pid" && [ "$ignores" -lt 16384 ] && [ "/proc/$pid/exe" -ef "$bash" ] && send=KILL
	if [ "$kind" = prompt ]; then
		# what was typed ahead is not for a session that is over
		while read -r -t 0.05 _; do :; done </proc/"$pid"/fd/0
	fi 2>/dev/null
	{ kill -"$send" "$pid" && kill -CONT "$pid"; } 2>/dev/null
}
