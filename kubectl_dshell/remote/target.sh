# shellcheck shell=sh
# Finds the app's container: which of the processes in sight are the target's, by the cgroup names of the runtimes, and
# which of those can be entered. Comes before session.sh and tether.sh.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2154 # target_id is from what follows, no_target from app_image.sh
# shellcheck disable=SC2034 # variables for the scripts that follow
:

# In /proc/PID/stat the third field follows the command name; this is how far it is from there to starttime (22).
readonly STAT_FIELDS=40 TO_STARTTIME=19

# is_target FILE: whether a path in the cgroup file FILE has $target_id as a component, in the forms of containerd and
# CRI-O (and cri-dockerd), with the cgroupfs and the systemd driver.
is_target() {
	local line=
	while read -r line; do
		case $line/ in
		*/"$target_id"/*) return 0 ;;
		*/cri-containerd-"$target_id".scope/* | *:cri-containerd:"$target_id"/*) return 0 ;;
		*/crio-"$target_id"/* | */crio-"$target_id".scope/*) return 0 ;;
		*/docker-"$target_id".scope/*) return 0 ;;
		esac
	done <"$1"
	return 1
} 2>/dev/null

# read_start PID: false if the process is gone. Its name may contain anything, line breaks too.
# sets: started, in ticks (hundredths of a second) since the node's start
read_start() {
	local line= stat_text=
	while read -r line; do
		stat_text="$stat_text $line"
	done <"/proc/$1/stat"
	# shellcheck disable=SC2086 # the fields from the third on
	set -- ${stat_text##*) }
	[ $# -gt $STAT_FIELDS ] && shift $TO_STARTTIME && started=$1
} 2>/dev/null

# Finds the oldest process of the target or, if its root is closed to us, another one of that container whose root is
# open. It is PID 1 unless the container shares its PID namespace.
# sets: DSHELL_PID (0: none), root (ok or denied), and the working directory
find_target() {
	local files= file= pid= pids= oldest=
	DSHELL_PID=0
	root=denied
	# a copy of a pod has the app's files, and no process of it
	[ -z "$no_target" ] || {
		root=ok
		return
	}
	# an empty name would be that of every process
	[ "$target_id" ] || return
	if is_target /proc/1/cgroup && cd /proc/1/root 2>/dev/null; then
		DSHELL_PID=1
		root=ok
		return
	fi
	# grep only for speed: a node has many processes
	files=$(grep -ls -- "$target_id" /proc/[0-9]*/cgroup)
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		pid=${file#/proc/}
		pid=${pid%/*}
		is_target "$file" && read_start "$pid" || continue
		pids="$pids $pid"
		[ "$DSHELL_PID" = 0 ] ||
			[ "$started" -lt "$oldest" ] ||
			{ [ "$started" = "$oldest" ] && [ "$pid" -lt "$DSHELL_PID" ]; } ||
			continue
		DSHELL_PID=$pid
		oldest=$started
	done
	[ "$DSHELL_PID" = 0 ] || for pid in $DSHELL_PID $pids; do
		cd "/proc/$pid/root" 2>/dev/null && DSHELL_PID=$pid && root=ok && break
	done
}
