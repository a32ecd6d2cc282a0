# shellcheck shell=sh
# Finds the processes of the container that this script runs in ($$ is the script itself), and ends them and no others.
#
# The app must get no zombies: a process that loses its parent becomes a child of PID 1, which is the app, and stays a
# zombie forever if the app does not reap. So nothing is killed while it has a child, living or dead, or before it was
# seen stopped: a stopped process without children cannot get any. Only a shell that waits for its child and catches
# SIGINT may have dead children when it is signalled: it reaps them first and then dies of the signal.
#
# Functions return their results in global variables (listed as "sets"), because a command substitution would start a
# process. The fields of the process at hand are such globals as well: pid parent state ignores catches kind leads
# own_root. `local` is dynamic in a shell: the functions that a function calls see, and set, what it declares.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC3045 # read -t: only in the holder, whose shell has it
# shellcheck disable=SC2034 # variables for the scripts that follow
:

# Bits of the signal masks in /proc/PID/stat: SIGINT is signal 2, SIGQUIT 3, SIGTERM 15.
readonly INT_BIT=2 INT_QUIT_BITS=6 INT_QUIT_TERM_BITS=16390
# In /proc/PID/stat the third field follows the command name; from there to starttime (22), and on to sigignore (33).
readonly STAT_FIELDS=40 TO_STARTTIME=19 TO_SIGIGNORE=11
# Hundredths of a second: how long a process may be busy before it is stopped all the same, how long an exec may take to
# start, and how long the killing goes on.
readonly BUSY_TICKS=20 STARTING_TICKS=500 KILLING_TICKS=500
# How long, after the last signal, the signalled ones may take until they get a processor.
readonly LATE_TICKS=50
# How long the kernel may take to change a process's state, and a process to reap.
readonly STATE_TICKS=100 REAP_TICKS=100
# On a busy node a few rounds may exceed all of these limits: busy processes are spared in the first rounds anyway.
readonly PATIENT_ROUNDS=4
# Of run_until_reaped: how many lengths of a moment there are, from which one on sleeping counts, and how often it may.
readonly MOMENTS=40 LONG_MOMENT=35 SLEEPS=10

# sets: now (seconds) and ticks (hundredths of a second), both since the node started
read_clock() {
	read -r ticks _ </proc/uptime && now=${ticks%.*} && ticks=$now${ticks#*.}
}

# read_file FILE: its text without NULs, with a space after each line.
# bash leaves a variable as it is if read fails, for example on a file of a process that has just gone.
# sets: file_text
read_file() {
	local line=
	file_text=
	while line= && read -r line || [ "$line" ]; do
		file_text="$file_text$line "
	done <"$1"
} 2>/dev/null

# contains LIST WORD: whether LIST, which begins and ends with a space, has WORD.
has_word() {
	case $1 in
	*" $2 "*) ;;
	*) return 1 ;;
	esac
}

