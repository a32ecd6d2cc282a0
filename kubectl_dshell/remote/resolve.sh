# shellcheck shell=sh
# Paths of the app: the working directory is its root, as command.sh leaves it. After links.sh, before
# copy_out.sh and copy_in.sh.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2034 # variables for the scripts that follow
# shellcheck disable=SC2154 # path is of links.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# Exit codes (copying.py).
readonly INCOMPLETE=65 NO_FILE=66 DENIED=77

trusted_user=
LC_ALL=C
export LC_ALL

# check_link LINK: fails if neither root nor $trusted_user owns it.
check_link() {
	local link="$1"
	# shellcheck disable=SC2046 # words
	set -- $(ls -ldn "$1")
	case $3 in
	0 | "$trusted_user") ;;
	*) fail "$DENIED" "${link#.}: Permission denied to follow a link of user ${3:-?} as user $trusted_user" ;;
	esac
}

# fail CODE TEXT...
fail() {
	local code="$1"
	shift
	echo "$*" >&2
	exit "$code"
}

# fail_unusable NAME: with what the kernel says about $path, as the last words of an error.
fail_unusable() {
	local error=
	error=$(ls -d "$path" 2>&1 >/dev/null)
	error=${error##*: }
	case $error in
	*denied*) fail "$DENIED" "$1: $error" ;;
	*) fail "$NO_FILE" "$1: ${error:-No such file or directory}" ;;
	esac
}
