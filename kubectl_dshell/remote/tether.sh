# shellcheck shell=sh
# The connection of a session to the holder: dshell tether TARGET-CONTAINER-ID SESSION-ID. After inbox.sh, target.sh and
# deliver.sh. With a fourth argument, "lend" (after lend.sh), the facts tell how to run the tools of this container.
#
# stdin   "program", then the text of the holder up to an empty line; each other line goes to the holder
# stdout  a line of facts about the target and about us, first; then each line of stdin once the holder has it
# exit    73 the holder has ended

# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2034 # target_id is for target.sh
# shellcheck disable=SC2086 # words of numbers are to be split
# shellcheck disable=SC2154 # from inbox.sh and target.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# read_status PID
# sets: uid gid (real,effective,saved,filesystem) permitted effective (capabilities)
read_status() {
	local key='' a='' b='' c='' d=''
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
	local facts="pid=$DSHELL_PID" dumpable=unknown euid='' owner='' left=0 state=gone now=''
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
	elif ! true 2>/dev/null </proc/1/cgroup; then
		# everybody may read it, unless SELinux forbids to look at that process
		facts="$facts first=closed"
	fi
	# the target's capabilities are compared with our effective ones
	read_status $$
	if inbox_is_open && read_start "$holder" && read -r now _ </proc/uptime; then
		left=$((started / 100 + DSHELL_LIMIT - ${now%.*}))
		state=ok
		[ "$published" != new ] || state=new
	fi
	uid=${uid#*,}
	gid=${gid#*,}
	facts="$facts our_uid=${uid%%,*} our_gid=${gid%%,*} our_caps=$effective left=$left holder=$state"
	echo "dshell $facts${tools:+ $tools}"
}

run_tether() {
	local word=''
	target_id=$2
	DSHELL_SESSION=$3
	yield_memory
	await_holder
	find_target
	cd /
	[ "$published" = new ] || send_target
	tools=
	[ "$4" != lend ] || find_tools
	report_facts
	while read -r word; do
		case $word in
		program)
			deliver_program "$DSHELL_SESSION"
			send_target
			;;
		*) send_word "$word" && echo "$word" || exit $HOLDER_GONE ;;
		esac
	done
}
