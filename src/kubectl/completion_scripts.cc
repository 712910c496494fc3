#include "kubectl/completion_scripts.h"

namespace skerry::kubectl {

namespace {

// __start_kubectl is the name that documentation and dotfiles use: complete -o default -F __start_kubectl k
constexpr std::string_view kBash = R"SCRIPT(# bash completion for kubectl. For all shells:  kubectl completion bash > /etc/bash_completion.d/kubectl
# or for this one:  source <(kubectl completion bash)
# With an alias:  alias k=kubectl; complete -o default -F __start_kubectl k
__start_kubectl() {
    local line=${COMP_LINE:0:COMP_POINT} IFS out directive word quoted cur prefix= value
    local -a words candidates
    # COMP_WORDBREAKS takes --flag=value and a:b apart; words are split at blanks here.
    IFS=$' \t' read -r -a words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    cur=${words[${#words[@]}-1]}
    printf -v quoted ' %q' "${words[@]:1}"
    # The first word may be an alias, which only eval knows.
    out=$(eval "${words[0]} __complete$quoted" 2>/dev/null) || return
    directive=${out##*$'\n'}
    directive=${directive#:}
    [[ $cur == -*=* ]] && prefix=${cur%%=*}=
    value=${cur#"$prefix"}
    COMPREPLY=()
    while IFS= read -r word; do
        [[ $word == :* || -z $word ]] && continue
        candidates+=("${word%%$'\t'*}")
    done <<<"$out"
    if (( directive & 8 )); then
        # The candidates are endings of file names.
        local ending
        while IFS= read -r word; do
            [[ -d $word ]] && { COMPREPLY+=("$word"); continue; }
            for ending in "${candidates[@]}"; do [[ $word == *."$ending" ]] && COMPREPLY+=("$word"); done
        done < <(compgen -f -- "$value")
        compopt -o filenames 2>/dev/null
        return
    fi
    # What bash replaces starts behind the last of its breaks.
    local keep=${cur%"${COMP_WORDS[COMP_CWORD]}"}
    [[ ${COMP_WORDS[COMP_CWORD]} == [=:] ]] && keep=$cur
    for word in "${candidates[@]}"; do
        [[ $prefix$word == "$cur"* ]] || continue
        word=$prefix$word
        COMPREPLY+=("${word#"$keep"}")
    done
    (( directive & 2 )) && compopt -o nospace 2>/dev/null
    if (( ${#COMPREPLY[@]} == 0 && ! (directive & 4) )); then
        local kind=-f
        (( directive & 16 )) && kind=-d
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen $kind -- "$value")
        compopt -o filenames 2>/dev/null
    elif (( directive & 4 )); then
        compopt +o default 2>/dev/null
    fi
}
complete -o default -F __start_kubectl kubectl
)SCRIPT";

constexpr std::string_view kZsh = R"SCRIPT(#compdef kubectl
compdef _kubectl kubectl
# zsh completion for kubectl. For all shells:  kubectl completion zsh > "${fpath[1]}/_kubectl"
# or for this one:  source <(kubectl completion zsh)
_kubectl() {
    local out line word help directive prefix
    local -a found endings typed
    # Without what was quoted on the line, and quoted again for eval, which alone knows aliases. (Here ${...} with several words
    # would repeat what stands around it: rcexpandparam.)
    typed=("${(@Q)words[2,CURRENT]}")
    line=${(j: :)${(@qq)typed}}
    out=$(eval "${words[1]} __complete $line" 2>/dev/null) || return 1
    [[ ${words[CURRENT]} == -*=* ]] && prefix=${words[CURRENT]%%=*}=
    for line in "${(@f)out}"; do
        if [[ $line == :* ]]; then directive=${line#:}; continue; fi
        [[ -z $line ]] && continue
        word=${line%%$'\t'*}
        endings+=("*.$word")
        word=$prefix$word
        help=${line#*$'\t'}
        [[ $line == *$'\t'* ]] || help=
        found+=("${word//:/\\:}${help:+:$help}")
    done
    if (( directive & 8 )); then
        compset -P '--*='
        _files -g "(${(j:|:)endings})"
    elif (( $#found )); then
        if (( directive & 2 )); then _describe -V kubectl found -S ''; else _describe -V kubectl found; fi
    elif (( directive & 16 )); then
        compset -P '--*='
        _files -/
    elif (( ! (directive & 4) )); then
        compset -P '--*='
        _files
    fi
}
if [ "$funcstack[1]" = _kubectl ]; then _kubectl "$@"; fi
)SCRIPT";

constexpr std::string_view kFish = R"SCRIPT(# fish completion for kubectl. For all shells:  kubectl completion fish > ~/.config/fish/completions/kubectl.fish
# or for this one:  kubectl completion fish | source
function __kubectl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    or return
    set -l directive (string replace -r '^:' '' -- $out[-1])
    set -l found $out[1..-2]
    # --flag=value is one word for fish, and the answer is about the value.
    set -l prefix (string match -r -- '^-[^=]*=' "$current"); or set prefix ""
    set -l value (string replace -r -- '^-[^=]*=' '' "$current")
    if test (math "floor($directive / 8) % 2") -eq 1
        # What was found are endings of file names.
        for file in (__fish_complete_path "$value")
            set -l name (string split -f 1 \t -- $file)
            if string match -qr -- '/$' $name; or contains -- (string replace -r -- '.*\.' '' $name) $found
                printf '%s\n' $prefix$file
            end
        end
    else if test (count $found) -gt 0
        printf '%s\n' $prefix$found
    else if test (math "floor($directive / 16) % 2") -eq 1
        printf '%s\n' $prefix(__fish_complete_directories "$value")
    else if test (math "floor($directive / 4) % 2") -eq 0
        printf '%s\n' $prefix(__fish_complete_path "$value")
    end
end
complete -c kubectl -f -a '(__kubectl_complete)'
)SCRIPT";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace skerry::kubectl
