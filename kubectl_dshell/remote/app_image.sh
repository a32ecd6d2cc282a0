# shellcheck shell=sh
# For a container of the app's own image. Its shell and tools are those of another debug container, the lender, whose
# root directory is open to us as we are the same user in the same PID namespace; or those of an image that is mounted
# as a volume. Before inbox.sh, and after environment.sh and lines that set:
#   tools_root    the lender's root directory, or where the volume is mounted
#   tools_path    its directories with programs, for the end of PATH
#   tools_shell   the words that start its shell
#   tools_loader  the words before the path of one of its programs, if those are dynamically linked
#   app_image     this text, with those lines
#   no_target     set in a copy of a pod, which has no process of the app, and the app's variables in its own spec
#   tools_applet  its multi-call program (busybox), if the links to that are absolute and lead into our image
# A program cannot be started by its name alone if either of the last two is set.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2016 # for another shell
# shellcheck disable=SC2034 # image_directory is for session.sh
# shellcheck disable=SC2154 # set before
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

image_directory=$PWD
case $PATH in
*"$tools_path") ;;
*) export PATH="${PATH:+$PATH:}$tools_path" ;;
esac

# find_tool NAME: false if the app's image has it, or nobody.
# sets: tool, the words that start it
find_tool() {
	local IFS=: folder=
	case $1 in '' | */*) return 1 ;; esac
	for folder in $PATH; do
		case $folder/ in
		"$tools_root"/*)
			tool="${tools_loader:+$tools_loader }$folder/$1"
			[ -z "$tools_applet" ] || [ ! -L "$folder/$1" ] || tool="${tools_loader:+$tools_loader }$tools_applet $1"
			[ ! -L "$folder/$1" ] && [ ! -f "$folder/$1" ] || return 0
			;;
		*) [ ! -f "$folder/$1" ] || [ ! -x "$folder/$1" ] || return 1 ;;
		esac
	done
	return 1
}

# define_tools NAME...: as functions, where names alone do not start them; not those that every shell has built in
define_tools() {
	local name=
	[ "$tools_loader$tools_applet" ] || return 0
	for name; do
		case $name in '' | [0-9]* | *[!A-Za-z0-9_]* | echo | false | kill | printf | pwd | test | true) continue ;; esac
		! find_tool "$name" || eval "$name() { $tool \"\$@\"; }"
	done
}

# For an interactive shell.
define_all_tools() {
	local IFS=: folder= program=
	[ "$tools_loader$tools_applet" ] || return 0
	for folder in $tools_path; do
		for program in "$folder"/*; do
			define_tools "${program##*/}"
		done
	done
}

# exec_in_image COMMAND...: replaces this shell.
exec_in_image() {
	local dshell_program="$1" dshell_before="$app_image
define_all_tools
"
	adopt_environment
	if [ "$tools_loader$tools_applet" ] && find_tool "$1"; then
		shift
		# a shell of ours has the tools as functions, too
		case $dshell_program:$#:$1 in
		sh:0: | ash:0: | bash:0:) set -- -c "$dshell_before"'eval "$(cat)"' ;;
		sh:*:-c | ash:*:-c | bash:*:-c)
			dshell_before=$dshell_before$2
			shift 2
			set -- -c "$dshell_before" "$@"
			;;
		esac
		# shellcheck disable=SC2086 # words
		set -- $tool "$@"
	fi
	unset app_image
	exec "$@"
}

define_tools cat env grep ls readlink sleep stty
