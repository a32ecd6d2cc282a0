# shellcheck shell=sh
# The start-up file of an interactive shell (shell.sh), for bash and busybox ash. After links.sh, and in a debug
# container of the app's image after app_image.sh; in a bash before completion.bash.

# shellcheck disable=SC2034 # dshell_location is for the prompt
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2016 # PS1 is expanded by the shell
# shellcheck disable=SC2164 # a cd that fails is seen in its exit code
:
exec 9<&-
unset ENV
# shell.sh has exported it
# shellcheck disable=SC2154
dshell_volumes=$app_volumes
unset app_volumes
alias dshell-path=dshell_path
cd() {
	local before="$PWD" folder=''
	[ $# -gt 0 ] || set -- "${image_directory:-${DSHELL_ROOT:-$dshell_home}}"
	case $#:$1 in
	1:-*) ;;
	1:*) find_folder "$1" || return ;;
	2:-L | 2:-P | 2:--) find_folder "$2" "$1" || return ;;
	esac
	[ -z "$folder" ] || set -- "$folder"
	command cd "$@" || return
	case ${no_target:+/}${dshell_volumes:+/}$1 in
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
# find_folder FOLDER [-P]: where cd to FOLDER leads if an absolute link of the app is on the way. Without -P the shell
# takes `..` back before it follows any link.
# sets: folder, empty if the shell is to find it by itself
find_folder() {
	local path='' absolute='' loops='' rest='' part='' before=''
	case $DSHELL_ROOT in '' | /) return ;; esac
	case $1 in
	"$DSHELL_ROOT"/*) rest=$1 ;;
	/* | '') return 0 ;;
	*)
		case $1/ in ./* | ../*) ;; *) [ -z "$CDPATH" ] || return 0 ;; esac
		case $PWD/ in "$DSHELL_ROOT"/*) rest=$PWD/$1 ;; *) return 0 ;; esac
		;;
	esac
	rest=${rest#"$DSHELL_ROOT"}/
	find_file "$1"
	before=$absolute path=
	[ "$2" != -P ] || path=$rest
	while [ "$2" != -P ] && [ "$rest" ]; do
		part=${rest%%/*}
		rest=${rest#*/}
		case $part in
		'' | .) ;;
		..) path=${path%/*} ;;
		*) path=$path/$part ;;
		esac
	done
	find_file "$DSHELL_ROOT/$path"
	[ "$before$absolute" ] || return 0
	folder=$path
	if [ "$loops" ]; then
		printf 'cd: %s: too many levels of symbolic links\n' "$(plain_name "$1")" >&2
		return 1
	fi
}
is_in_volume() {
	local rest="$dshell_volumes:" folder=''
	while [ "$rest" ]; do
		folder=${rest%%:*}
		rest=${rest#*:}
		case $PWD/ in "$folder"/*) return ;; esac
	done
	return 1
}
set_location() {
	case ${DSHELL_ROOT:+$PWD/} in
	"")
		dshell_location="$elsewhere:$PWD"
		! is_in_volume || dshell_location=$DSHELL_NAME:$PWD
		;;
	"$DSHELL_ROOT"/) dshell_location=$DSHELL_NAME:/ ;;
	"$DSHELL_ROOT"/*) dshell_location=$DSHELL_NAME:${PWD#"$DSHELL_ROOT"} ;;
	*) dshell_location="$elsewhere:$PWD" ;;
	esac
	# the app names its directories: none may control the terminal, or be expanded in a prompt; the last are C1
	case $dshell_location in
	*[[:cntrl:]]* | *\\* | *"$dshell_c2"["$dshell_x80"-"$dshell_x9f"]*)
		dshell_location="${dshell_location%%:*}:(a name with odd characters)"
		;;
	esac
}
dshell_c2=$(printf '\302') dshell_x80=$(printf '\200') dshell_x9f=$(printf '\237')
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
elsewhere="debug image" dshell_home=$PWD
if [ "$image_directory" ]; then
	elsewhere="$DSHELL_NAME image"
	# shellcheck disable=SC2154 # chroot.sh and script.py
	[ -z "$chrooted$no_target" ] || elsewhere=$DSHELL_NAME
	define_all_tools
fi
[ -z "$target_env" ] || adopt_environment
set_location
PS1='$dshell_location $ '
