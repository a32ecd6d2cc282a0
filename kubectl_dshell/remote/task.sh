# shellcheck shell=sh
# Runs a command without stdin, as the command of an exec in mode `run` (enter.sh), and then says bye for its session:
# sh -c TEXT task ARG...
# It says nothing if only the client can tell whose exit code it is: one of enter.sh's, or that of a signal, which may
# have ended more than this.
readonly LOG=/dev/termination-log
exec 9>&2 2>/dev/null
# dash's exec takes no --
case $1 in -*) set -- env -- "$@" ;; esac
(exec "$@" 2>&9 9>&-)
code=$?
case $code in
7[1-3] | 12[89] | 1[3-9]? | 2??) ;;
*)
	# at bye the holder ends whatever is left of the session; the exit code is to be the command's
	trap '' INT HUP TERM PIPE
	read -r holder _ <$LOG
	# that file may be written by anybody
	case $holder in
	'' | *[!0-9]*) ;;
	*) [ ! -p "/proc/$holder/fd/3" ] || echo "bye $DSHELL_SESSION" >"/proc/$holder/fd/3" ;;
	esac
	;;
esac
exit $code
