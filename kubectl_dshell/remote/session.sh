# shellcheck shell=sh
# The start of every session, before what it runs: command.sh or shell.sh. After inbox.sh and target.sh.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2086 # numbers
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2154 # from inbox.sh and target.sh
:

# Nothing has been run: no process of the target is visible, or its root directory is closed to us.
readonly NO_TARGET=71 ROOT_CLOSED=72

# begin_session ID: registers with the holder, finds the target, and prepares the environment of what is run.
begin_session() {
	DSHELL_SESSION=$1
	yield_memory
	await_holder
	send_word "beat $DSHELL_SESSION $LEASE" && await_inbox || exit $HOLDER_GONE
	find_target
	cd /
	DSHELL_ROOT=/proc/$DSHELL_PID/root
	[ -z "$no_target" ] || DSHELL_ROOT=/
	send_target
	export DSHELL_PID DSHELL_ROOT DSHELL_SESSION
	# names are UTF-8; a bash without such a locale prints a warning
	{ [ "$LC_ALL$LC_CTYPE$LANG" ] || export LANG=C.UTF-8; } 2>/dev/null
	unset DSHELL_PROTOCOL DSHELL_OWNER DSHELL_VERSION DSHELL_SEAL DSHELL_MEASURED DSHELL_LIMIT DSHELL_REASON DSHELL_TOOLS
	unset DSHELL_VOLUMES_OF
	[ -z "$app_volumes" ] || unset DSHELL_PID DSHELL_ROOT
}

# Tells the client that from here on its command runs: what has begun is never started a second time. An exec that ends
# without this mark has run nothing, and read nothing of the command's input.
say_begun() {
	printf '\036' >&2
	[ -z "$trace_remedy" ] || report_trace
}

# Into the first volume that is a directory: elsewhere relative paths would mean other files than they were written for.
enter_volume() {
	local rest="$app_volumes:" folder=''
	while [ "$rest" ]; do # not split into words, which would be patterns
		folder=${rest%%:*}
		rest=${rest#*:}
		[ -d "$folder" ] || continue
		cd "$folder" 2>/dev/null || exit $ROOT_CLOSED
		return
	done
}

# Into the app's root directory; in a debug container of the app's image, where it starts.
enter_root() {
	if [ "$tools_shell" ]; then
		cd "$image_directory" || cd /
		return
	fi
	if [ "$app_volumes" ]; then
		enter_volume
		return
	fi
	[ "$DSHELL_PID" != 0 ] || exit $NO_TARGET
	[ "$root" = ok ] && cd "$DSHELL_ROOT" || exit $ROOT_CLOSED
}
