# shellcheck shell=sh
# A command in the app's root directory. After inbox.sh, target.sh, session.sh, hints.sh, task=TEXT of task.sh and
# links=TEXT of links.sh.
#   dshell run TARGET-CONTAINER-ID SESSION-ID ARG...                     without stdin
#   dshell pipe TARGET-CONTAINER-ID SESSION-ID ARG...                    with what follows this text on stdin
#   dshell terminal TARGET-CONTAINER-ID SESSION-ID ROWS COLUMNS ARG...   on a terminal
# exit    71 no process of the target is visible, 72 its root directory is closed to us, 73 the holder has ended; else
#         the command's own

# shellcheck disable=SC2154 # from target.sh
# shellcheck disable=SC2034 # target_id is for target.sh
# shellcheck disable=SC2016 # for another shell
# shellcheck disable=SC2086 # names without blanks
:

run_command() {
	mode=$1
	target_id=$2
	begin_session "$3"
	shift 3
	if [ "$mode" = terminal ]; then
		# before the program starts: the first resize may come too late for it
		[ "$1" ] && stty rows "$1" cols "$2" 2>/dev/null
		shift 2
		export PS1='$PWD $ '
	fi
	enter_root
	[ -z "$chroot_text" ] || prepare_chroot
	say_begun
	# the kernel reports no path for a directory outside our own mounts
	export PWD
	case $1:$2:$3 in
	dshell-path:*)
		shift
		set -- sh -c "$links"'dshell_path "$@"' dshell-path "$@"
		;;
	sh:-c:*dshell-path* | ash:-c:*dshell-path* | bash:-c:*dshell-path*)
		shell=$1
		# an alias: not every shell has functions of that name; and it holds from the next line on
		text="$links"'alias dshell-path=dshell_path; [ -z "$BASH_VERSION" ] || shopt -s expand_aliases
'"$3"
		shift 3
		set -- $shell -c "$text" "$@"
		;;
	esac
	if [ "$tools_shell" ]; then
		export app_image
	elif [ "$chroot_text" ]; then
		export app_image
		set -- chroot "$DSHELL_ROOT" $tools_words -c "$app_image"'exec_in_image "$@"' dshell "$@"
	else
		check_words "$@"
		[ -z "$problem" ] || set -- sh -c 'printf "%s\n" "$1" >&2; exit 127' dshell "$problem"
	fi
	case $mode in
	terminal)
		# dash's exec takes no --
		case $1 in -*) set -- env -- "$@" ;; esac
		;;
	*)
		[ "$mode" = pipe ] || exec </dev/null
		# dash has no read -t
		shell=$tools_shell
		[ "$shell" ] || shell=$(command -v bash) || shell="sh"
		# shellcheck disable=SC2154 # the text of task.sh
		[ -z "$tools_shell" ] || environment=$app_image
		exec $shell -c "$environment$task" "$mode" "$@"
		;;
	esac
	if [ "$environment" ]; then
		shell=$(command -v bash) || shell="sh"
		set -- $shell -c "$environment"'adopt_environment; exec "$@"' dshell "$@"
	fi
	[ -z "$tools_shell" ] || set -- $tools_shell -c "$app_image"'exec_in_image "$@"' dshell "$@"
	exec "$@"
}
