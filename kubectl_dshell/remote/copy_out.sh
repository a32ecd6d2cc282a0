# shellcheck shell=sh
# Behind resolve.sh, in the app's root: writes the files that patterns name as tar archives on stdout.
#   $1 strict|skip  $2... the PATTERNs; DIR/ is one that has to be a directory, DIR/. what is in it, called "."
# Before each archive: source NUL file|folder NUL its name NUL where it really is NUL. Between archives any number of zero bytes.
# exit    65 tar could not read all, 66 there is no such file, 77 it may not be read; of 66 and 77 before anything is written
# skip    65 is a warning only, for what is below the sources

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC3043 # local: ash, bash and dash have it
# shellcheck disable=SC2154 # $path is set by resolve
:
IFS=

# each FOLDER PATTERN GLOBBED: takes every file below FOLDER that PATTERN names. Links are followed inside the root, so component by
# component. GLOBBED: how we came to FOLDER was a pattern, so not every name has to be there.
each() {
	local folder rest entry globbed
	folder=$1 rest= globbed=$3
	case $2 in */*) rest=${2#*/} ;; esac
	name=${2%%/*}
	set -- "$name"
	if [ -e "$folder/$1" ] || [ -L "$folder/$1" ]; then
		set -- "$folder/$1"
	else
		# shellcheck disable=SC2086 # a pattern; with IFS empty nothing is split
		set -- "$folder"/$1
		[ "$folder/$name" = "$1" ] || globbed=1
	fi
	for entry; do
		# shells find them too, for .*
		case ${entry##*/} in . | ..) [ "$name" = . ] || continue ;; esac
		resolve "$entry"
		if [ "$rest" ]; then
			[ ! -d "$path" ] || each "$path" "$rest" "$globbed"
		else
			[ -z "$only" ] || [ -d "$path" ] || continue
			[ -z "$globbed" ] || [ -e "$entry" ] || [ -L "$entry" ] || continue
			take "${entry##*/}"
		fi
	done
}

# pack NAME...: for GNU tar "\n" in a name is a line break
pack() {
	case $* in *\\*) case $(tar --version 2>/dev/null) in *GNU*) exec tar --no-unquote -c -f - "$@" ;; esac ;; esac
	exec tar -c -f - "$@"
}

# take NAME: the file or directory $path
take() {
	[ -e "$path" ] || unusable "/$pattern"
	taken=1
	if [ "$action" = check ]; then
		[ -d "$path" ] || [ -f "$path" ] || fail 66 "${path#.}: neither a file nor a directory"
		if [ ! -r "$path" ] || { [ -d "$path" ] && [ ! -x "$path" ]; }; then fail 77 "${path#.}: Permission denied"; fi
	elif [ "$path" = . ]; then
		printf 'source\0folder\0%s\0\0' "${1:-.}"
		set --
		for top in ./* ./.[!.]* ./..?*; do
			# what the kernel makes up is not the app's
			case $top in ./proc | ./sys | ./dev) continue ;; esac
			[ ! -e "$top" ] && [ ! -L "$top" ] || set -- "$@" "$top"
		done
		(pack "$@") || worst=65
	elif [ -d "$path" ]; then
		printf 'source\0folder\0%s\0%s\0' "$1" "${path#.}"
		(cd "$path" && pack .) || worst=65
	else
		printf 'source\0file\0%s\0%s\0' "$1" "${path#.}"
		(cd "${path%/*}" && pack "./${path##*/}") || worst=65
	fi
}

mode=$1 worst=0
shift
for action in check send; do
	for pattern; do
		taken= only=
		case $pattern in */ | */.) only=folder ;; esac
		each . "$pattern" ""
		[ "$taken" ] || {
			resolve "$pattern"
			[ -z "$only" ] || [ ! -e "$path" ] || [ -d "$path" ] || fail 66 "/$pattern: Not a directory"
			unusable "/$pattern"
		}
	done
done
[ "$mode" = strict ] || worst=0
exit $worst
