# shellcheck shell=sh
# Writes the files that patterns name as tar archives to stdout. Runs in the app's root, after resolve.sh.
#   $1 strict|skip  $2... the PATTERNs; DIR/ is one that has to be a directory, DIR/. is its content, called "."
# Before each archive: source NUL file|folder NUL its name NUL its real path NUL. Between archives any number of zero
# bytes.
# exit    65 tar could not read everything, 66 there is no such file, 77 it may not be read; 66 and 77 come before
#         anything is written
# skip    65 is only a warning, for whatever is below the sources

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2154 # from resolve.sh
:
IFS=

# expand_pattern FOLDER PATTERN GLOBBED: takes every file below FOLDER that PATTERN names, component by component,
# because links are followed inside the root. GLOBBED: FOLDER was found by a pattern, so not every name has to exist.
expand_pattern() {
	local folder= name= rest= entry= globbed=
	folder=$1
	name=${2%%/*}
	globbed=$3
	case $2 in */*) rest=${2#*/} ;; esac
	if [ -e "$folder/$name" ] || [ -L "$folder/$name" ]; then
		set -- "$folder/$name"
	else
		# shellcheck disable=SC2086 # a pattern; with IFS empty nothing is split
		set -- "$folder"/$name
		[ "$folder/$name" = "$1" ] || globbed=1
	fi
	for entry; do
		# shells find these too, for .*
		case ${entry##*/} in . | ..) [ "$name" = . ] || continue ;; esac
		resolve_path "$entry"
		if [ "$rest" ]; then
			[ ! -d "$path" ] || expand_pattern "$path" "$rest" "$globbed"
		else
			[ -z "$directory_only" ] || [ -d "$path" ] || continue
			[ -z "$globbed" ] || [ -e "$entry" ] || [ -L "$entry" ] || continue
			take_path "${entry##*/}"
		fi
	done
}

# holds_small_files NAME...: whether there are many, with less than 64 kB each on average.
holds_small_files() {
	local sizes= count=
	# the total, and the number of lines
	sizes=$(du -akc "$@" 2>/dev/null | sed -n '$p;$=')
	count=${sizes##*[!0-9]}
	[ "${count:-0}" -gt 100 ] && [ "${sizes%%[!0-9]*}" -lt $((64 * count)) ]
} 2>/dev/null

# pack NAME...: GNU tar takes "\n" in a name for a line break.
pack() {
	case $* in *\\*) case $(tar --version 2>/dev/null) in *GNU*) exec tar --no-unquote -c -f - "$@" ;; esac ;; esac
	exec tar -c -f - "$@"
}

# write_archive NAME...: tar writes headers and small files one by one, and each write is a message on the whole way to
# the client. dd makes large ones of them (only if its sizes differ, with busybox). To large files it is a detour.
write_archive() {
	local code=
	if ! command -v dd >/dev/null || ! holds_small_files "$@"; then
		pack "$@"
	fi
	exec 7>&1
	code=$({ {
		(pack "$@" 3>&- 7>&-)
		echo $? >&3
	} | dd ibs=32k obs=128k 2>/dev/null >&7; } 3>&1)
	return "${code:-1}"
}

# take_path NAME: checks the file or directory $path or, if $action is send, writes it.
# sets: matched status
take_path() {
	local top=
	[ -e "$path" ] || fail_unusable "/$pattern"
	matched=1
	if [ "$action" = check ]; then
		[ -d "$path" ] || [ -f "$path" ] || fail "$NO_FILE" "${path#.}: neither a file nor a directory"
		if [ ! -r "$path" ] || { [ -d "$path" ] && [ ! -x "$path" ]; }; then
			fail "$DENIED" "${path#.}: Permission denied"
		fi
	elif [ "$path" = . ]; then
		printf 'source\0folder\0%s\0\0' "${1:-.}"
		set --
		for top in ./* ./.[!.]* ./..?*; do
			# what the kernel makes up is not the app's
			case $top in ./proc | ./sys | ./dev) continue ;; esac
			[ ! -e "$top" ] && [ ! -L "$top" ] || set -- "$@" "$top"
		done
		(write_archive "$@") || status=$INCOMPLETE
	elif [ -d "$path" ]; then
		printf 'source\0folder\0%s\0%s\0' "$1" "${path#.}"
		(cd "$path" && write_archive .) || status=$INCOMPLETE
	else
		printf 'source\0file\0%s\0%s\0' "$1" "${path#.}"
		(cd "${path%/*}" && pack "./${path##*/}") || status=$INCOMPLETE
	fi
}

mode=$1
status=0
shift
for action in check send; do
	for pattern; do
		matched=
		directory_only=
		case $pattern in */ | */.) directory_only=1 ;; esac
		expand_pattern . "$pattern" ""
		[ "$matched" ] || {
			resolve_path "$pattern"
			[ -z "$directory_only" ] || [ ! -e "$path" ] || [ -d "$path" ] || fail "$NO_FILE" "/$pattern: Not a directory"
			fail_unusable "/$pattern"
		}
	done
done
[ "$mode" = strict ] || status=0
exit "$status"
