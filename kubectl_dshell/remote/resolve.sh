# shellcheck shell=sh
# Paths of the app: the working directory is its root, as enter.sh leaves it. Shared by copy_out.sh and copy_in.sh.

# shellcheck disable=SC1007 # a= b=: two empty values
# shellcheck disable=SC2034 # $path is for whoever calls
mistrust=
LC_ALL=C
export LC_ALL

# Sets $path to what $1 is with every symbolic link followed inside the root, the last one too. With $mistrust (what is neither root nor
# this user may mean to harm) only links of theirs are.
resolve() {
	left=$1 path=. hops=
	while [ "$left" ]; do
		part=${left%%/*}
		case $left in */*) left=${left#*/} ;; *) left= ;; esac
		case $part in
		'' | .) ;;
		..) [ "$path" = . ] || path=${path%/*} ;;
		*)
			if [ ${#hops} -lt 40 ] && [ -L "$path/$part" ] && link=$(readlink "$path/$part" && echo .); then
				[ -z "$mistrust" ] || trusted "$path/$part"
				hops=x$hops link=${link%??}
				left=$link/$left
				case $link in /*) path=. ;; esac
			else
				path=$path/$part
			fi
			;;
		esac
	done
}

trusted() {
	link_path=$1
	# shellcheck disable=SC2046 # words
	set -- $(ls -ldn "$1")
	case $3 in 0 | "$mistrust") ;; *) fail 77 "${link_path#.}: Permission denied to follow a link of user ${3:-?} as user $mistrust" ;; esac
}

# fail CODE TEXT...
fail() {
	code=$1
	shift
	echo "$*" >&2
	exit "$code"
}

# What the kernel says about $path, as the last words of an error; 77 where it forbids, else 66.
unusable() {
	said=$(ls -d "$path" 2>&1 >/dev/null)
	said=${said##*: }
	case $said in *denied*) fail 77 "$1: $said" ;; *) fail 66 "$1: ${said:-No such file or directory}" ;; esac
}
