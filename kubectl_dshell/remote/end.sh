# shellcheck shell=sh
# Ends all processes of the container it is started in by an exec, whoever made it, as the user of that exec. It comes through the
# stdin of `sh`, after processes.sh, and runs at its last line: half of it does nothing.
#
# stdout  one line: "dshell-end ended", or why nothing was signalled: "blind" (our own cgroup is not to be seen), "first" (the
#         container's first process is PID 1, which no signal from inside ends; or PID 1 is not to be told from ours), "none" (no
#         process is surely ours). None at all if the container ended before us.

# shellcheck disable=SC2154 # from processes.sh
# shellcheck disable=SC2034 # for processes.sh
:

childless=1 interrupt_for=100 hang_up_until=200 kill_until=1000
answer() {
	echo "dshell-end $1"
	exit 0
}
main() {
	whole /proc/$$/cgroup && [ "$all" ] || answer blind
	mine=$all
	whole /proc/1/cgroup
	[ "$all" != "$mine" ] || answer first
	look
	[ "$list" ] || answer none
	# in one of ours everything was started with our texts
	end_processes "" all
	answer ended
}
main
