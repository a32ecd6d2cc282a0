# shellcheck shell=sh
# The first process of a debug container. It is only a few lines, because it stays in the pod's spec forever. It waits
# until an exec sends the holder's text (deliver.sh), and becomes the holder.
#   sh -c 'read -t 0 </dev/null 2>&0; [ $? = 2 ] && exec bash -c "$0"; eval "$0"' TEXT      dash has no read -t
#
# stdin   "program TAG", then "TAG LINE" for each line of the text, and "run TAG LENGTH". Of two senders, the last one
#         counts. A text of another length is not run: every process of this user can write between the lines.
#         Anything else only shows that a session has come, which will send the same to the holder.
# env     DSHELL_PROTOCOL  "VERSION ID SECONDS": the session that the container was added for, and how long to wait
# /dev/termination-log     "PID new"; after a wait in vain, the reason for its end
#
# Descriptor 3 is closed for the last look, so that an exec that comes then runs nothing (await_inbox in inbox.sh).

# shellcheck disable=SC2086,SC2154,SC2254,SC3045 # each byte stays in a pod forever; read -t: checked before
:
exec 3<&0
log=/dev/termination-log
echo $$ new >$log
s=${DSHELL_PROTOCOL##* }
while read -r -t $s k v ||
	{ exec 3</ && read -r -t 0.5 k v && exec 3<&0; }; do
	case $k in
	program) tag=$v text= ;;
	$tag) text=$text$v${IFS#??} ;;
	run) [ "$v" = "$tag ${#text}" ] && eval "$text" ;;
	*) who=a s=50 ;;
	esac
done
printf %s "ended after $s s without ${who:-its first} client" >$log
