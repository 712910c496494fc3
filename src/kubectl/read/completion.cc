// kubectl completion, kubectl options.
#include "kubectl/completion_scripts.h"
#include "kubectl/globals.h"
#include "kubectl/help.h"
#include "kubectl/read/commands.h"
#include "kubectl/session.h"
#include "base/strings.h"

namespace skerry::kubectl {

namespace {

Result<int> run_completion(Session& s) {
  if (s.words().empty()) return usage_error("Shell not specified.");
  if (s.words().size() > 1) return usage_error("Too many arguments. Expected only the shell type.");
  auto script = completion_script(s.words()[0]);
  if (script.empty()) return usage_error("Unsupported shell type \"" + s.words()[0] + "\".");
  s.out << script;
  return 0;
}

std::vector<std::string> complete_shell(Session& s, const std::string& prefix) {
  std::vector<std::string> out;
  if (!s.words().empty()) return out;
  for (std::string_view shell : {"bash", "zsh", "fish"})
    if (starts_with(shell, prefix)) out.emplace_back(shell);
  return out;
}

Result<int> run_options(Session& s) {
  s.out << "The following options can be passed to any command:\n\n";
  auto flags = global_flags();
  const std::string cache = default_cache_dir();
  for (auto& f : flags) if (f.name == "cache-dir") f.fallback = cache;
  print_options(flags, s.out);
  return 0;
}

// Scripts ask for it; there has been nothing below it for years.
Result<int> run_alpha(Session& s) {
  s.err << "No alpha commands are available in this version of kubectl\n";
  return 0;
}

}  // namespace

constexpr Command kAlpha{
    .use = "alpha",
    .brief = "Commands for features in alpha",
    .examples = "  kubectl alpha\n",
    .run = run_alpha,
    .hidden = true,
};

constexpr Command kCompletion{
    .use = "completion SHELL",
    .brief = "Output shell completion code for the specified shell (bash, zsh, or fish)",
    .text = "Print a script that makes a shell complete the words of kubectl's command lines: commands, flags, kinds, names, namespaces and more.",
    .examples = "  # bash, this shell only\n  source <(kubectl completion bash)\n\n"
                "  # bash, all shells (with the package bash-completion)\n  kubectl completion bash > /etc/bash_completion.d/kubectl\n\n"
                "  # A short name that completes as well\n  alias k=kubectl\n  complete -o default -F __start_kubectl k\n\n"
                "  # zsh\n  kubectl completion zsh > \"${fpath[1]}/_kubectl\"\n\n"
                "  # fish\n  kubectl completion fish > ~/.config/fish/completions/kubectl.fish\n",
    .run = run_completion,
    .complete = complete_shell,
};

constexpr Command kOptions{
    .use = "options",
    .brief = "List the flags that every command takes",
    .text = "List the flags that every command takes.",
    .examples = "  # Flags inherited by all commands\n  kubectl options\n",
    .run = run_options,
    .hidden = true,
};

}  // namespace skerry::kubectl
