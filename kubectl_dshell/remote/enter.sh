# shellcheck shell=sh
# Runs in each exec: sh -c 'eval "$DSHELL_ENTER"' dshell MODE TARGET-CONTAINER-ID SESSION-ID ARG...
#   shell NAME ROWS COLUMNS     an interactive shell in the app's root directory
#   outside NAME ROWS COLUMNS   an interactive shell in the debug image
#   run ARG...                  a command in the app's root directory
#   terminal ROWS COLUMNS ARG...    the same on a terminal
#   state                       one line of how things are with the holder, no word to it
#   tether                      one line of facts, then each line of stdin goes to the holder and, once there, back to stdout
# exit    71 no process of the target to be seen, 72 its root directory is closed to us, 73 the holder has ended

# shellcheck disable=SC2086 # words of numbers are to be split
# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
mode=$1 id=$2 DSHELL_SESSION=$3
shift 3
# in a shortage of memory this goes before the app
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null

# A word for the holder; false when it has ended. In a subshell, which may die of a closed pipe.
# A container that is just starting has none yet: its file is empty.
holder= tries=
until read -r holder published </dev/termination-log || [ ${#tries} = 50 ]; do
	tries=x$tries
	sleep 0.02
done 2>/dev/null
# that file may be written by anybody
case $holder in *[!0-9]*) holder= ;; esac

# How things are, as the holder wrote it. It may be writing just now: what counts is what is read twice.
# "none": it has not begun, or has told already why it ends; "gone": it ended without a word, "ok": it listens.
if [ "$mode" = state ]; then
	seen=
	until [ "$holder $published" = "$seen" ]; do
		seen="$holder $published"
		read -r holder published </dev/termination-log
	done 2>/dev/null
	state=gone facts=
	case $holder in '' | *[!0-9]*) state=none ;; esac
	[ -p "/proc/$holder/fd/3" ] && state=ok
	# only numbers that are none of base 8: bash would run what stands in the place of one
	case " $published" in *[!0-9\ ]* | *' 0'[0-9]*) published= ;; esac
	set -- $published
	if [ $# = 4 ] && read -r now _ </proc/uptime && now=${now%.*}; then
		facts=" sessions=$1 silent=$((now - $2)) kept=$(($3 > now ? $3 - now : 0)) left=$(($4 - now))"
	fi
	echo "dshell-state holder=$state$facts"
	exit
fi

tell() { [ -p "/proc/$holder/fd/3" ] && (echo "$1" >"/proc/$holder/fd/3") 2>/dev/null; }
# A holder goes deaf before it listens for the last time: to what was said later nobody listens, unless it has heard something else.
heard() {
	tries=
	until [ -p "/proc/$holder/fd/3" ]; do
		tries=x$tries
		[ ${#tries} -lt 40 ] || return 1
		sleep 0.02
	done
}
[ "$mode" = tether ] || { tell "beat $DSHELL_SESSION $DSHELL_LEASE" && heard; } || exit 73

# Is the target's ID a part of a path in the file $1? The names are containerd's and CRI-O's, with both cgroup drivers.
is_target() {
	while read -r line; do
		case $line/ in
		*/"$id"/* | */cri-containerd-"$id".scope/* | *:cri-containerd:"$id"/* | */crio-"$id"/* | */crio-"$id".scope/* | */docker-"$id".scope/*) return 0 ;;
		esac
	done <"$1"
	return 1
} 2>/dev/null
# The start of process $1 in ticks (100 a second) since the node's. Its name may hold anything, line ends too.
age() {
	stat=
	while read -r line; do stat="$stat $line"; done <"/proc/$1/stat"
	set -- ${stat##*) }
	[ $# -gt 40 ] && shift 19 && started=$1
} 2>/dev/null

# The oldest process of the target, or if its root is closed to us another one of the same container whose root is open. It is PID 1
# unless the container shares its PID namespace; grep only for speed: a node has many processes.
DSHELL_PID=0 root=denied
if is_target /proc/1/cgroup && cd /proc/1/root 2>/dev/null; then
	DSHELL_PID=1 root=ok
else
	files=$(grep -ls -- "$id" /proc/[0-9]*/cgroup) all=
	for file in ${files:-/proc/[0-9]*/cgroup}; do
		pid=${file#/proc/} pid=${pid%/*}
		is_target "$file" && age "$pid" || continue
		all="$all $pid"
		[ "$DSHELL_PID" = 0 ] || [ "$started" -lt "$oldest" ] || { [ "$started" = "$oldest" ] && [ "$pid" -lt "$DSHELL_PID" ]; } || continue
		DSHELL_PID=$pid oldest=$started
	done
	[ "$DSHELL_PID" = 0 ] || for pid in $DSHELL_PID $all; do
		cd "/proc/$pid/root" 2>/dev/null && DSHELL_PID=$pid root=ok && break
	done
fi
cd /
DSHELL_ROOT=/proc/$DSHELL_PID/root
[ "$DSHELL_PID" = 0 ] || tell "target $DSHELL_PID"

if [ "$mode" = tether ]; then
	# Sets uid, gid, caps, effective from /proc/$1/status.
	status() {
		while read -r key a b c d; do
			case $key in Uid:) uid=$a,$b,$c,$d ;; Gid:) gid=$a,$b,$c,$d ;; CapPrm:) caps=$a ;; CapEff:) effective=$a ;; esac
		done <"/proc/$1/status"
	} 2>/dev/null
	facts="pid=$DSHELL_PID"
	if [ "$DSHELL_PID" != 0 ] && status "$DSHELL_PID"; then
		# the kernel gives the files of a process that is not dumpable to root
		dumpable=unknown euid=${uid#*,} euid=${euid%%,*}
		owner=$(ls -ldn "/proc/$DSHELL_PID/environ" 2>/dev/null) && set -- $owner && owner=$3
		case $euid in 0) ;; "$owner") dumpable=yes ;; *) [ "$owner" = 0 ] && dumpable=no ;; esac
		facts="$facts uid=$uid gid=$gid caps=$caps dumpable=$dumpable root=$root"
	fi
	# what it takes is compared with our effective capabilities
	status $$
	left=0 state=gone
	if [ -p "/proc/$holder/fd/3" ] && age "$holder" && read -r now _ </proc/uptime; then
		left=$((started / 100 + DSHELL_LIMIT - ${now%.*})) state=ok
	fi
	uid=${uid#*,} gid=${gid#*,}
	echo "dshell $facts our_uid=${uid%%,*} our_gid=${gid%%,*} our_caps=$effective left=$left holder=$state"
	while read -r word; do tell "$word" && echo "$word" || exit 73; done
	exit
fi

if [ "$mode" != outside ]; then
	[ "$DSHELL_PID" != 0 ] || exit 71
	[ "$root" = ok ] || exit 72
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
	cd "$DSHELL_ROOT" || exit 72
	# the kernel tells nobody the path of a directory outside of our own mounts
	export PWD
	# dash's exec takes no --
	case $1 in -*) set -- env -- "$@" ;; esac
	# A command may leave its stdin unread: containerd waits for ever for a reader of what is on its way. So a shell waits for the
	# command, ends the outputs, at which containerd ends stdin, and takes what is left. It keeps its own words ("Killed") to itself.
	if [ -p /proc/self/fd/0 ]; then
		shell=$(command -v bash) || shell="sh"
		# shellcheck disable=SC2016 # for the other shell
		set -- $shell -c 'exec 9>&2 2>/dev/null; (exec "$@" 2>&9 9>&-); code=$?; exec >&- 9>&-
			while [ $((taken += 1)) -lt 100000 ] && read -r -t 2 _; do :; done; exit $code' dshell "$@"
	fi
	exec "$@"
