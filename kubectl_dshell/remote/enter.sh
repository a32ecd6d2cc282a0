# shellcheck shell=sh
# Runs in each exec: sh -c 'eval "$DSHELL_ENTER"' dshell MODE TARGET-CONTAINER-ID SESSION-ID ARG...
#   shell NAME ROWS COLUMNS       an interactive shell in the app's root directory
#   outside NAME ROWS COLUMNS     an interactive shell in the debug image
#   run ARG...                    a command in the app's root directory
#   terminal ROWS COLUMNS ARG...  the same on a terminal
#   state                         prints one line with the holder's state, without a word to it
#   tether                        prints one line of facts; then each line of stdin goes to the holder and, once it has
#                                 been written there, to stdout
# exit    71 no process of the target is visible, 72 its root directory is closed to us, 73 the holder has ended
# target.sh comes before it.

# shellcheck disable=SC2086 # words of numbers are to be split
# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2154 # from target.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

readonly NO_TARGET=71 ROOT_CLOSED=72 HOLDER_GONE=73
readonly LOG=/dev/termination-log
# How often to look, 20 ms apart: for a holder, whose file is empty while the container is starting; and for its inbox,
# which may be closed for half a second before the holder ends.
readonly HOLDER_TRIES=50 INBOX_TRIES=40

mode=$1
# shellcheck disable=SC2034 # for target.sh
target_id=$2
DSHELL_SESSION=$3
shift 3
# if memory runs short, the kernel takes this before the app
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null

holder=
tries=
until read -r holder published <$LOG || [ ${#tries} = $HOLDER_TRIES ]; do
	tries=x$tries
	sleep 0.02
done 2>/dev/null
# that file may be written by anybody
case $holder in *[!0-9]*) holder= ;; esac

inbox_is_open() {
	[ -p "/proc/$holder/fd/3" ]
}

# Prints the state as the holder published it. It may be writing just now: what counts is what is read twice.
# holder=none: it has not begun, or has already told why it ends; gone: it ended without a word; ok: it listens.
report_state() {
	local seen= state=gone facts= now=
	until [ "$holder $published" = "$seen" ]; do
		seen="$holder $published"
		read -r holder published <$LOG
	done 2>/dev/null
	case $holder in '' | *[!0-9]*) state=none ;; esac
	inbox_is_open && state=ok
	# only decimal numbers (none of base 8): bash would evaluate anything else as an expression
	case " $published" in *[!0-9\ ]* | *' 0'[0-9]*) published= ;; esac
	set -- $published
	if [ $# = 4 ] && read -r now _ </proc/uptime && now=${now%.*}; then
		facts=" sessions=$1 silent=$((now - $2)) kept=$(($3 > now ? $3 - now : 0)) left=$(($4 - now))"
	fi
	echo "dshell-state holder=$state$facts"
}

if [ "$mode" = state ]; then
	report_state
	exit
fi

# send_word WORD: false if the holder has ended. In a subshell, which may die of a closed pipe.
send_word() {
	inbox_is_open && (echo "$1" >"/proc/$holder/fd/3") 2>/dev/null
}

# A holder closes its inbox before it listens for the last time: nobody reads what was sent after that, unless the
# holder then gets another word and opens it again.
await_inbox() {
	local tries=
	until inbox_is_open; do
		tries=x$tries
		[ ${#tries} -lt $INBOX_TRIES ] || return 1
		sleep 0.02
	done
}

[ "$mode" = tether ] || { send_word "beat $DSHELL_SESSION $DSHELL_LEASE" && await_inbox; } || exit $HOLDER_GONE

find_target
cd /
DSHELL_ROOT=/proc/$DSHELL_PID/root
[ "$DSHELL_PID" = 0 ] || send_word "target $DSHELL_PID"

# read_status PID
# sets: uid gid (real,effective,saved,filesystem) permitted effective (capabilities)
read_status() {
	local key= a= b= c= d=
	while read -r key a b c d; do
		case $key in
		Uid:) uid=$a,$b,$c,$d ;;
		Gid:) gid=$a,$b,$c,$d ;;
		CapPrm:) permitted=$a ;;
		CapEff:) effective=$a ;;
		esac
	done <"/proc/$1/status"
} 2>/dev/null