# scan_processes SESSION: the processes of this container, of SESSION only or (empty) of all sessions.
#
# sets: process_list  those of the session, as PID:PARENT:STATE:IGNORES:CATCHES:KIND
#       session_pids  their PIDs
#       own_pids      the PIDs of all processes of this container
#       exec_pids     those of kind "exec"
#       busy_pids     those that are running and do not wait for anything
#       oldest        the process that started first
#       waits_PID     the children of a process that waits for a child
#       starting      not empty if the session has, or may have, an exec that is not yet one of the others: amid
#                     execve(2) a process first has no arguments, then no environment
#       cgroup_line   the first line of our own cgroup file, for send_signal
#
# IGNORES: 2 if it ignores SIGINT, plus 4 for SIGQUIT (a background job of a script: both), plus 16384 for SIGTERM (an
#          interactive shell). CATCHES: the same for the signals that it handles.
# KIND:    "exec" while it runs our own scripts (a tether, or an exec that is just starting), "prompt" for an
#          interactive shell or what is below one, "work" for the rest.
#
# The app, and with hostPID the whole node, may run as our user. A process is ours only if its whole cgroup file equals
# ours (one line is not enough: some hierarchies are "/" for all) and its root directory is ours too, or it was started
# with --chroot, or its parent is ours. PID 1 never is: beside an app it is the app.
# It belongs to a session if its environment says so, or if its parent or the leader of its kernel session does: each
# exec has a kernel session of its own.
scan_processes() {
	local own_cgroup= longest_line= line= files= file= dir= session= arguments= process=
	local first_start= rest= others= found= unsure=
	process_list=
	session_pids=" "
	own_pids=" "
	exec_pids=" "
	busy_pids=" "
	starting=
	read_file /proc/$$/cgroup || return
	own_cgroup=$file_text
	while read -r line; do
		[ ${#line} -le ${#longest_line} ] || longest_line=$line
	done </proc/$$/cgroup
	# grep only for speed: with hostPID there are many processes
	[ "$start_nothing" ] || files=$(grep -lsxF -- "$longest_line" /proc/[0-9]*/cgroup)
	read -r cgroup_line </proc/$$/cgroup
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		dir=${file%/*}
		pid=${file#/proc/}
		pid=${pid%/*}
		own_root=
		session=
		[ "$pid" != $$ ] &&
			[ "$pid" != 1 ] &&
			read -r line <"$file" &&
			[ "$line" = "$cgroup_line" ] &&
			read_file "$file" &&
			[ "$file_text" = "$own_cgroup" ] &&
			parse_stat "$pid" &&
			[ "$parent" != $$ ] ||
			continue
		case $state in
		[ZX]) continue ;;
		R) busy_pids="$busy_pids$pid " ;;
		esac
		# an exec is known by its arguments until it runs its command: its environment is that of the container
		if [ "$dir/root" -ef /proc/$$/root ] || is_chrooted "$dir"; then
			own_root=1
			own_pids="$own_pids$pid "
			read_file "$dir/cmdline"
		fi
		arguments=$file_text
		kind=work
		# shellcheck disable=SC2016 # the text itself
		case ${own_root:-0}$arguments in
		1) starting=$1 ;;
		1*'eval "$dshell"'*dshell*)
			kind="exec"
			exec_pids="$exec_pids$pid "
			case $arguments in
			*dshelltether*"$1 ") session=1 ;;
			*dshelltether*) ;;
			*"$1"*) starting=$1 ;;
			esac
			;;
		1*)
			read_file "$dir/environ"
			case $file_text in *DSHELL_NAME=*) kind=prompt ;; esac
			case $file_text in
			*"DSHELL_SESSION=$1"*) session=1 ;;
			'') [ "$state" != R ] || own_root=1u ;;
			esac
			[ "$session" ] || { read_file "$dir/cmdline" && [ "$file_text" = "$arguments" ]; } || own_root=1u
			;;
		esac
		[ "$1" ] || session=1
		process=$pid:$parent:$state:$ignores:$catches:$kind
		if [ "$own_root" ] && [ "$session" ]; then
			select_process
		else
			rest="$rest $process:$leads:$own_root"
		fi
		if [ "$own_root" ] && {
			[ -z "$first_start" ] ||
				[ "$started" -lt "$first_start" ] ||
				{ [ "$started" = "$first_start" ] && [ "$pid" -lt "$oldest" ]; }
		}; then
			oldest=$pid
			first_start=$started
		fi
	done
	found=1
	while [ "$found" ]; do
		found=
		others=$rest
		rest=
		unsure=
		for process in $others; do
			parse_record "$process"
			if has_word "$session_pids" "$parent" || { [ "$own_root" ] && has_word "$session_pids" "$leads"; }; then
				found=1
				select_process
			else
				rest="$rest $process"
				case $own_root in *u) unsure=$1 ;; esac
			fi
		done
	done
	starting=$starting$unsure
} 2>/dev/null

# is_chrooted DIR: whether the process was started with --chroot (chroot.sh).
is_chrooted() {
	read_file "$1/environ"
	case $file_text in *DSHELL_CHROOT=1*) ;; *) return 1 ;; esac
}

# Adds the process at hand ($process is its record) to those of the session.
# sets: process_list session_pids own_pids waits_PID child_pids
select_process() {
	has_word "$own_pids" "$pid" || own_pids="$own_pids$pid "
	process_list="$process_list $process"
	session_pids="$session_pids$pid "
	# where processors are scarce, a while passes between SIGSTOP and the stop: it seems to run, but still is where it was
	case $state in
	T) return ;;
	R) ! has_word "$held_pids" "$pid" || return ;;
	esac
	child_pids=
	read_file "/proc/$pid/wchan"
	case $state,$file_text in S,do_wait* | S,*sigsuspend* | S,0*) list_children "$pid" ;; esac
	eval "waits_$pid=\$child_pids"
}

# parse_stat PID: false if the process is gone. Its name may contain anything.
# sets: state parent leads (its kernel session) started (in ticks) ignores catches
parse_stat() {
	state=
	read_file "/proc/$1/stat"
	# shellcheck disable=SC2086 # the fields from the third on
	set -- ${file_text##*) }
	[ $# -gt $STAT_FIELDS ] || return
	state=$1
	parent=$2
	leads=$4
	shift $TO_STARTTIME
	started=$1
	shift $TO_SIGIGNORE
	ignores=$(($1 & INT_QUIT_TERM_BITS))
	catches=$(($2 & INT_QUIT_TERM_BITS))
}

# list_children PID
# sets: child_pids; alive and dead, not empty if there are such children
list_children() {
	local file= child= found=
	alive=
	dead=
	child_pids=
	if [ -e /proc/$$/task/$$/children ]; then
		for file in /proc/"$1"/task/*/children; do
			found=
			read -r found <"$file"
			child_pids=$child_pids$found${found:+ }
		done
	else
		# not every kernel has that file
		for file in /proc/[0-9]*; do
			read_file "$file/stat"
			found=${file_text##*) ? }
			[ "${found%% *}" != "$1" ] || child_pids="$child_pids${file#/proc/} "
		done
	fi
	for child in $child_pids; do
		read_file "/proc/$child/stat"
		case ${file_text##*) } in
		[ZX]*) dead=1 ;;
		?*) alive=1 ;;
		esac
	done
} 2>/dev/null

# parse_record RECORD: makes a process of $process_list the one at hand.
# sets: pid parent state ignores catches kind leads own_root; leader, empty if its parent is one of ours
parse_record() {
	IFS=:
	# shellcheck disable=SC2086 # its fields
	set -- $1
	IFS=$default_ifs
	pid=$1
	parent=$2
	state=$3
	ignores=$4
	catches=$5
	kind=$6
	leads=$7
	own_root=$8
	leader=1
	if [ "$parent" != 1 ] && has_word "$own_pids" "$parent"; then
		leader=
		[ "$kind" != prompt ] || kind=work
	fi
}
default_ifs=$IFS

# send_signal SIGNAL PID: only if the process is still ours: it may have ended, and another may have its number.
send_signal() {
	local line=
	read -r line <"/proc/$2/cgroup" && [ "$line" = "$cgroup_line" ] && kill "-$1" "$2"
} 2>/dev/null

# await_state PID PATTERN: waits until the process is in such a state, for a second at most.
await_state() {
	local deadline=
	read_clock
	deadline=$((ticks + STATE_TICKS))
	while parse_stat "$1" && read_clock && [ "$ticks" -lt "$deadline" ]; do
		# shellcheck disable=SC2254 # a pattern
		case $state in $2) return ;; esac
	done
	return 1
}

# end_processes SESSION [EXECS]: ends the processes of SESSION, or (empty) of all, within a second if a processor is
# free.
#
# Leaves first. All are stopped, so that nothing starts meanwhile; then a process without children gets a signal and is
# continued; later it is killed as it stands. A shell that waits for its child wakes up with the child dead and SIGINT
# pending: it reaps, then dies of the signal instead of running its next command. Any other parent has to be run until
# it has reaped: see run_until_reaped.
# With $start_nothing no process is started, and the oldest ends last: it is the container's first process, at whose end
# the runtime kills all others. An exec that is just starting is left alone, and so is a tether unless EXECS is set; but
# one of our scripts is given time to reap, and an exec of SESSION time to become something that can be ended.
start_nothing=
# hundredths of a second: SIGINT first, then SIGHUP, then SIGKILL; from the last on also to what was not seen stopped
interrupt_for=30
hang_up_until=45
kill_until=1500
end_processes() {
	local began= phase_began= elapsed= rounds= signal= previous= bash= process= exec_pid=
	local signalled_pids=" " kill_only=" " awaited_pids=" " held_pids=" "
	local spare_busy= spared= running_pids= remaining= late_until=0
	read_clock
	began=$ticks
	phase_began=$ticks
	bash=$(command -v bash)
	while read_clock && elapsed=$((ticks - phase_began)) && [ "$elapsed" -lt $((kill_until + KILLING_TICKS)) ]; do
		previous=$signal
		signal=KILL
		[ "$elapsed" -ge $hang_up_until ] || signal=HUP
		[ "$elapsed" -ge $interrupt_for ] || signal=INT
		[ "$signal" = "$previous" ] || signalled_pids=" "
		scan_processes "$1"
		if [ "$starting" ] && [ $((ticks - began)) -lt $STARTING_TICKS ]; then
			phase_began=$ticks
			sleep 0.02 2>/dev/null
			continue
		fi
		rounds=x$rounds
		spare_busy=1
		[ $((ticks - began)) -gt $BUSY_TICKS ] && [ ${#rounds} -gt $PATIENT_ROUNDS ] && spare_busy=
		stop_processes "$2"
		remaining=$spared
		[ -z "$spared" ] || phase_began=$ticks
		for process in $process_list; do
			parse_record "$process"
			next_signal "$2"
		done
		for exec_pid in $exec_pids; do
			list_children "$exec_pid"
			[ -z "$dead" ] || remaining=1
		done
		[ "$remaining" ] || break
		[ "$start_nothing" ] || sleep 0.02 2>/dev/null
	done
}

# stop_processes [EXECS]: stops whatever runs, parents first: an interactive shell that sees its command stopped would
# go on with what was typed ahead. With $spare_busy a busy process is given a moment to wait for its child: only then is
# it sure to reap it. One that was signalled and is busy may not have got a processor since: stopped once more, it would
# not get to its signal.
# sets: running_pids, those that were not stopped before; held_pids, those that were sent SIGSTOP; spared, not empty if
#       a busy process was left running
stop_processes() {
	local found=1 stopped_pids=" " process=
	spared=
	running_pids=" "
	for process in $process_list; do
		parse_record "$process"
		[ "$state" = T ] && stopped_pids="$stopped_pids$pid " || running_pids="$running_pids$pid "
	done
	while [ "$found" ]; do
		found=
		for process in $process_list; do
			parse_record "$process"
			has_word "$stopped_pids" "$pid" || { [ "$kind" = exec ] && [ -z "$1" ]; } && continue
			has_word "$session_pids" "$parent" && ! has_word "$stopped_pids" "$parent" && continue
			if has_word "$signalled_pids" "$pid" &&
				{ [ "$signal" != KILL ] || { [ "$ticks" -lt "$late_until" ] && has_word "$busy_pids" "$pid"; }; }; then
				[ "$kind" = prompt ] && list_children "$pid" && [ -z "$child_pids" ] || continue
			elif [ "$spare_busy" ] && has_word "$busy_pids" "$pid"; then
				spared=1
				continue
			fi
			stopped_pids="$stopped_pids$pid "
			found=1
			held_pids="$held_pids$pid "
			send_signal STOP "$pid"
		done
	done
}

# next_signal [EXECS]: sends the process at hand the signal that is due, if it is its turn.
# sets: remaining, if there is more to do; signalled_pids; awaited_pids, the parents of what was signalled; kill_only,
#       what is to get no other signal than SIGKILL
next_signal() {
	local send= goes_on=
	if [ "$kind" = exec ] && [ -z "$1" ]; then
		# its short-lived children need their parent
		[ "$leader" ] || remaining=1
		return
	fi
	remaining=1
	[ "$elapsed" -lt $kill_until ] || send_signal KILL "$pid"
	[ "$state" = T ] && ! has_word "$running_pids" "$parent" && list_children "$pid" && [ -z "$alive" ] || return
	[ -z "$start_nothing" ] || [ "$pid" != "$oldest" ] || [ "$process_list" = " $process" ] || return
	send=$signal
	if [ "$dead" ]; then
		send=KILL
		eval "[ \"\$waits_$pid\" = \"\$child_pids\" ]" &&
			[ $((catches & INT_BIT)) != 0 ] &&
			! has_word "$kill_only" "$pid" &&
			send=INT
		# at SIGINT a shell leaves its own `wait` for background jobs once it has reaped one of them
		case $child_pids in *' '?*) has_word "$awaited_pids" "$pid" || send=KILL ;; esac
		[ "$kind" != prompt ] || send=INT
	elif [ "$kind" != work ] || has_word "$kill_only" "$pid"; then
		send=KILL
	elif [ $(((ignores | catches) & INT_BIT)) = 0 ]; then
		# it dies of any signal: let a bash that waits for it die of the same, however late it is
		send=INT
	elif [ $((ignores & INT_BIT)) != 0 ] && [ "$send" = INT ]; then
		send=TERM
	fi
	! has_word "$signalled_pids" "$pid" || send=KILL
	# bash goes on with its script, SIGINT or not, unless the command it waits for died of SIGINT
	# (or unless it is in its own `wait`, for a background job, which ignores SIGINT)
	[ $((ignores & INT_QUIT_BITS)) = $INT_QUIT_BITS ] || awaited_pids="$awaited_pids$parent "
	[ "$send" = INT ] ||
		[ $((ignores & INT_QUIT_BITS)) = $INT_QUIT_BITS ] ||
		! [ "/proc/$parent/exe" -ef "$bash" ] ||
		goes_on="$parent "
	# one that was slow to die of its SIGINT may do so now
	has_word "$signalled_pids" "$pid" || kill_only=$kill_only$goes_on
	if [ "$send" = KILL ]; then
		[ -z "$dead" ] || run_until_reaped || return
		kill_only=$kill_only$goes_on
		send_signal KILL "$pid"
		return
	fi
	signalled_pids="$signalled_pids$pid "
	late_until=$((ticks + LATE_TICKS))
	if [ "$kind" = prompt ]; then
		# drop what was typed ahead: the session is over
		while read -r -t 0.05 _; do :; done </proc/"$pid"/fd/0
	fi 2>/dev/null
	send_signal "$send" "$pid"
	send_signal CONT "$pid"
}

# Lets $pid, which is stopped, run for moments of many lengths until one ends after it has reaped and before it starts
# another child; those that it does start are killed young. Measured with both processors taken: one moment in ten, of a
# few milliseconds each, ends there. A process that sleeps while it could reap never will, as it has children and waits
# for none: it is killed nevertheless.
# False if there is a grandchild, whose turn it is, or if the process was not caught within a second: others wait, too.
# sets: kill_only
run_until_reaped() {
	local moment=0 sleeps= deadline= before= child= current= spins=
	kill_only="$kill_only$pid "
	read_clock
	deadline=$((ticks + REAP_TICKS))
	while [ "$ticks" -lt "$deadline" ] &&
		[ ${#sleeps} -lt $SLEEPS ] &&
		await_state "$pid" T &&
		list_children "$pid" &&
		[ "$child_pids" ]; do
		before=$child_pids
		for child in $before; do
			parse_stat "$child" || continue
			case $state in [ZX]) continue ;; esac
			send_signal STOP "$child"
			await_state "$child" '[TZX]' && list_children "$child" && [ -z "$child_pids" ] || return
			send_signal KILL "$child"
			await_state "$child" '[ZX]'
		done
		moment=$(((moment + 1) % MOMENTS))
		spins=0
		current=${before% }
		kill -CONT "$pid"
		while [ $spins -lt $moment ] && [ "$current " = "$before" ]; do
			spins=$((spins + 1))
			read -r current </proc/"$pid"/task/"$pid"/children
		done
		[ $moment -lt $LONG_MOMENT ] ||
			[ "$current " != "$before" ] ||
			{ parse_stat "$pid" && [ "$state" = S ] && sleeps=x$sleeps; }
		kill -STOP "$pid"
	done 2>/dev/null
	[ ${#sleeps} -ge $SLEEPS ] || { await_state "$pid" T && list_children "$pid" && [ -z "$child_pids" ]; }
}
