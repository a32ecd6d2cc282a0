# shellcheck shell=sh
# What a debug container of the app's image needs, to run with the shell and tools of this one (app_image.sh). Before
# tether.sh, whose line of facts contains it.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2016 # expanded by the shell that is looked at
# shellcheck disable=SC2034 # tools is for tether.sh
# shellcheck disable=SC2154 # from inbox.sh and target.sh
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
# shellcheck disable=SC2162,SC3045 # read -t: is looked for
:

# What fits into a line of facts beside the rest.
readonly LONGEST_TOOLS=3000

# sets: folders, those of PATH that exist, by their real paths
list_folders() {
	local IFS=: folder=
	folders=
	for folder in $PATH; do
		folder=$(cd -P "$folder/" && pwd) || continue
		case :$folders: in
		*[!A-Za-z0-9_./+:-]* | *:"$folder":*) ;;
		*) folders=${folders:+$folders:}$folder ;;
		esac
	done
}

# sets: links, relative or absolute: where the first cat of those folders leads; a busybox may say "cat" of its own
find_links() {
	local IFS=: folder=
	links=relative
	for folder in $folders; do
		[ -f "$folder/cat" ] || continue
		case $(readlink "$folder/cat") in /*) links=absolute ;; esac
		return
	done
}

# find_tools: after await_holder. Only real paths count: elsewhere an absolute link leads into another image.
# sets: tools, words of NAME=VALUE; without lends_shell= there is no shell that can be started from elsewhere
find_tools() {
	local shell=sh program= path= folders= loader= libraries= links=
	# as dash does, which has no -t
	read -t 0 </dev/null
	[ $? != 2 ] || shell=bash
	# bash replaces itself by its last command
	program=$($shell -c 'readlink /proc/$$/exe; :')
	case $program in '' | *[!A-Za-z0-9_./+-]*) return ;; esac
	while read -r _ _ _ _ _ path; do
		case $path in *[!A-Za-z0-9_./+-]*) continue ;; esac
		case $path in
		*/ld-* | */ld.so*) loader=$path ;;
		*.so | *.so.*) ;;
		*) continue ;;
		esac
		case :$libraries: in *:"${path%/*}":*) ;; *) libraries=${libraries:+$libraries:}${path%/*} ;; esac
	done <<EOF
$($shell -c 'cat /proc/$$/maps; :')
EOF
	list_folders
	find_links
	read_start "$holder" || return
	tools="lends_holder=$holder lends_started=$started lends_shell=$program lends_links=$links lends_path=$folders"
	tools="$tools${loader:+ lends_loader=$loader lends_libraries=$libraries}"
	[ ${#tools} -le $LONGEST_TOOLS ] || tools=
} 2>/dev/null
