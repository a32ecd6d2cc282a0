# shellcheck shell=bash
# Completion of file names through absolute links of the app, after links.sh and shell_rc.sh. Everything else is left to
# bash, and so are names with quotes. Busybox ash completes file names by itself, and cannot be told.

# list_names PREFIX: the files whose names begin so, but those with a line break.
# sets: found
list_names() {
	local names='' name=''
	found=()
	names=$(compgen -f -- "$1")
	while [[ $names ]]; do
		name=${names%%$'\n'*}
		[[ $name == "$1"* && (-e $name || -L $name) ]] && found+=("$name")
		case $names in *$'\n'*) names=${names#*$'\n'} ;; *) names= ;; esac
	done
}

# dshell_complete COMMAND WORD: for `complete -F`.
# sets: COMPREPLY
# shellcheck disable=SC2034 # variables of find_file
dshell_complete() {
	local word="${2//\\/}" before='' name='' path='' absolute='' loops='' found=()
	COMPREPLY=()
	case $2 in *[\'\"\$\`\~]* | *\\\\*) return ;; esac
	case $word in */*) before=${word%/*}/ ;; esac
	[[ $before ]] && find_file "$before" && [[ $absolute ]] || path=
	if [[ ! $path ]]; then
		# a link at the end leads to nothing, as bash sees it
		list_names "$word"
		[[ ${#found[@]} = 1 && -L ${found[0]} ]] && find_file "${found[0]}" && [[ $absolute && -d $path ]] || return
		COMPREPLY=("${found[0]}/")
		compopt -o nospace
		return
	fi
	list_names "$path/${word##*/}"
	for name in "${found[@]}"; do
		[[ ! -d $name ]] || name=$name/
		COMPREPLY+=("$before${name#"$path/"}")
	done
	case ${COMPREPLY[0]} in */) [[ ${#COMPREPLY[@]} -gt 1 ]] || compopt -o nospace ;; esac
}
complete -o filenames -o bashdefault -o default -D -F dshell_complete
