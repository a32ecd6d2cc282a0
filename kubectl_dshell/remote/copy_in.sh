# shellcheck shell=sh
# Takes a tar archive from stdin, and moves its content to its destination when all of it has arrived. Runs in the app's
# root, after resolve.sh.
#   $1 DESTINATION  $2 file|folder  $3 TEMPORARY  $4... the NAMEs
# The archive holds "0" for the first NAME, "1" for the second, and at last an empty "end". "times" and "modes", if they
# are there, hold arguments for touch and chmod, two at a time: what busybox tar does not keep.
# DESTINATION is a directory to put the NAMEs in (with `folder` it has to be), or what the only one becomes.
# stdout  "ready" when the archive may come, "failed" when no more of it is wanted
# exit    65 it did not arrive whole, 66 no such directory, 77 it may not be written; before "ready" nothing is written
#
# We may be root, and the app another user that can rename the content of its directories at any moment. So everything
# comes into TEMPORARY, a directory that only our user can enter, held open as descriptor 8: no user can move it to
# another parent. From there it is moved to its destination by names in the working directory, which is entered one name
# at a time: the kernel tells where that has led us.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC3067 # -O: the same
# shellcheck disable=SC2015 # a && b || c: c is also for a b that fails
# shellcheck disable=SC2030,SC2031 # each subshell has its own $here
# shellcheck disable=SC2034 # trusted_user is for resolve_path
# shellcheck disable=SC2154 # from resolve.sh; $n (a line break) from what has started us
:
readonly STAGING=/proc/self/fd/8

# Whatever was not moved goes, however this ends; without write permission for its own directory nobody can empty it.
remove_temporary() {
	trap '' INT HUP TERM
	find $STAGING/ -type d -exec chmod u+rwx {} + 2>/dev/null
	# shellcheck disable=SC2115 # a constant
	rm -rf $STAGING/*
	rmdir "./$temporary" 2>/dev/null
}

# read_user FILE: from the status file of a process. One whose four user IDs differ runs a program of another user
# (setuid) for somebody.
# sets: user; empty if the four differ
read_user() {
	local key= real= saved= filesystem=
	user=
	while read -r key real user saved filesystem; do
		[ "$key" = Uid: ] || continue
		[ "$real $saved $filesystem" = "$user $user $user" ] || user=
		return 0
	done <"$1"
	user=
	return 1
} 2>/dev/null

# Whether the app's first process, if there is one, has our user namespace: in its own it mounts what it likes over its
# files.
is_same_user_namespace() {
	[ ! -L "/proc/$DSHELL_PID/ns/user" ] || [ "/proc/$DSHELL_PID/ns/user" -ef /proc/self/ns/user ]
}

# leads_here LINK: whether it leads to $here, as the app's root names it. A link below /proc says where we are, not how
# we came. The app's own user wins nothing by leading us elsewhere.
leads_here() {
	local expected="${top%/}$here"
	[ "$same_user" ] || [ "$(readlink "$1" && echo .)" = "${expected:-/}$n." ]
}

# Whether descriptor 8 is the directory that was just made. A file system that keeps no owners and modes does not matter
# to the app's own user.
staging_is_private() {
	here=$here/$temporary
	leads_here $STAGING || return
	[ "$same_user" ] || [ -O "$STAGING/." ] || return
	case $same_user$(ls -ld "$STAGING/.") in
	x* | d???--[-S]---*) ;;
	*) return 1 ;;
	esac
	here=${here%/*}
	[ -z "$(ls -A "$STAGING/.")" ]
}

# read_mount N
# sets: mount, the ID of the mount on which what is open as descriptor N was found
read_mount() {
	local key=
	while read -r key mount; do
		[ "$key" != mnt_id: ] || return 0
	done <"/proc/self/fdinfo/$1"
	return 1
} 2>/dev/null

# Aborts unless rename(2) moves files from $STAGING to the working directory. It replaces a link; mv copies to another
# mount, by path, and the app could put a link there in between. Its own user wins nothing by that.
require_same_mount() {
	[ ! "$same_user" ] || return 0
	# a redirection of exec that fails would end dash and ash without a word
	[ -r . ] || abort "$INCOMPLETE" "$here: it cannot be read"
	exec 9<.
	read_mount 9 ||
		abort "$INCOMPLETE" "$here: the node's kernel does not say which volume that is, so copy as the app's user"
	[ "$mount" = "$staging_mount" ] ||
		abort "$INCOMPLETE" "$here: another volume is mounted there, so copy to it by itself"
}

is_directory() {
	[ -d "$1" ] && [ ! -L "$1" ]
}

# place_entry FROM NAME: checks whether FROM can become NAME in the working directory or, if $action is move, moves it.
# A directory is merged into one that is there, which is entered in a subshell.
place_entry() {
	if is_directory "$1" && is_directory "./$2"; then
		(
			[ "$2" = . ] || here=$here/$2
			cd "./$2" 2>/dev/null || abort "$INCOMPLETE" "$here: it cannot be entered"
			leads_here /proc/self/cwd || abort_changed
			require_same_mount
			for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
				[ ! -e "$entry" ] && [ ! -L "$entry" ] || place_entry "$entry" "${entry##*/}"
			done
		) || exit
	elif { is_directory "$1" && { [ -e "./$2" ] || [ -L "./$2" ]; }; } || [ -d "./$2" ]; then
		abort "$NO_FILE" "$here/$2: a directory cannot replace a file, nor a file a directory"
	elif [ "$action" = move ]; then
		if [ -L "$1" ] || [ ! -d "$1" ] || [ -w "$1" ]; then
			# shellcheck disable=SC2086 # an option or none
			mv $no_target_directory -f "$1" "./$2"
		else
			# a directory that changes its parent has to be writable, and one that is opened readable
			# shellcheck disable=SC2086 # an option or none
			mode=$(stat -c %a "$1") &&
				chmod u+rwx "$1" &&
				exec 9<"$1/." &&
				mv $no_target_directory -f "$1" "./$2" &&
				chmod "$mode" /proc/self/fd/9/.
		fi || abort "$INCOMPLETE" "$here/$2: cannot be put in its place"
	fi
}