# Prints the facts: what the target is, and what we are.
report_facts() {
	local facts="pid=$DSHELL_PID" dumpable=unknown euid= owner= left=0 state=gone now=
	if [ "$DSHELL_PID" != 0 ] && read_status "$DSHELL_PID"; then
		# the kernel gives the files of a process that is not dumpable to root
		euid=${uid#*,}
		euid=${euid%%,*}
		owner=$(ls -ldn "/proc/$DSHELL_PID/environ" 2>/dev/null) && set -- $owner && owner=$3
		case $euid in
		0) ;;
		"$owner") dumpable=yes ;;
		*) [ "$owner" = 0 ] && dumpable=no ;;
		esac
		facts="$facts uid=$uid gid=$gid caps=$permitted dumpable=$dumpable root=$root"
	fi
	# the target's capabilities are compared with our effective ones
	read_status $$
	if inbox_is_open && read_start "$holder" && read -r now _ </proc/uptime; then
		left=$((started / 100 + DSHELL_LIMIT - ${now%.*}))
		state=ok
	fi
	uid=${uid#*,}
	gid=${gid#*,}
	echo "dshell $facts our_uid=${uid%%,*} our_gid=${gid%%,*} our_caps=$effective left=$left holder=$state"
}

if [ "$mode" = tether ]; then
	report_facts
	while read -r word; do
		send_word "$word" && echo "$word" || exit $HOLDER_GONE
	done
	exit
fi

if [ "$mode" != outside ]; then
	[ "$DSHELL_PID" != 0 ] || exit $NO_TARGET
	[ "$root" = ok ] || exit $ROOT_CLOSED
fi
export DSHELL_PID DSHELL_ROOT DSHELL_SESSION
# names are UTF-8; a bash that has no such locale says so
{ [ "$LC_ALL$LC_CTYPE$LANG" ] || export LANG=C.UTF-8; } 2>/dev/null
unset DSHELL_HOLDER DSHELL_ENTER DSHELL_LEASE DSHELL_LIMIT DSHELL_STARTER DSHELL_REASON
if [ "$mode" = terminal ]; then
	# before the program starts: the first resize may come too late for it
	[ "$1" ] && stty rows "$1" cols "$2" 2>/dev/null
	shift 2
	export PS1='$PWD $ '
	mode=run
fi
if [ "$mode" = run ]; then
	cd "$DSHELL_ROOT" || exit $ROOT_CLOSED
	# the kernel tells no path of a directory outside our own mounts
	export PWD
	# dash's exec takes no --
	case $1 in -*) set -- env -- "$@" ;; esac
	# A command may leave its stdin unread, and containerd waits forever for a reader of what is on its way. So a shell
	# waits for the command, closes the outputs, at which containerd closes stdin, and reads what is left: at most
	# 100 000 lines, each within 2 s. Its own messages ("Killed") are dropped.
	if [ -p /proc/self/fd/0 ]; then
		shell=$(command -v bash) || shell="sh"
		# shellcheck disable=SC2016 # for the other shell
		set -- $shell -c 'exec 9>&2 2>/dev/null
			(exec "$@" 2>&9 9>&-)
			code=$?
			exec >&- 9>&-
			while [ $((discarded += 1)) -lt 100000 ] && read -r -t 2 _; do :; done
			exit $code' dshell "$@"
	fi
	exec "$@"
fi

# The start-up text of the interactive shell is a here-document on descriptor 9: no file, no writable folder is needed.
export DSHELL_NAME="$1" HISTFILE=
[ "$3" ] && stty rows "$2" cols "$3" 2>/dev/null
exec 9<<'EOF'
exec 9<&-
unset ENV
cd() {
	local before="$PWD"
	[ $# -gt 0 ] || set -- "$DSHELL_ROOT"
	command cd "$@" || return
	case $1 in
	/* | -) ;;
	*)
		# the top of the app's files is its own parent, as / is
		case $before/ in
		"$DSHELL_ROOT"/*)
			case $PWD/ in
			"$DSHELL_ROOT"/*) ;;
			*) command cd "$DSHELL_ROOT" ;;
			esac
			;;
		esac
		;;
	esac
	set_location
}
set_location() {
	case $PWD/ in
	"$DSHELL_ROOT"/) location=$DSHELL_NAME:/ ;;
	"$DSHELL_ROOT"/*) location=$DSHELL_NAME:${PWD#"$DSHELL_ROOT"} ;;
	*) location="debug image:$PWD" ;;
	esac
	# the app names its directories: none may control the terminal, or be expanded in a prompt; the last are C1
	case $location in
	*[[:cntrl:]]* | *\\* | *"$c2"["$x80"-"$x9f"]*) location="${location%%:*}:(a name with odd characters)" ;;
	esac
}
c2=$(printf '\302') x80=$(printf '\200') x9f=$(printf '\237')
# jobs that outlive the shell would become children of the app
end_jobs() {
	local signal jobs job
	for signal in INT HUP KILL; do
		jobs=$(jobs -p)
		[ "$jobs" ] || return
		for job in $jobs; do
			kill -$signal -- -"$job" && kill -CONT -- -"$job"
		done
		sleep 0.1
	done
	wait
} 2>/dev/null
trap end_jobs EXIT
set_location
PS1='$location $ '
EOF
[ "$mode" = outside ] || cd "$DSHELL_ROOT" || exit $ROOT_CLOSED
if command -v bash >/dev/null; then exec bash --noprofile --rcfile /proc/self/fd/9 -i; fi
export ENV=/proc/self/fd/9
exec sh -i
