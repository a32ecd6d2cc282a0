# fish completion for kubectl-dshell. Nothing of what the program prints is evaluated: fish quotes what it inserts.

function __kubectl_dshell_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    set -lx DSHELL_COMPLETE_SHELL fish
    set -l out (command $words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    test (count $out) -gt 0; or return
    set -l directive (string sub -s 2 -- $out[-1])
    set -e out[-1]
    if test (count $out) -gt 0
        printf '%s\n' $out
    else if test (math "bitand($directive, 16)") -ne 0
        __fish_complete_directories "$current"
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path "$current"
    end
end

complete -c kubectl-dshell -e
complete -c kubectl-dshell -f -k -a '(__kubectl_dshell_complete)'
