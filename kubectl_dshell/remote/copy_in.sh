# shellcheck shell=sh
# Behind resolve.sh, in the app's root: takes a tar archive from stdin, and puts what it holds in its place when all of it has come.
#   sh -c TEXT cp DESTINATION file|folder TEMPORARY NAME...
# The archive holds TEMPORARY-0 for the first NAME, TEMPORARY-1 for the second, at last an empty TEMPORARY-end. If there are
# TEMPORARY-times and TEMPORARY-modes, they are what to give to touch and chmod, two words each: what busybox tar does not keep.
# DESTINATION is a directory to put the NAMEs in (with `folder` it has to be), or what the only one becomes.
# stdout  "ready" when the archive may come, "failed" when no more of it is wanted
# exit    65 it did not arrive whole, 66 no such directory, 77 it may not be written; before "ready" nothing was written

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC3043 # local: ash, bash and dash have it
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2154 # $path is set by resolve
:

# What was not moved yet goes, whatever happens; a process without write permission for its own directory cannot empty it.
clean() {
	trap '' INT HUP TERM
	find "$into/$temporary"-* -type d -exec chmod u+rwx {} + 2>/dev/null
	rm -rf "$into/$temporary"-*
}

# place FROM TO: looks whether FROM can become TO, or ($action is move) does it. A directory becomes part of one that is there.
place() {
	local entry
	if [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ] && [ ! -L "$2" ]; then
		for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			[ ! -e "$entry" ] && [ ! -L "$entry" ] || place "$entry" "$2/${entry##*/}" || return
		done
	elif { [ -d "$1" ] && [ ! -L "$1" ] && { [ -e "$2" ] || [ -L "$2" ]; }; } || [ -d "$2" ]; then
		failed 66 "${2#.}: a directory cannot replace a file, nor a file a directory"
	elif [ "$action" = move ]; then
		if [ -L "$1" ] || [ ! -d "$1" ] || [ -w "$1" ]; then
			mv -f "$1" "$2"
		else
			# a directory that changes its parent has to be writable
			entry=$(stat -c %a "$1") && chmod u+w "$1" && mv -f "$1" "$2" && chmod "$entry" "$2"
		fi || failed 65 "${2#.}: cannot be put in its place"
	fi
}

# fail, after the client has heard that nothing more is wanted
failed() {
	echo failed
	cat >/dev/null
	fail "$@"
}

destination=$1 kind=$2 temporary=$3
shift 3
resolve "$destination"
into=${path%/*} base=${path##*/}
if [ -d "$path" ]; then
	into=$path base=
elif [ "$kind" = folder ]; then
	[ ! -e "$path" ] || fail 66 "/$destination: Not a directory"
	unusable "/$destination"
elif [ -e "$path" ] && [ ! -f "$path" ]; then
	fail 66 "/$destination: not a file"
elif [ ! -d "$into" ]; then
	path=$into
	unusable "${into#.}"
fi
said=$({ : >"$into/$temporary-end"; } 2>&1) || {
	said=${said##*: }
	case $said in *denied* | *ead-only*) fail 77 "${into#.}/: $said" ;; *) fail 65 "${into#.}/: $said" ;; esac
}
trap clean EXIT
trap 'exit 65' INT HUP TERM
rm "$into/$temporary-end"
echo ready
# busybox tar makes files with their modes and does no more about it
umask 0
(cd "$into" && exec tar -x -p -o -f -) || failed 65 "not copied: tar ended with $?"
[ -e "$into/$temporary-end" ] || failed 65 "not copied: the archive ended early"
[ ! -e "$into/$temporary-times" ] || (cd "$into" && xargs -0 -n 2 touch -h -c -d <"$temporary-times") 2>/dev/null
[ ! -e "$into/$temporary-modes" ] || (cd "$into" && xargs -0 -n 2 chmod <"$temporary-modes") || failed 65 "not copied: no chmod"
for action in check move; do
	number=0
	for name; do
		place "$into/$temporary-$number" "$into/${base:-$name}"
		number=$((number + 1))
	done
done
cat >/dev/null
