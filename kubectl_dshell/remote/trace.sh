# shellcheck shell=sh
# --trace: whether a debugger in this session can attach to the app's process. Before inbox.sh, with lines that set
#   trace_remedy   what to type for root with SYS_PTRACE
#   trace_profile  the seccomp profile of the node's that the debug container has; empty for the runtime's
# Whoever stands in /proc/PID/root has passed all that ptrace(2) asks of PTRACE_ATTACH but this: Yama, seccomp, and that
# nobody else traces the process.

# shellcheck disable=SC2034,SC2154 # set before; tracer, effective... are of read_barriers
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# read_barriers PID
# sets: tracer, effective (capabilities), seccomp (2: a filter), yama (empty without it), release (of the kernel)
read_barriers() {
	local key='' value=''
	tracer=0 effective=0 seccomp=0 yama='' release=''
	while read -r key value; do
		case $key in
		CapEff:) effective=$value ;;
		Seccomp:) seccomp=$value ;;
		esac
	done </proc/self/status
	while read -r key value; do
		[ "$key" != TracerPid: ] || tracer=$value
	done <"/proc/$1/status"
	read -r yama </proc/sys/kernel/yama/ptrace_scope
	read -r release </proc/sys/kernel/osrelease
} 2>/dev/null

# judge_barriers: prints what forbids to attach, and what to type, if anything does.
judge_barriers() {
	local cannot="dshell: a debugger cannot attach to the app" major="${release%%.*}" minor=''
	minor=${release#*.}
	minor=${minor%%[!0-9]*}
	case $tracer in
	0) ;;
	*)
		echo "$cannot: process $tracer traces it already"
		return
		;;
	esac
	# the runtimes' own profile allows ptrace from Linux 4.8 on, which closed a way around seccomp
	if [ "$seccomp" = 2 ] && { [ "$major" -lt 4 ] || { [ "$major" = 4 ] && [ "${minor:-0}" -lt 8 ]; }; }; then
		echo "$cannot: seccomp forbids ptrace in kernels before 4.8, and this one is $release"
		return
	fi
	case $yama:$effective in
	3:*) echo "$cannot: kernel.yama.ptrace_scope is 3 on this node, so nobody may until the node restarts" ;;
	# with the bit of CAP_SYS_PTRACE, 19
	[12]:*[89a-f]????) ;;
	[12]:*)
		echo "$cannot: kernel.yama.ptrace_scope is $yama on this node, so only root with SYS_PTRACE may"
		printf '%s\n' "$trace_remedy"
		return
		;;
	esac
	[ -z "$trace_profile" ] ||
		printf 'dshell: whether a debugger may attach is up to the seccomp profile %s of the node\n' "$trace_profile"
}

# For the start of a session, once the target is known.
report_trace() {
	local tracer='' effective='' seccomp='' yama='' release=''
	read_barriers "$DSHELL_PID"
	judge_barriers >&2
}
