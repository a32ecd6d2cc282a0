# shellcheck shell=sh
# --chroot: what is run has the app's live root directory as its own, and our shell and tools through the app's /proc,
# as in a debug container of the app's image (app_image.sh). After lend.sh and inbox.sh, and with chroot_text, the text
# of app_image.sh.

# shellcheck disable=SC2034 # for command.sh and shell.sh
# shellcheck disable=SC2154 # set before
# shellcheck disable=SC3043 # local: busybox ash, bash and dash have it
:

# prepare_chroot: in a session that has entered the root. Ends it if that cannot be done.
# sets: app_image, what is evaluated within the new root directory; tools_words, the words that start our shell there
prepare_chroot() {
	local word='' effective='' shell='' loader='' libraries='' path='' applet=''
	local root="/proc/$holder/root"
	while read -r word effective; do
		[ "$word" != CapEff: ] || break
	done </proc/self/status
	# the bit of CAP_SYS_CHROOT, 18
	case $effective in
	*[4-7c-f]????) ;;
	*) refuse_chroot "--chroot needs the capability SYS_CHROOT, which the app does not have" ;;
	esac
	tools=
	find_tools
	for word in $tools; do
		case $word in
		lends_shell=*) shell=${word#*=} ;;
		lends_loader=*) loader=$root${word#*=} ;;
		lends_libraries=*) libraries=$(under_root "$root" "${word#*=}") ;;
		lends_path=*) path=$(under_root "$root" "${word#*=}") ;;
		lends_links=absolute) applet=$root ;;
		esac
	done
	[ "$shell" ] || refuse_chroot "the shell of the debug image cannot be started with --chroot"
	[ -z "$loader" ] || loader="$loader --library-path $libraries"
	tools_words=${loader:+$loader }$root$shell
	case ${shell##*/} in
	busybox* | toybox*)
		[ -z "$applet" ] || applet=$root$shell
		tools_words="$tools_words sh"
		;;
	*) applet= ;;
	esac
	app_image="tools_root='$root'
tools_path='$path'
tools_shell='$tools_words'
tools_loader='$loader'
tools_applet='$applet'
chrooted=1
export DSHELL_ROOT=/
$chroot_text"
	# for the holder (scan_processes): this process has another root directory and is ours all the same
	export DSHELL_CHROOT=1
	# of the program chroot
	export PWD=/
}

# under_root ROOT FOLDER:FOLDER...
under_root() {
	local IFS=: folder='' all=''
	for folder in $2; do
		all=${all:+$all:}$1$folder
	done
	echo "$all"
}

refuse_chroot() {
	say_begun
	echo "dshell: $1: use --app-image" >&2
	exit 77
}
