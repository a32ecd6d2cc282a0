# bash completion for kubectl-dshell; bash 4.4 or newer.
# Nothing of what the program prints is evaluated: words are quoted by printf %q before they reach the line.

_kubectl_dshell() {
	local rest=${COMP_LINE:0:COMP_POINT} words=() word='' current='' out=() line='' directive=4 prefix='' i=0
	COMPREPLY=()
	# bash has cut the words at : and =, too, which is undone here
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -eq 0 || $rest == [[:space:]]* || -z $rest ]]; then
			rest=${rest#"${rest%%[![:space:]]*}"}
			words+=('')
		fi
		[[ $i -lt $COMP_CWORD ]] || word=$rest
		words[${#words[@]} - 1]+=$word
		rest=${rest#"$word"}
	done
	current=${words[${#words[@]} - 1]}
	mapfile -t out < <(DSHELL_COMPLETE_SHELL=bash command "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	[[ ${#out[@]} -gt 0 ]] || return 0
	line=${out[${#out[@]} - 1]}
	if [[ $line =~ ^:[0-9]+$ ]]; then
		directive=${line#:}
		unset 'out[${#out[@]}-1]'
	fi
	# readline replaces what follows the last : or = of the word only, or all of it within quotes
	if [[ $current == *[\'\"]* ]]; then
		prefix=''
	elif [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
		prefix=${current%"${current##*:}"}
	elif [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
		prefix=${current%"${current##*=}"}
	fi
	for line in "${out[@]}"; do
		word=${line%%$'\t'*}
		[[ $word == "$prefix"* ]] || continue
		word=${word#"$prefix"}
		case $current in
		*[\'\"]*) [[ $word == *[!A-Za-z0-9._/:@%+,=-]* ]] || COMPREPLY+=("$word") ;;
		*)
			printf -v word %q "$word"
			COMPREPLY+=("$word")
			;;
		esac
	done
	((directive & 2)) && compopt -o nospace
	((directive & 4)) && compopt +o default
	((directive & 16)) && compopt -o dirnames
	return 0
}

complete -o default -o nosort -F _kubectl_dshell kubectl-dshell
