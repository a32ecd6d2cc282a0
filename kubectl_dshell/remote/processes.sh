# shellcheck shell=sh
# The processes of the container that a script runs in ($$ is the script's own), and how to end them, and no other.
#
# It leaves the app no zombie: a process that loses its parent becomes a child of the app, and stays if the app does not reap.
# So nothing is killed that has a child, living or dead, and nothing that is not seen to be stopped: what is stopped, and has no
# child, cannot get one. Only a shell that waits for its child and catches SIGINT may have dead ones: it reaps, then dies of it.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC3045 # read -t: only in the holder, whose shell has it
# shellcheck disable=SC2034 # for the scripts that follow
:

# Seconds (now) and hundredths of a second (ticks) since the node started.
clock() { read -r ticks _ </proc/uptime && now=${ticks%.*} && ticks=$now${ticks#*.}; }

# The text of a file in $all: NULs dropped, a blank after each line. bash leaves $line as it is where a read fails, as of a process that
# has just gone.
whole() { all= && while line= && read -r line || [ "$line" ]; do all="$all$line "; done <"$1"; } 2>/dev/null

has() { case $1 in *" $2 "*) ;; *) return 1 ;; esac; }

# The processes of this container: in $list, as PID:PARENT:STATE:IGNORES:CATCHES:KIND, and $listed those of session $1 (or all), in
# $everyone all PIDs, in $lines those of the kind line. The app, and with hostPID the whole node, may run as our user: a process is
# ours only if its whole cgroup file equals ours (one line is not enough: some hierarchies are "/" for all), and its root directory
# is ours too, or its parent is ours (chroot).
# PID 1 never is: beside an app it is the app.
# It is of session $1 if its environment says so, or if its parent or the leader of its kernel session (each exec has one) is.
# IGNORES: 2 if it ignores SIGINT, plus 4 for SIGQUIT (background job of a script: both), plus 16384 for SIGTERM (interactive shell).
# CATCHES: the same of what it has a handler for.
# KIND: line (still in enter.sh: a tether, or an exec just starting), prompt (below an interactive shell, or the shell), work.
# $busy are the PIDs of all that do not wait for anything, $oldest is the first process that started; waits_PID are the children of one
# that waits for a child; $starting is set if session $1 has, or may have, an exec that is not yet one of the others: amid execve(2) a
# process has no words, then no environment.
look() {
	list= listed=" " everyone=" " lines=" " busy=" " starting= rest= first_born=
	whole /proc/$$/cgroup || return
	mine=$all key=
	while read -r line; do [ ${#line} -le ${#key} ] || key=$line; done </proc/$$/cgroup
	# only for speed: with hostPID there are many processes
	files=
	[ "$childless" ] || files=$(grep -lsxF -- "$key" /proc/[0-9]*/cgroup)
	read -r first </proc/$$/cgroup
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		dir=${file%/*} pid=${file#/proc/} pid=${pid%/*} root= session=
		[ "$pid" != $$ ] && [ "$pid" != 1 ] && read -r line <"$file" && [ "$line" = "$first" ] && whole "$file" && [ "$all" = "$mine" ] && stat "$pid" && [ "$parent" != $$ ] || continue
		case $state in [ZX]) continue ;; R) busy="$busy$pid " ;; esac
		# not by its environment, which has both scripts in it: a shell reads a byte at a time
		[ "$dir/root" -ef /proc/$$/root ] && root=1 everyone="$everyone$pid " && whole "$dir/cmdline"
		words=$all kind=work
		# shellcheck disable=SC2016 # the text
		case ${root:-0}$words in
		1) starting=$1 ;;
		1*'eval "$DSHELL_ENTER"'*dshell*)
			kind=line lines="$lines$pid "
			case $words in *dshelltether*"$1 ") session=1 ;; *dshelltether*) ;; *"$1"*) starting=$1 ;; esac
			;;
		1*)
			whole "$dir/environ"
			case $all in *DSHELL_NAME=*) kind=prompt ;; esac
			case $all in *"DSHELL_SESSION=$1"*) session=1 ;; '') [ "$state" != R ] || root=1u ;; esac
			[ "$session" ] || { whole "$dir/cmdline" && [ "$all" = "$words" ]; } || root=1u
			;;
		esac
		[ "$1" ] || session=1
		process=$pid:$parent:$state:$ignores:$catches:$kind
		if [ "$root" ] && [ "$session" ]; then
			take
		else
			rest="$rest $process:$leads:$root"
		fi
		[ "$root" ] && { [ -z "$first_born" ] || [ "$born" -lt "$first_born" ] || { [ "$born" = "$first_born" ] && [ "$pid" -lt "$oldest" ]; }; } && oldest=$pid first_born=$born
	done
	more=1
	while [ "$more" ]; do
		more= others=$rest rest= unsure=
		for process in $others; do
			split "$process"
			if has "$listed" "$parent" || { [ "$root" ] && has "$listed" "$leads"; }; then
				more=1
				take
			else
				rest="$rest $process"
				case $root in *u) unsure=$1 ;; esac
			fi
		done
	done
	starting=$starting$unsure
} 2>/dev/null
take() {
	has "$everyone" "$pid" || everyone="$everyone$pid "
	list="$list $process" listed="$listed$pid "
	[ "$state" != T ] || return
	children=
	whole "/proc/$pid/wchan"
	case $state,$all in S,do_wait* | S,*sigsuspend* | S,0*) kids "$pid" ;; esac
	eval "waits_$pid=\$children"
}

# What is known of process $1; false if it is gone. Its name may hold anything.
stat() {
	state=
	whole "/proc/$1/stat"
	# shellcheck disable=SC2086 # the fields from the third on
	set -- ${all##*) }
	[ $# -gt 40 ] || return
	state=$1 parent=$2 leads=$4
	shift 19
	born=$1
	shift 11
	ignores=$(($1 & 16390)) catches=$(($2 & 16390))
}

# The $children of process $1; $alive and $dead are set if there are such.
kids() {
	alive= dead= children=
	if [ -e /proc/$$/task/$$/children ]; then
		for file in /proc/"$1"/task/*/children; do
			some=
			read -r some <"$file"
			children=$children$some${some:+ }
		done
	else
		# not every kernel tells
		for file in /proc/[0-9]*; do
			whole "$file/stat"
			some=${all##*) ? }
			[ "${some%% *}" != "$1" ] || children="$children${file#/proc/} "
		done
	fi
	for child in $children; do
		whole "/proc/$child/stat"
		case ${all##*) } in [ZX]*) dead=1 ;; ?*) alive=1 ;; esac
	done
} 2>/dev/null

split() {
	IFS=:
	# shellcheck disable=SC2086 # its parts
	set -- $1
	IFS=$blanks
	pid=$1 parent=$2 state=$3 ignores=$4 catches=$5 kind=$6 leads=$7 root=$8 leader=1
	if [ "$parent" != 1 ] && has "$everyone" "$parent"; then
		leader=
		[ "$kind" != prompt ] || kind=work
	fi
}
blanks=$IFS

# A signal, if the process is still ours: it may have ended, and its number be another's.
hit() { read -r line <"/proc/$2/cgroup" && [ "$line" = "$first" ] && kill "-$1" "$2"; } 2>/dev/null

# Wait until process $1 is in state $2, for a second at most.
becomes() {
	clock
	patience=$((ticks + 100))
	while stat "$1" && clock && [ "$ticks" -lt $patience ]; do
		# shellcheck disable=SC2254 # a pattern
		case $state in $2) return ;; esac
	done
	return 1
}

# End the processes of session $1 (or all), leaves first, within a second where a processor is free. All are stopped, so that nothing
# starts meanwhile; then a process without children gets a signal and goes on, later it is killed where it stands. A shell that waits
# for its child wakes up with the child dead and SIGINT pending: it reaps, then dies of the signal instead of running its next command.
# Any other parent has to be let run until it has reaped: see reap.
# With $childless set no process is started, and the oldest ends last: it is the first process, at whose end the runtime kills all.
# What is at the start of an exec is left alone, and so is a tether unless $2 is set; but a script of ours is given time to reap, and
# an exec of session $1 to become what can be ended.
childless= interrupt_for=30 hang_up_until=45 kill_until=1500
end_processes() {
	clock
	asked=$ticks begin=$ticks looks= signal= told=" " hard=" " awaited=" " bash=$(command -v bash)
	while clock && past=$((ticks - begin)) && [ "$past" -lt $((kill_until + 500)) ]; do
		was=$signal signal=KILL
		[ "$past" -ge $hang_up_until ] || signal=HUP
		[ "$past" -ge $interrupt_for ] || signal=INT
		[ "$signal" = "$was" ] || told=" "
		look "$1"
		if [ "$starting" ] && [ $((ticks - asked)) -lt 500 ]; then
			begin=$ticks
			sleep 0.02 2>/dev/null
			continue
		fi
		looks=x$looks
		[ $((ticks - asked)) -gt 20 ] && [ ${#looks} -gt 4 ]
		patient=$?
		stop_all "$2"
		left=$hasty
		[ -z "$hasty" ] || begin=$ticks
		for process in $list; do
			split "$process"
			tell "$2"
		done
		for line in $lines; do
			kids "$line"
			[ -z "$dead" ] || left=1
		done
		[ "$left" ] || break
		[ "$childless" ] || sleep 0.02 2>/dev/null
	done
}

# Stop what runs. Parents first: an interactive shell that sees its command stopped would go on with what was typed ahead. What is
# $busy is given a moment to wait for its child: only then is it sure to reap it. $hasty is set meanwhile.
stop_all() {
	more=1 hasty= stopped=" " running=" "
	for process in $list; do
		split "$process"
		[ "$state" = T ] && stopped="$stopped$pid " || running="$running$pid "
	done
	while [ "$more" ]; do
		more=
		for process in $list; do
			split "$process"
			has "$stopped" "$pid" || { [ "$kind" = line ] && [ -z "$1" ]; } && continue
			has "$listed" "$parent" && ! has "$stopped" "$parent" && continue
			if has "$told" "$pid" && [ "$signal" != KILL ]; then
				[ "$kind" = prompt ] && kids "$pid" && [ -z "$children" ] || continue
			elif [ "$patient" = 1 ] && has "$busy" "$pid"; then
				hasty=1
				continue
			fi
			stopped="$stopped$pid " more=1
			hit STOP "$pid"
		done
	done
}

# Do what is next for the process that was split.
tell() {
	if [ "$kind" = line ] && [ -z "$1" ]; then
		# its short-lived children need their parent
		[ "$leader" ] || left=1
		return
	fi
	left=1
	[ "$past" -lt $kill_until ] || hit KILL "$pid"
	[ "$state" = T ] && ! has "$running" "$parent" && kids "$pid" && [ -z "$alive" ] || return
	[ -z "$childless" ] || [ "$pid" != "$oldest" ] || [ "$list" = " $process" ] || return
	send=$signal
	if [ "$dead" ]; then
		send=KILL
		eval "[ \"\$waits_$pid\" = \"\$children\" ]" && [ $((catches & 2)) != 0 ] && ! has "$hard" "$pid" && send=INT
		# at SIGINT a shell leaves its own `wait` for jobs in the background when it has reaped one of them
		case $children in *' '?*) has "$awaited" "$pid" || send=KILL ;; esac
		[ "$kind" != prompt ] || send=INT
	elif [ "$kind" != work ] || has "$hard" "$pid"; then
		send=KILL
	elif [ $((ignores & 2)) != 0 ] && [ "$send" = INT ]; then
		send=TERM
	fi
	! has "$told" "$pid" || send=KILL
	# bash goes on with its script, SIGINT or not, unless the command it waits for died of SIGINT
	# (or unless it is in its own `wait`, for a job in the background, which ignores SIGINT)
	[ $((ignores & 6)) = 6 ] || awaited="$awaited$parent "
	[ "$send" = INT ] || [ $((ignores & 6)) = 6 ] || ! [ "/proc/$parent/exe" -ef "$bash" ] || hard="$hard$parent "
	if [ "$send" = KILL ]; then
		[ -z "$dead" ] || reap || return
		hit KILL "$pid"
		return
	fi
	told="$told$pid "
	if [ "$kind" = prompt ]; then
		# what was typed ahead is not for a session that is over
		while read -r -t 0.05 _; do :; done </proc/"$pid"/fd/0
	fi 2>/dev/null
	hit "$send" "$pid"
	hit CONT "$pid"
}

# Let $pid, which is stopped, run for moments of many lengths, until one has ended after it reaped and before it started another child;
# of those that it starts none becomes old. Measured with both processors taken: one of ten moments, a few milliseconds each, ends
# there. What sleeps while it could reap does not reap at all, as what has children and waits for none: that is killed nevertheless.
# False if there is a grandchild, whose turn it is, or if it was not caught within a second: others wait for their turn, too.
reap() {
	hard="$hard$pid " moment=0 asleep=
	clock
	enough=$((ticks + 100))
	while [ "$ticks" -lt $enough ] && [ ${#asleep} -lt 10 ] && becomes "$pid" T && kids "$pid" && [ "$children" ]; do
		was=$children
		for heir in $was; do
			stat "$heir" || continue
			case $state in [ZX]) continue ;; esac
			hit STOP "$heir"
			becomes "$heir" '[TZX]' && kids "$heir" && [ -z "$children" ] || return
			hit KILL "$heir"
			becomes "$heir" '[ZX]'
		done
		moment=$(((moment + 1) % 40)) so_far=0 more=${was% }
		kill -CONT "$pid"
		while [ $so_far -lt $moment ] && [ "$more " = "$was" ]; do
			so_far=$((so_far + 1))
			read -r more </proc/"$pid"/task/"$pid"/children
		done
		[ $moment -lt 35 ] || [ "$more " != "$was" ] || { stat "$pid" && [ "$state" = S ] && asleep=x$asleep; }
		kill -STOP "$pid"
	done 2>/dev/null
	[ ${#asleep} -ge 10 ] || { becomes "$pid" T && kids "$pid" && [ -z "$children" ]; }
}
