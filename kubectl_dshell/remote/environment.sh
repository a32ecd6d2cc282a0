# shellcheck shell=sh
# The app's variables, for what is run: with --target-env, and in a debug container of the app's image (app_image.sh).
# Before that, and before shell_rc.sh or task.sh.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2034 # target_env is for shell_rc.sh and task.sh
# shellcheck disable=SC2154 # set before
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC3045 # read -d: busybox ash and bash have it, and one of them runs this
:

target_env=1

# is_same_user PID: whether all four user IDs of that process are our effective one. A program of another user (setuid)
# keeps the real one of whoever has started it, with that one's variables.
is_same_user() {
	local key= real= uid= saved= filesystem= ours= theirs=
	while read -r key _ uid _; do
		[ "$key" != Uid: ] || ours=$uid
	done </proc/self/status
	while read -r key real uid saved filesystem; do
		[ "$key" != Uid: ] || theirs="$real $uid $saved $filesystem"
	done <"/proc/$1/status"
	[ "$ours" ] && [ "$ours $ours $ours $ours" = "$theirs" ]
} 2>/dev/null

# adopt_environment: as the app's process was started with them. In a shell without readonly variables: assigning to one
# would end it. The app can write what is read here, so that it could choose what a shell of more power runs. Where its
# image is not ours, neither are its programs and its libraries.
adopt_environment() {
	local dshell_variable=
	[ -z "$no_target" ] || return 0
	if ! is_same_user "$DSHELL_PID"; then
		echo "dshell: the app's variables are not taken over from another user" >&2
	elif ! { true <"/proc/$DSHELL_PID/environ"; } 2>/dev/null; then
		echo "dshell: the app's variables cannot be read" >&2
	else
		while IFS= read -r -d '' dshell_variable; do
			case ${dshell_variable%%=*} in
			'' | [0-9]* | *[!A-Za-z0-9_]*) ;;
			DSHELL_* | dshell_* | tools_* | tool | app_image | app_volumes) ;;
			image_directory | elsewhere | target_env | no_target) ;;
			PWD | OLDPWD | SHLVL | _ | TERM | IFS | PS[0-9] | PROMPT_COMMAND | HISTFILE | OPTIND) ;;
			UID | EUID | PPID | BASH* | SHELLOPTS) ;;
			PATH) [ -z "$tools_path" ] || PATH=${dshell_variable#*=}:$tools_path ;;
			LD_*) [ -z "$tools_path" ] || export "${dshell_variable?}" ;;
			*) export "${dshell_variable?}" ;;
			esac
		done <"/proc/$DSHELL_PID/environ"
	fi
}