fi

# The start-up text of the interactive shell is a here-document on descriptor 9: it needs no file and no writable folder.
export DSHELL_NAME="$1" HISTFILE=
[ "$3" ] && stty rows "$2" cols "$3" 2>/dev/null
exec 9<<'EOF'
exec 9<&-
unset ENV
cd() {
	[ $# -gt 0 ] || set -- "$DSHELL_ROOT"
	was=$PWD
	command cd "$@" || return
	case $1 in
	/* | -) ;;
	*)
		# the top of the app's files is its own parent, as / is
		case $was/ in "$DSHELL_ROOT"/*) case $PWD/ in "$DSHELL_ROOT"/*) ;; *) command cd "$DSHELL_ROOT" ;; esac ;; esac
		;;
	esac
	where
}
where() {
	case $PWD/ in
	"$DSHELL_ROOT"/) here=$DSHELL_NAME:/ ;;
	"$DSHELL_ROOT"/*) here=$DSHELL_NAME:${PWD#"$DSHELL_ROOT"} ;;
	*) here="debug image:$PWD" ;;
	esac
	# the app names its directories: none is to speak to the terminal, nor to the shell that expands a prompt; the last are C1
	case $here in *[[:cntrl:]]* | *\\* | *"$c2"["$x80"-"$x9f"]*) here="${here%%:*}:(a name with odd characters)" ;; esac
}
c2=$(printf '\302') x80=$(printf '\200') x9f=$(printf '\237')
# jobs that outlive the shell would become children of the app
leave() {
	for signal in INT HUP KILL; do
		jobs=$(jobs -p)
		[ "$jobs" ] || return
		for job in $jobs; do kill -$signal -- -"$job" && kill -CONT -- -"$job"; done
		sleep 0.1
	done
	wait
} 2>/dev/null
trap leave EXIT
where
PS1='$here $ '
EOF
[ "$mode" = outside ] || cd "$DSHELL_ROOT" || exit 72
if command -v bash >/dev/null; then exec bash --noprofile --rcfile /proc/self/fd/9 -i; fi
export ENV=/proc/self/fd/9
exec sh -i
