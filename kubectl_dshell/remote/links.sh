# shellcheck shell=sh
# The app's symbolic links, followed inside its root. The kernel follows an absolute one from the root of whoever asks,
# which is that of the debug image. Needs readlink, and ls for the reason why a file cannot be found.

# shellcheck disable=SC2034 # variables for the callers
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# resolve_path PATH [ROOT]: follows every symbolic link inside the root (the working directory unless ROOT is given),
# the last one too. `..` of the root is the root. As many links are followed as Linux follows in one path, 40.
# /proc/self is the app's process. With ROOT, the links of a process in /proc, which are no paths, are left to the
# kernel. With $trusted_user only links of root and of that user are followed (check_link): others may be hostile.
# sets: path; absolute, the last link to an absolute path on the way; loops, if there are too many links
resolve_path() {
	local LC_ALL=C rest="$1" root="${2-.}" magic="${2-}/proc/[0-9]*" part='' link='' hops=''
	path=$root
	absolute=
	loops=
	while [ "$rest" ]; do
		part=${rest%%/*}
		case $rest in
		*/*) rest=${rest#*/} ;;
		*) rest= ;;
		esac
		case $part in
		'' | .) continue ;;
		..)
			[ "$path" = "$root" ] || path=${path%/*}
			continue
			;;
		esac
		case ${DSHELL_PID:-0}:$path/$part in
		0:*) ;;
		*:"$root/proc/self") part=$DSHELL_PID ;;
		*:"$root/proc/thread-self") part=$DSHELL_PID/task/$DSHELL_PID ;;
		esac
		# shellcheck disable=SC2254 # a pattern
		case $path in
		$magic)
			path=$path/$part
			continue
			;;
		esac
		if [ -L "$path/$part" ] && link=$(readlink "$path/$part" && echo .); then
			# a path that is too long for the kernel costs a shell seconds
			if [ ${#hops} = 40 ] || [ ${#rest} -gt 8192 ]; then
				loops=1
			else
				[ -z "$trusted_user" ] || check_link "$path/$part"
				hops=x$hops
				link=${link%??}
				rest=$link/$rest
				case $link in /*)
					absolute=$path/$part
					path=$root
					;;
				esac
				continue
			fi
		fi
		path=$path/$part
	done
}

# find_file FILE: where a file of the app is, its links followed; a relative FILE is below the working directory.
# sets: path; absolute and loops as resolve_path does. False if the working directory is not in the app's files.
find_file() {
	local trusted_user='' top="${DSHELL_ROOT%/}"
	case $1 in
	"$top"/*) resolve_path "${1#"$top"}" "$top" ;;
	/*) resolve_path "$1" "$top" ;;
	*)
		case $PWD/ in
		"$top"/*) resolve_path "${PWD#"$top"}/$1" "$top" ;;
		*) return 1 ;;
		esac
		;;
	esac
}

# plain_name PATH: as the app has it, unless it could speak to the terminal.
plain_name() {
	local name="${1#"${DSHELL_ROOT%/}"}"
	case $name in
	*[[:cntrl:]]* | *"$(printf '\302')"["$(printf '\200')"-"$(printf '\237')"]*) name="(a name with odd characters)" ;;
	esac
	printf '%s\n' "${name:-/}"
}

# dshell_path FILE...: prints where each file of the app is, with every link followed inside the app's root.
# returns 64 without FILE, 66 if there is no such file, 77 if it cannot be looked up
dshell_path() {
	local file='' path='' absolute='' loops='' reason='' code=0
	[ "$1" != -- ] || shift
	if [ $# = 0 ]; then
		echo "usage: dshell-path FILE... (a file of the app, with its links followed inside the app's root)" >&2
		return 64
	fi
	for file; do
		if ! find_file "$file"; then
			reason="the working directory is not in the app's files"
		elif [ "$loops" ]; then
			reason="too many levels of symbolic links"
		elif [ -e "$path" ]; then
			printf '%s\n' "${path:-/}"
			continue
		else
			reason=$(LC_ALL=C ls -d "$path" 2>&1 >/dev/null)
			reason="the app's $(plain_name "$path"): ${reason##*: }"
		fi
		code=66
		case $reason in *denied) code=77 ;; esac
		printf 'dshell-path: %s: %s\n' "$(plain_name "$file")" "$reason" >&2
	done
	return $code
}
