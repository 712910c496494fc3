// `skerry completion SHELL` prints a script; the scripts ask `skerry __complete WORD...`, so that they never fall behind.
#include "app/completion.h"

#include <cstdio>
#include <iostream>
#include <map>

#include "app/command_table.h"
#include "base/strings.h"

namespace skerry::app {
namespace {

// Lines "word<TAB>description"; the last is ":N", a sum of directives. The numbers
// are those that programs made with cobra answer (as kubectl does), so that
// one script serves both.
enum Directive { kDefault = 0, kNoSpace = 2, kNoFiles = 4, kDirectories = 16 };

constexpr const char* kBash = R"(# bash completion for skerry. For all shells:  skerry completion bash > /etc/bash_completion.d/skerry
# or for this one:  source <(skerry completion bash)
_skerry() {
    local line=${COMP_LINE:0:COMP_POINT} cur IFS=$'\n' out directive word
    local -a words candidates
    # COMP_WORDBREAKS takes --flag=value and a:b apart; words are split at blanks here.
    IFS=$' \t' read -r -a words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    cur=${words[${#words[@]}-1]}
    out=$("${words[0]}" __complete "${words[@]:1}" 2>/dev/null) || return
    directive=${out##*$'\n'}
    directive=${directive#:}
    COMPREPLY=()
    while IFS= read -r word; do
        [[ $word == :* || -z $word ]] && continue
        candidates+=("${word%%$'\t'*}")
    done <<<"$out"
    # What bash replaces starts behind the last of its breaks.
    local keep=${cur%"${COMP_WORDS[COMP_CWORD]}"}
    [[ ${COMP_WORDS[COMP_CWORD]} == [=:] ]] && keep=$cur
    for word in "${candidates[@]}"; do COMPREPLY+=("${word#"$keep"}"); done
    (( directive & 2 )) && compopt -o nospace 2>/dev/null
    if (( ${#COMPREPLY[@]} == 0 && ! (directive & 4) )); then
        local value=${cur#*=} kind=-f
        [[ $cur == -*=* ]] || value=$cur
        (( directive & 16 )) && kind=-d
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen $kind -- "$value")
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _skerry skerry
)";

constexpr const char* kZsh = R"(#compdef skerry
# zsh completion for skerry. For all shells:  skerry completion zsh > "${fpath[1]}/_skerry"
# or for this one:  source <(skerry completion zsh)
_skerry() {
    local out line word help directive
    local -a found
    out=$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null) || return 1
    for line in "${(@f)out}"; do
        if [[ $line == :* ]]; then directive=${line#:}; continue; fi
        [[ -z $line ]] && continue
        word=${line%%$'\t'*}
        [[ ${words[CURRENT]} == -*=* && $word != -* ]] && word=${words[CURRENT]%%=*}=$word
        help=${line#*$'\t'}
        [[ $line == *$'\t'* ]] || help=
        found+=("${word//:/\\:}${help:+:$help}")
    done
    if (( $#found )); then
        if (( directive & 2 )); then _describe -V skerry found -S ''; else _describe -V skerry found; fi
    elif (( directive & 16 )); then
        compset -P '--*='
        _files -/
    elif (( ! (directive & 4) )); then
        compset -P '--*='
        _files
    fi
}
if [ "$funcstack[1]" = _skerry ]; then _skerry "$@"; else compdef _skerry skerry; fi
)";

constexpr const char* kFish = R"(# fish completion for skerry. For all shells:  skerry completion fish > ~/.config/fish/completions/skerry.fish
# or for this one:  skerry completion fish | source
function __skerry_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    or return
    set -l directive (string replace -r '^:' '' -- $out[-1])
    set -l found $out[1..-2]
    if test (count $found) -gt 0
        set -l prefix (string match -r -- '^-[^=]*=' "$current")
        test -n "$prefix"; and not string match -q -- '-*' $found[1]; or set prefix
        printf "$prefix%s\n" $found
    else
        set -l flag (string match -r -- '^--[^=]*=' "$current"); or set flag ""
        set -l value (string replace -r -- '^--[^=]*=' '' "$current")
        if test (math "floor($directive / 16) % 2") -eq 1
            printf '%s\n' $flag(__fish_complete_directories "$value")
        else if test (math "floor($directive / 4) % 2") -eq 0
            printf '%s\n' $flag(__fish_complete_path "$value")
        end
    end
end
complete -c skerry -f -a '(__skerry_complete)'
)";

const std::map<std::string_view, const char*> kScripts = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};

void suggest_value(const Option& option, const std::string& before, const std::string& typed, Suggestions& out) {
  if (option.takes.starts_with("FILE")) out.files = true;
  if (option.takes.starts_with("DIR")) out.files = out.directories = true;
  for (std::string_view word : choices_of(option))
    if (word.starts_with(typed)) out.words.push_back({before + std::string(word), ""});
}

const Option* flag_of(const std::vector<Option>& table, std::string_view word) {
  for (auto& o : table)
    if (word == "--" + std::string(o.name) || (o.letter != 0 && word == std::string("-") + o.letter)) return &o;
  return nullptr;
}

}  // namespace

Suggestions suggest(const Args& words) {
  Suggestions out;
  const std::string typed = words.empty() ? "" : words.back();
  if (words.size() <= 1) {
    for (auto& c : commands())
      if (!c.group.empty() && c.name.starts_with(typed)) out.words.push_back({std::string(c.name), std::string(c.help)});
    return out;
  }
  const Command* command = find_command(words[0]);
  if (command == nullptr || command->group.empty()) return out;
  const std::vector<Option> table = command->options ? command->options() : std::vector<Option>();
  size_t plain = 0;  // words before the cursor that are no flags
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    const Option* flag = flag_of(table, words[i]);
    if (flag != nullptr && flag->type != OptionType::kBool) {
      if (i + 2 == words.size()) {
        suggest_value(*flag, "", typed, out);
        return out;
      }
      ++i;
    } else if (!words[i].starts_with("-")) {
      ++plain;
    }
  }
  if (size_t eq = typed.find('='); typed.starts_with("-") && eq != std::string::npos) {
    const Option* flag = flag_of(table, typed.substr(0, eq));
    if (flag != nullptr && flag->type == OptionType::kBool) {
      for (const char* word : {"true", "false"})
        if (std::string_view(word).starts_with(typed.substr(eq + 1))) out.words.push_back({typed.substr(0, eq + 1) + word, ""});
    } else if (flag != nullptr) {
      suggest_value(*flag, typed.substr(0, eq + 1), typed.substr(eq + 1), out);
    }
    return out;
  }
  if (typed.starts_with("-")) {
    for (auto& o : table)
      if (std::string flag = "--" + std::string(o.name); flag.starts_with(typed)) out.words.push_back({flag, std::string(o.help)});
    if (std::string_view("--help").starts_with(typed)) out.words.push_back({"--help", "what it does and takes"});
    return out;
  }
  if (plain == 0 && !command->words.empty()) {
    for (auto word : split(command->words, '|'))
      if (word.starts_with(typed)) out.words.push_back({std::string(word), ""});
  } else if (words[0] == "images" && words[1] == "import") {
    out.files = true;
  }
  return out;
}

int run_complete(const Args& args) {
  if (args.size() >= 2)
    if (const Command* command = find_command(args[0]); command != nullptr && command->words == "...") {
      Args rest(args);
      rest[0] = "__complete";
      return command->run(rest);
    }
  Suggestions found = suggest(args);
  for (auto& word : found.words) std::cout << word.text << (word.help.empty() ? "" : "\t" + word.help) << "\n";
  std::cout << ":" << (found.directories ? kDirectories : found.files ? kDefault : kNoFiles) << "\n";
  return 0;
}

int run_completion(const Args& args) {
  constexpr const char* kUsage =
      "Prints a script that completes skerry's commands and flags.\n\n"
      "Usage: skerry completion bash|zsh|fish\n\n"
      "  bash   source <(skerry completion bash)       or into /etc/bash_completion.d/skerry\n"
      "  zsh    source <(skerry completion zsh)        or into a file _skerry in one of $fpath\n"
      "  fish   skerry completion fish | source        or into ~/.config/fish/completions/skerry.fish\n";
  if (args.size() == 1 && (args[0] == "--help" || args[0] == "-h")) {
    std::cout << kUsage;
    return 0;
  }
  auto script = args.size() == 1 ? kScripts.find(args[0]) : kScripts.end();
  if (script == kScripts.end()) {
    std::cerr << kUsage;
    return 2;
  }
  std::cout << script->second;
  return 0;
}

}  // namespace skerry::app
