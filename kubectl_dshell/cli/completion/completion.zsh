#compdef kubectl-dshell
# zsh completion for kubectl-dshell. Nothing of what the program prints is evaluated: compadd quotes what it inserts.

_kubectl_dshell() {
	local -a typed out found shown options
	local line word about directive=4
	typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
	out=("${(@f)$(DSHELL_COMPLETE_SHELL=zsh command "${(Q)words[1]}" __complete "${typed[@]}" 2>/dev/null)}")
	if [[ ${out[-1]} == :<-> ]]; then
		directive=${out[-1]#:}
		out[-1]=()
	fi
	for line in "${out[@]}"; do
		[[ -n $line ]] || continue
		word=${line%%$'\t'*}
		about=
		[[ $line != *$'\t'* ]] || about="  -- ${line#*$'\t'}"
		found+=("$word")
		shown+=("$word$about")
	done
	((directive & 2)) && options+=(-S '')
	((directive & 32)) && options+=(-V dshell)
	((${#found})) && compadd "${options[@]}" -l -d shown -a found && return
	((directive & 4)) && return 1
	if ((directive & 16)); then _files -/; else _files; fi
}

if [[ ${funcstack[1]} == _kubectl-dshell ]]; then
	_kubectl_dshell "$@"
else
	compdef _kubectl_dshell kubectl-dshell
fi
