# shellcheck shell=sh
# Ends all processes of the container in which an exec starts it, as the user of that exec, whichever tool created the
# container. It comes through the stdin of `sh`, after processes.sh, and does nothing before its last line: half of it
# is harmless.
#
# stdout  one line: "dshell-end ended", or why nothing was signalled: "blind" (our own cgroup cannot be seen), "first"
#         (the container's first process is PID 1, which no signal from inside ends; or PID 1 cannot be told apart
#         from our own), "none" (no process is certain to be ours). No line if the container ended before this script.

# shellcheck disable=SC2154 # from processes.sh
# shellcheck disable=SC2034 # for processes.sh
# shellcheck disable=SC1007 # a=: an empty value
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

start_nothing=1
interrupt_for=100
hang_up_until=200
kill_until=1000

answer() {
	echo "dshell-end $1"
	exit 0
}

main() {
	local own_cgroup=
	read_file /proc/$$/cgroup && [ "$file_text" ] || answer blind
	own_cgroup=$file_text
	read_file /proc/1/cgroup
	[ "$file_text" != "$own_cgroup" ] || answer first
	scan_processes
	[ "$process_list" ] || answer none
	# in a container of ours everything was started with our scripts in its arguments
	end_processes "" execs
	answer ended
}
