# shellcheck shell=sh
# Prints the names in a directory of the app for completion, and changes nothing: no session, no message to the holder.
# After inbox.sh, target.sh and links.sh.
#   dshell names TARGET-CONTAINER-ID - DIRECTORY BEGINNING
# stdout  each name that has this beginning, a directory's with a slash, and a NUL after each; at most 500
# exit    72 the app's root directory is closed to us, or there is no process of the target

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2154 # from target.sh and links.sh
# shellcheck disable=SC2034 # target_id is for target.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

list_names() {
	local name= count=
	yield_memory
	target_id=$2
	find_target
	[ "$root" = ok ] && cd "/proc/$DSHELL_PID/root" || exit 72
	trusted_user=
	resolve_path "$4"
	cd "$path" || exit 72
	for name in "$5"*; do
		[ -e "$name" ] || [ -L "$name" ] || continue
		[ ! -d "$name" ] || name=$name/
		printf '%s\0' "$name"
		count=x$count
		[ ${#count} -lt 500 ] || return 0
	done
} 2>/dev/null
