# shellcheck shell=sh
# Hints: for a command that looks in the debug image for what the app has, and for a shell in an app that has its own.
# After session.sh and, for commands, links.sh.

# shellcheck disable=SC2016 # for another shell
# shellcheck disable=SC2154 # from session.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2034 # variables of find_file
# shellcheck disable=SC3045 # read -d: without it only the usual directories are searched
:

# app_has NAME: whether a program of that name is where the app finds programs. A link may be absolute, and lead
# elsewhere from here.
app_has() {
	local path=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin: folder='' variable='' count=''
	while [ ${#count} -lt 64 ] && IFS= read -r -d '' variable; do
		count=x$count
		case $variable in
		PATH=*)
			[ ${#variable} -gt 4096 ] || path=$path${variable#PATH=}:
			# runtimes put it first, and a shell reads byte by byte: each Service of a namespace adds 300
			break
			;;
		esac
	done <"/proc/$DSHELL_PID/environ"
	# cut, not split into words: those would be patterns, and the app could keep us busy with them
	while [ "$path" ]; do
		folder=${path%%:*}
		path=${path#*:}
		[ ! -L "$DSHELL_ROOT$folder/$1" ] && [ ! -f "$DSHELL_ROOT$folder/$1" ] || return 0
	done
	return 1
} 2>/dev/null

# app_name PATH: as it is typed, in the app's root directory.
app_name() {
	local name=''
	name=$(plain_name "$1")
	printf '%s\n' "${name#/}"
}

# check_words COMMAND ARG...: says which absolute path only the app has; and whether the program can be found.
# sets: problem, the message for a program that cannot
check_words() {
	local word='' path='' absolute='' loops=''
	problem=
	case $1 in
	# what the words mean only the script knows
	sh | ash | bash) return ;;
	esac
	# without a live root (--volumes) links lead to where the app has them
	[ -z "$DSHELL_ROOT" ] || for word; do
		case $word in
		/?*)
			[ ${#word} -lt 4096 ] || continue
			if [ ! -e "$word" ] && [ ! -L "$word" ] && { find_file "$word" && [ -e "$path" ]; }; then
				# dash's echo interprets backslashes
				printf "dshell: %s is looked up in the debug image; the app's is %s (or add --app-image)\n" \
					"$word" "$(app_name "$path")" >&2
				break
			fi
			;;
		-*) ;;
		*)
			# those are about the link; and nothing that is longer can be a path
			case $1 in ln | mv | readlink | rm | stat | unlink) [ ! -L "$word" ] || continue ;; esac
			[ ${#word} -lt 4096 ] || continue
			# also where the debug image has a file of that name: it is the wrong one
			if find_file "$word" && [ "$absolute" ] && [ -e "$path" ]; then
				printf "dshell: %s: an absolute link on the way leads to the debug image; the app's is %s (dshell-path)\n" \
					"$(app_name "$word")" "$(app_name "$path")" >&2
				break
			fi
			;;
		esac
	done
	case $1 in -* | */*) return ;; esac
	if ! command -v "$1" >/dev/null 2>&1; then
		problem="dshell: $1: not found in the debug image"
		[ -z "$DSHELL_ROOT" ] || ! app_has "$1" || problem="$problem, but in the app's: add --app-image"
	fi
}
