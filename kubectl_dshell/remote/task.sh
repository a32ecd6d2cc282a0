# shellcheck shell=sh
# Runs a command without stdin, as what an exec in mode `run` (enter.sh) is given, and says goodbye for its session: sh -c TEXT task ARG...
# Not where only a client can tell whose the exit code is: those of enter.sh, and those of signals, which may have ended more than this.
exec 9>&2 2>/dev/null
# dash's exec takes no --
case $1 in -*) set -- env -- "$@" ;; esac
(exec "$@" 2>&9 9>&-)
code=$?
case $code in
7[1-3] | 12[89] | 1[3-9]? | 2??) ;;
*)
	# at goodbye the holder ends what is left of the session; the exit code is to be the command's
	trap '' INT HUP TERM PIPE
	read -r holder _ </dev/termination-log
	# that file may be written by anybody
	case $holder in '' | *[!0-9]*) ;; *) [ ! -p "/proc/$holder/fd/3" ] || echo "bye $DSHELL_SESSION" >"/proc/$holder/fd/3" ;; esac
	;;
esac
exit $code
