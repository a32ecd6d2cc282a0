# shellcheck shell=sh
# Runs a command without a terminal, and sends bye for its session: sh -c TEXT run|pipe ARG...    (command.sh)
# With keep=SECONDS before TEXT the debug container is to stay. No bye is sent after the exit code of a signal, which
# may have ended more than the command: the client finds out. With patient=1 none is sent either as long as something
# that the command has started still runs: its output is still wanted, and bye would end it.
#
# pipe    A command may leave its stdin unread, and containerd waits forever for a reader of what is on its way. So this
#         closes the outputs, at which containerd closes stdin, and reads what is left: at most 100 000 lines, each
#         within 2 s.

# shellcheck disable=SC3045 # read -t: command.sh has chosen the shell
log=/dev/termination-log
# the shell's own messages ("Killed") are dropped
exec 9>&2 2>/dev/null
# dash's exec takes no --
case $1 in -*) set -- env -- "$@" ;; esac
(
	exec 2>&9 9>&-
	[ -z "$tools_shell" ] || exec_in_image "$@"
	[ -z "$target_env" ] || adopt_environment
	exec "$@"
)
code=$?
# a file that is there, and whose loader or interpreter is not
case $code:$1 in
127:*/*)
	[ "$tools_shell" ] || [ ! -f "$1" ] ||
		printf "dshell: %s needs the loader of the app's image: add --app-image\n" "$1" >&9
	;;
esac
if [ "$0" = pipe ]; then
	exec >&- 9>&-
	while [ $((discarded += 1)) -lt 100000 ] && read -r -t 2 _; do :; done
fi
# is_alone: whether no other process of our kernel session runs
is_alone() {
	session=
	# shellcheck disable=SC2086 # words: state, parent, process group, session
	for stat in /proc/$$/stat /proc/[0-9]*/stat; do
		read -r line <"$stat" || continue
		set -- ${line##*) }
		session=${session:-$4}
		[ "$4" != "$session" ] || [ "$1" = Z ] || [ "$stat" = /proc/$$/stat ] || return 1
	done
}
case $code in
12[89] | 1[3-9]? | 2??) ;;
*)
	[ ! "$patient" ] || is_alone || exit $code
	# at bye the holder ends whatever is left of the session; the exit code is to be the command's
	trap '' INT HUP TERM PIPE
	read -r holder _ <$log
	# anybody may write that file
	case $holder in
	'' | *[!0-9]*) ;;
	*) [ ! -p "/proc/$holder/fd/3" ] || printf '%s\n' ${keep:+"keep $keep"} "bye $DSHELL_SESSION" >"/proc/$holder/fd/3" ;;
	esac
	;;
esac
exit $code
