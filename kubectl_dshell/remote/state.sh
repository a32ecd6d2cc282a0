# shellcheck shell=sh
# Prints the state as the holder published it, without a message to it: dshell state. After inbox.sh.
#
# stdout  one line: "dshell-state holder=STATE", with STATE ok (it listens), new (it has no text yet), none (it has not
#         begun, or has already published why it ends) or gone (it ended without a reason); then, if it published
#         numbers, sessions=N silent=S kept=S left=S

# shellcheck disable=SC2086 # words of numbers are to be split
# shellcheck disable=SC2154 # from inbox.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

report_state() {
	local seen='' state=gone facts='' now=''
	await_holder
	# it may be writing just now: what counts is what is read twice
	until [ "$holder $published" = "$seen" ]; do
		seen="$holder $published"
		read -r holder published <$LOG
	done 2>/dev/null
	case $holder in '' | *[!0-9]*) state=none ;; esac
	# closed for the last look (close_inbox in holder.sh)
	[ ! -d "/proc/$holder/fd/3/" ] || state=none
	if inbox_is_open; then
		state=ok
		[ "$published" != new ] || state=new
	fi
	# only decimal numbers (none of base 8): bash would evaluate anything else as an expression
	case " $published" in *[!0-9\ ]* | *' 0'[0-9]*) published= ;; esac
	set -- $published
	if [ $# = 4 ] && read -r now _ </proc/uptime && now=${now%.*}; then
		facts=" sessions=$1 silent=$((now - $2)) kept=$(($3 > now ? $3 - now : 0)) left=$(($4 - now))"
	fi
	echo "dshell-state holder=$state$facts"
}
