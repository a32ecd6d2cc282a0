#!/bin/sh
# runsc for containerd's shim of runc: it stands for gVisor's own shim, which Debian does not have. The shim expects four
# things of runc that runsc does otherwise:
# - The status of the process in the PID file is the container's. runsc writes the sandbox there; here it is a process
#   that waits for the container.
# - A container has the standard streams of `create`. With runsc, all but the first of a sandbox have those of `start`,
#   so it is that process that starts them.
# - /proc/PID/ns/pid names the PID namespace of the container that PID is of. runsc knows only that of the sandbox, whose
#   PID gVisor's own shim tells of each of its containers.
# - Whom nobody can kill any more is "not running" in other words: without them a pod is Terminating for ever.
set -u
states=/run/dshell-runsc
run() { /usr/bin/runsc --network=none --systemd-cgroup "$@"; }
value() { # NAME WORD...: the word after --NAME
	wanted=--$1
	while shift && [ $# -gt 1 ]; do
		[ "$1" != "$wanted" ] || { echo "$2" && return; }
	done
}
number() { grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$'; }
for id; do :; done
state=$states/$id
case " $* " in
*" create "*)
	root=$(value root "$@") log=$(value log "$@") bundle=$(value bundle "$@") pid_file=$(value pid-file "$@")
	sandbox=$(grep -o '"io.kubernetes.cri.sandbox-id":"[0-9a-f]*"' "$bundle/config.json" | cut -d'"' -f4)
	if [ "$sandbox" ] && [ "$sandbox" != "$id" ]; then
		pid=$(run --root "$root" state "$sandbox" | number pid)
		sed -i "s|/proc/[0-9]*/ns/pid|/proc/$pid/ns/pid|" "$bundle/config.json"
	fi
	run "$@" || exit
	rm -rf "$state" && mkdir -p "$state" && mkfifo "$state/start" "$state/started" || exit
	exec 3<&0
	{
		read -r _ <"$state/start"
		run --root "$root" --log "$log" --log-format json start "$id"
		echo $? >"$state/started"
		exec </dev/null >/dev/null 2>&1 3<&-
		status=$(run --root "$root" wait "$id" | number exitStatus)
		exit "${status:-137}"
	} <&3 &
	printf %s "$!" >"$pid_file"
	;;
*" start "*)
	echo >"$state/start"
	read -r status <"$state/started"
	exit "$status"
	;;
*" kill "*)
	said=$(run "$@" 2>&1) && exit
	# the word by which that shim knows that there is nothing left to do
	case $said in *"is not running"*) said="container not running" ;; esac
	echo "$said" >&2
	exit 1
	;;
*" delete "*)
	run "$@"
	status=$?
	rm -rf "$state"
	exit "$status"
	;;
*) run "$@" ;;
esac
