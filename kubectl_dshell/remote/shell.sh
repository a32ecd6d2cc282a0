# shellcheck shell=sh
# An interactive shell. After inbox.sh, target.sh, session.sh and hints.sh, and with the texts of links.sh ($links),
# shell_rc.sh ($shell_rc) and completion.bash ($completion).
#   dshell shell TARGET-CONTAINER-ID SESSION-ID NAME ROWS COLUMNS     in the app's root directory
#   dshell outside TARGET-CONTAINER-ID SESSION-ID NAME ROWS COLUMNS   in the debug image, when the root is closed
# exit    as command.sh

# shellcheck disable=SC2034 # target_id is for target.sh
# shellcheck disable=SC2086 # words
# shellcheck disable=SC2154 # links, shell_rc, completion; the others are of app_image.sh and chroot.sh
:

open_shell() {
	target_id=$2
	begin_session "$3"
	[ "$6" ] && stty rows "$5" cols "$6" 2>/dev/null
	export DSHELL_NAME="$4" HISTFILE=
	[ "$1" = outside ] || enter_root
	[ -z "$app_volumes" ] || export app_volumes
	[ -z "$chroot_text" ] || prepare_chroot
	case $1$tools_shell$chroot_text$no_target in
	# for whom `kubectl exec` would do; before the mark, so that it is part of what the client says then
	shell) ! app_has sh || printf '\035' >&2 ;;
	esac
	say_begun
	shell=$tools_words
	[ "$shell" ] || shell=$tools_shell
	[ "$shell" ] || shell=$(command -v bash) || shell="sh"
	case ${shell##*/} in bash*) ;; *) completion= ;; esac
	# The start-up file is a here-document, which is a pipe. Bash before 5.1 writes it to a file, which only its user can
	# read and which is removed at once; this directory is writable even if the root is read-only.
	folder=$TMPDIR
	TMPDIR=/dev/shm
	exec 9<<EOF
$environment$app_image
$links$shell_rc$completion
EOF
	TMPDIR=$folder
	case ${shell##*/} in
	bash*) set -- $shell --noprofile --rcfile /proc/self/fd/9 -i ;;
	*)
		export ENV=/proc/self/fd/9
		set -- $shell -i
		;;
	esac
	[ -z "$chroot_text" ] || set -- chroot "$DSHELL_ROOT" "$@"
	exec "$@"
}