# abort CODE TEXT...: fails, after telling the client that no more input is wanted.
abort() {
	echo failed
	cat >/dev/null
	fail "$@"
}

abort_changed() {
	abort "$INCOMPLETE" "not copied: somebody else has changed ${here:-/} meanwhile"
}

# fail_unwritable ERROR: before anything was written.
fail_unwritable() {
	local reason="${1##*: }"
	case $reason in
	*denied* | *ead-only*) fail "$DENIED" "${into#.}/: $reason" ;;
	*) fail "$INCOMPLETE" "${into#.}/: $reason" ;;
	esac
}

destination=$1 kind=$2 temporary=$3
same_user= top= mount=
shift 3
read_user /proc/self/status && own_user=$user && [ "$own_user" ] ||
	fail "$INCOMPLETE" "not copied: whose user we are is unknown"
read_user "/proc/$DSHELL_PID/status" && [ "$user" = "$own_user" ] && same_user=x
[ "$same_user" ] || trusted_user=$own_user
[ "$same_user" ] || is_same_user_namespace ||
	fail "$DENIED" "not copied: the app has a user namespace of its own, where it may mount anything"
top=$(readlink /proc/self/cwd && echo .)
top=${top%??}
resolve_path "$destination"
into=${path%/*}
base=${path##*/}
if [ -d "$path" ]; then
	into=$path
	base=
elif [ "$kind" = folder ]; then
	[ ! -e "$path" ] || fail "$NO_FILE" "/$destination: Not a directory"
	fail_unusable "/$destination"
elif [ -e "$path" ] && [ ! -f "$path" ]; then
	fail "$NO_FILE" "/$destination: not a file"
elif [ ! -d "$into" ]; then
	path=$into
	fail_unusable "${into#.}"
fi
here=${into#.}
[ -x "$into" ] || fail_unwritable denied
cd "$into" 2>/dev/null && leads_here /proc/self/cwd || abort_changed
umask 077
error=$(mkdir -m 700 "./$temporary" 2>&1) || fail_unwritable "$error"
trap 'rmdir "./$temporary" 2>/dev/null' EXIT
trap 'exit $INCOMPLETE' INT HUP TERM
exec 8<"./$temporary/."
staging_is_private || abort_changed
trap remove_temporary EXIT
# without -T (--no-target-directory) mv would follow a link to a directory
no_target_directory=-T
: >$STAGING/a && mv -T $STAGING/a $STAGING/b 2>/dev/null || no_target_directory=
rm -f $STAGING/a $STAGING/b
[ "$no_target_directory$same_user" ] ||
	fail "$INCOMPLETE" "not copied: another user than the app's needs mv -T, which the debug image lacks"
read_mount 8 || mount=
staging_mount=$mount
[ -z "$staging_mount" ] || require_same_mount
echo ready
# busybox tar makes files with their modes and does no more about it
umask 0
(cd $STAGING/ && exec tar -x -p -o -f -) || abort "$INCOMPLETE" "not copied: tar ended with $?"
[ -e $STAGING/end ] || abort "$INCOMPLETE" "not copied: the archive ended early"
[ ! -e $STAGING/times ] || (cd $STAGING/ && xargs -0 -n 2 touch -h -c -d <$STAGING/times) 2>/dev/null
[ ! -e $STAGING/modes ] || (cd $STAGING/ && xargs -0 -n 2 chmod <$STAGING/modes) ||
	abort "$INCOMPLETE" "not copied: no chmod"
for action in check move; do
	number=0
	for name; do
		# the client may have left it out
		[ ! -e "$STAGING/$number" ] || place_entry "$STAGING/$number" "${base:-$name}"
		number=$((number + 1))
	done
done
cat >/dev/null
