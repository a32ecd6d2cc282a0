# shellcheck shell=sh
# Behind resolve.sh, in the app's root: takes a tar archive from stdin, and puts what it holds in its place when all of it has come.
#   $1 DESTINATION  $2 file|folder  $3 TEMPORARY  $4... the NAMEs
# The archive holds "0" for the first NAME, "1" for the second, at last an empty "end". If there are "times" and "modes", they are
# what to give to touch and chmod, two words each: what busybox tar does not keep.
# DESTINATION is a directory to put the NAMEs in (with `folder` it has to be), or what the only one becomes.
# stdout  "ready" when the archive may come, "failed" when no more of it is wanted
# exit    65 it did not arrive whole, 66 no such directory, 77 it may not be written; before "ready" nothing was written
#
# We may be root, and the app another user who can rename what is in its directories at any moment. So all of it comes into TEMPORARY,
# a directory that only our user can reach into, held open as descriptor 8: no user can move it to another parent. It is put in its place
# from there, by names in the working directory, which is entered a name at a time: the kernel tells where that has led us.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC3043 # local: ash, bash and dash have it
# shellcheck disable=SC3067 # -O: the same
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2030,SC2031 # each subshell has its own $here
# shellcheck disable=SC2034 # $mistrust is for resolve
# shellcheck disable=SC2154 # $path is set by resolve, $n (a line break) by what has started us
:
ours=/proc/self/fd/8

# What was not moved yet goes, whatever happens; a process without write permission for its own directory cannot empty it.
clean() {
	trap '' INT HUP TERM
	find "$ours"/ -type d -exec chmod u+rwx {} + 2>/dev/null
	rm -rf "${ours:?}"/*
	rmdir "./$temporary" 2>/dev/null
}

# effective FILE: sets $user to the user of the process whose status that is
effective() {
	while read -r key _ user _; do [ "$key" != Uid: ] || return 0; done <"$1"
	return 1
} 2>/dev/null

# at LINK: whether it leads to $here, as the app's root names it. A link below /proc says where we are, not how we came. The app's own
# user wins nothing by leading us elsewhere.
at() {
	expected=${top%/}$here
	[ "$same" ] || [ "$(readlink "$1" && echo .)" = "${expected:-/}$n." ]
}

# Whether descriptor 8 is what we have just made. A file system that keeps no owners and modes is no matter for the app's own user.
private() {
	here=$here/$temporary
	at "$ours" || return
	[ "$same" ] || [ -O "$ours/." ] || return
	case $same$(ls -ld "$ours/.") in x* | d???--[-S]---*) ;; *) return 1 ;; esac
	here=${here%/*}
	[ -z "$(ls -A "$ours/.")" ]
}

folder() { [ -d "$1" ] && [ ! -L "$1" ]; }

# place FROM NAME: looks whether FROM can become NAME in the working directory, or ($action is move) does it. A directory becomes part of
# one that is there, which is entered in a subshell.
place() {
	if folder "$1" && folder "./$2"; then
		(
			[ "$2" = . ] || here=$here/$2
			cd "./$2" 2>/dev/null || failed 65 "$here: it cannot be entered"
			at /proc/self/cwd || changed
			for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
				[ ! -e "$entry" ] && [ ! -L "$entry" ] || place "$entry" "${entry##*/}"
			done
		) || exit
	elif { folder "$1" && { [ -e "./$2" ] || [ -L "./$2" ]; }; } || [ -d "./$2" ]; then
		failed 66 "$here/$2: a directory cannot replace a file, nor a file a directory"
	elif [ "$action" = move ]; then
		if [ -L "$1" ] || [ ! -d "$1" ] || [ -w "$1" ]; then
			# shellcheck disable=SC2086 # an option or none
			mv $plain -f "$1" "./$2"
		else
			# a directory that changes its parent has to be writable
			exec 9<"$1/."
			mode=$(stat -c %a "$1") && chmod u+w "$1" && mv $plain -f "$1" "./$2" && chmod "$mode" /proc/self/fd/9/.
		fi || failed 65 "$here/$2: cannot be put in its place"
	fi
}

# failed, changed: fail, after the client has heard that nothing more is wanted
failed() {
	echo failed
	cat >/dev/null
	fail "$@"
}
changed() { failed 65 "not copied: somebody else has changed ${here:-/} meanwhile"; }

# Before anything is written: $said is why not.
unwritable() {
	said=${said##*: }
	case $said in *denied* | *ead-only*) fail 77 "${into#.}/: $said" ;; *) fail 65 "${into#.}/: $said" ;; esac
}

destination=$1 kind=$2 temporary=$3 same= top=
shift 3
effective /proc/self/status && we=$user && effective "/proc/$DSHELL_PID/status" && [ "$user" = "$we" ] && same=x
[ "$same" ] || mistrust=$we
top=$(readlink /proc/self/cwd && echo .) top=${top%??}
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
here=${into#.}
[ -x "$into" ] || { said=denied && unwritable; }
cd "$into" 2>/dev/null && at /proc/self/cwd || changed
umask 077
said=$(mkdir -m 700 "./$temporary" 2>&1) || unwritable
trap 'rmdir "./$temporary" 2>/dev/null' EXIT
trap 'exit 65' INT HUP TERM
exec 8<"./$temporary/."
private || changed
trap clean EXIT
# without it a link to a directory would be gone into
plain=-T
: >"$ours"/a && mv -T "$ours"/a "$ours"/b 2>/dev/null || plain=
rm -f "$ours"/a "$ours"/b
echo ready
# busybox tar makes files with their modes and does no more about it
umask 0
(cd "$ours"/ && exec tar -x -p -o -f -) || failed 65 "not copied: tar ended with $?"
[ -e "$ours"/end ] || failed 65 "not copied: the archive ended early"
[ ! -e "$ours"/times ] || (cd "$ours"/ && xargs -0 -n 2 touch -h -c -d <"$ours/times") 2>/dev/null
[ ! -e "$ours"/modes ] || (cd "$ours"/ && xargs -0 -n 2 chmod <"$ours/modes") || failed 65 "not copied: no chmod"
for action in check move; do
	number=0
	for name; do
		# the client may have left it out
		[ ! -e "$ours/$number" ] || place "$ours/$number" "${base:-$name}"
		number=$((number + 1))
	done
done
cat >/dev/null
