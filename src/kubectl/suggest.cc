#include "kubectl/suggest.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/config/commands.h"
#include "kubectl/globals.h"
#include "kubectl/main.h"
#include "kubectl/objects.h"
#include "kubectl/plugin.h"

namespace skerry::kubectl {

namespace {

// Whoever presses the tab key does not wait longer for a server that is away.
constexpr std::string_view kPatience = "--request-timeout=3s";

using Strings = std::vector<std::string>;

Strings starting(std::initializer_list<std::string_view> all, const std::string& prefix) {
  Strings out;
  for (auto one : all) if (starts_with(one, prefix)) out.emplace_back(one);
  return out;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// "-o json|yaml|..." and "One of: (json, yaml)." name the formats.
Strings formats_of(const Command& command, const Flag& flag, const std::string& prefix) {
  Strings out;
  auto add = [&](std::string_view text, char between) {
    for (auto word : split(text, between))
      if (word = trim(word); !word.empty() && starts_with(word, prefix)) out.emplace_back(word);
  };
  static constexpr std::string_view kUse = "--output=)", kHelp = "One of: (";
  if (auto at = command.use.find(kUse); at != std::string_view::npos) {
    auto text = command.use.substr(at + kUse.size());
    add(text.substr(0, text.find_first_of(" ])")), '|');
  } else if (at = flag.help.find(kHelp); at != std::string_view::npos) {
    auto text = flag.help.substr(at + kHelp.size());
    add(text.substr(0, text.find(')')), ',');
  } else {
    add("json,yaml", ',');
  }
  return out;
}

class Suggester {
 public:
  Suggester(const Strings& words, std::string_view called_as) : typed_(words.empty() ? "" : words.back()), called_as_(called_as) {
    before_.assign(words.begin(), words.empty() ? words.end() : words.end() - 1);
    if (!before_.empty() && before_[0] == "help") {
      help_ = true;
      before_.erase(before_.begin());
    }
    found_ = find_command(before_, called_as);
    table_ = flags_of(found_.command);
  }

  Suggestions run() {
    if (found_.command && found_.command->raw_args) return {};
    const bool words_only = std::find(before_.begin(), before_.end(), "--") != before_.end();
    const Flag* waiting = words_only ? nullptr : waiting_flag();
    if (Flags parsed(table_); found_.command) {
      if (auto ok = parsed.parse(found_.args); !ok)
        return {.note = "[Debug] [Error] Error while parsing flags from args [" + join(found_.args, " ") + "]: " + ok.error().message};
    }
    if (waiting) return values_of(*waiting, "", typed_);
    if (!words_only && starts_with(typed_, "-")) return flags();
    if (!found_.unknown.empty()) return {};
    auto children = subcommands();
    if (help_ || !found_.command || !found_.command->run) {
      Suggestions out;
      out.directive = kSuggestNoFiles;
      out.words = std::move(children);
      return out;
    }
    auto out = arguments();
    auto required = required_flags();
    out.words.insert(out.words.begin(), required.begin(), required.end());
    if (!children.empty()) {
      out.words.insert(out.words.begin(), children.begin(), children.end());
      out.directive |= kSuggestNoFiles;
    }
    return out;
  }

 private:
  const Flag* named(std::string_view name) const {
    for (auto& f : table_) if (f.name == name) return &f;
    return nullptr;
  }
  static bool needs_value(const Flag& f) { return f.type != FlagType::kBool && f.no_value.empty(); }

  // The flag whose value is being typed as a word of its own. It leaves the words before.
  const Flag* waiting_flag() {
    auto& args = found_.args;
    if (args.empty() || args.back().size() < 2 || args.back()[0] != '-' || args.back().find('=') != std::string::npos) return nullptr;
    const std::string& last = args.back();
    const Flag* flag = nullptr;
    if (starts_with(last, "--")) {
      flag = named(std::string_view(last).substr(2));
    } else {
      // "-it -n": in a group of letters only the last may wait.
      for (auto& f : table_) if (f.letter == last.back()) flag = &f;
      for (size_t i = 1; i + 1 < last.size(); ++i)
        for (auto& f : table_) if (f.letter == last[i] && needs_value(f)) return nullptr;
    }
    if (!flag || !needs_value(*flag)) return nullptr;
    args.pop_back();
    return flag;
  }

  Suggestions flags() {
    Suggestions out;
    if (auto eq = typed_.find('='); eq != std::string::npos) {
      const Flag* flag = nullptr;
      if (starts_with(typed_, "--")) flag = named(std::string_view(typed_).substr(2, eq - 2));
      else for (auto& f : table_) if (eq == 2 && f.letter == typed_[1]) flag = &f;
      if (!flag) return out;
      // cobra's scripts put the part before the equals sign back themselves, so only the value is answered.
      return values_of(*flag, "", typed_.substr(eq + 1));
    }
    out.directive = kSuggestNoFiles;
    // Those that have to be given come alone.
    if (out.words = required_flags(); !out.words.empty()) return out;
    std::vector<const Flag*> sorted;
    for (auto& f : table_) if ((!f.hidden || f.name == "help") && f.deprecated.empty()) sorted.push_back(&f);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
    for (const Flag* f : sorted) {
      std::string text = "--" + std::string(f->name);
      bool list = f->type == FlagType::kStrings || f->type == FlagType::kArray;
      if (!starts_with(text, typed_) || (!list && given(*f))) continue;
      out.words.push_back({text, std::string(first_line(f->help))});
    }
    return out;
  }

  std::vector<Suggestions::One> required_flags() const {
    std::vector<Suggestions::One> out;
    for (auto& f : table_)
      if (std::string text = "--" + std::string(f.name); f.required && starts_with(text, typed_) && !given(f)) out.push_back({text, std::string(first_line(f.help))});
    return out;
  }

  bool given(const Flag& f) const {
    std::string text = "--" + std::string(f.name), letter = f.letter ? std::string("-") + f.letter : text;
    return std::any_of(found_.args.begin(), found_.args.end(), [&](const std::string& a) { return a == text || a == letter || starts_with(a, text + "="); });
  }

  std::vector<Suggestions::One> subcommands() const {
    std::vector<const Command*> all;
    if (found_.command) all.assign(found_.command->children.begin(), found_.command->children.end());
    else for (auto& group : command_groups()) all.insert(all.end(), group.commands.begin(), group.commands.end());
    std::vector<Suggestions::One> out;
    if (found_.command && !words_before().empty()) return out;
    if (!found_.command && !help_)
      for (auto& word : plugin_words())
        if (starts_with(word, typed_) && !find_command({word}, called_as_).command) out.push_back({word, "The command " + word + " is a plugin installed by the user"});
    for (const Command* c : all)
      if (!c->hidden && c->deprecated.empty() && starts_with(c->name(), typed_)) out.push_back({std::string(c->name()), std::string(c->brief)});
    if (!found_.command && !help_ && starts_with("help", typed_)) out.push_back({"help", "Help about any command"});
    std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.text < b.text; });
    return out;
  }

  Strings words_before() const {
    Flags flags(table_);
    (void)flags.parse(found_.args).has_value();
    return flags.words();
  }

  // Runs `ask` in a session whose output nobody sees.
  template <class Ask>
  Strings in_session(Ask ask) {
    static constexpr Command kNone{.use = "help", .brief = ""};
    Flags flags(table_);
    Strings args = found_.args;
    if (!std::any_of(args.begin(), args.end(), [](auto& a) { return starts_with(a, "--request-timeout"); })) args.insert(args.begin(), std::string(kPatience));
    (void)flags.parse(args).has_value();
    std::istringstream in;
    std::ostringstream out, err;
    Session session(found_.command ? *found_.command : kNone, found_.path, std::move(flags), {in, out, err});
    return ask(session);
  }

  static Suggestions of(Strings texts, const std::string& before, int directive) {
    Suggestions out;
    out.directive = directive;
    for (auto& t : texts) out.words.push_back({before + t, ""});
    return out;
  }

  Suggestions values_of(const Flag& flag, const std::string& before, const std::string& typed) {
    auto words = [&](Strings all) { return of(std::move(all), before, kSuggestNoFiles); };
    auto ask = [&](Strings (*question)(Session&, const std::string&)) {
      return words(in_session([&](Session& s) { return question(s, typed); }));
    };
    std::string_view n = flag.name, command = found_.command ? found_.command->name() : "";
    if (flag.type == FlagType::kBool) return words(starting({"true", "false"}, typed));
    if (n == "namespace") return ask([](Session& s, const std::string& p) { return complete_names(s, "namespaces", p); });
    if (n == "namespaces") return ask([](Session& s, const std::string& p) { return complete_names(s, "namespaces", p); });
    if (n == "context") return ask(config::complete_contexts);
    if (n == "cluster") return ask(config::complete_clusters);
    if (n == "user") return ask(config::complete_users);
    if (n == "container") return ask(complete_containers);
    if (n == "output" && command != "kustomize") return words(found_.command ? formats_of(*found_.command, flag, typed) : Strings{});
    if (n == "subresource") return words(starting({"status", "scale", "resize"}, typed));
    if (n == "dry-run") return words(starting({"none", "client", "server"}, typed));
    if (n == "validate") return words(starting({"strict", "warn", "ignore"}, typed));
    if (n == "cascade") return words(starting({"background", "foreground", "orphan"}, typed));
    if (n == "types") return words(starting({"Normal", "Warning"}, typed));
    if (n == "sort-by" && command == "api-resources") return words(starting({"name", "kind"}, typed));
    if (n == "sort-by" && (command == "node" || command == "pod")) return words(starting({"cpu", "memory"}, typed));
    if (n == "for" && command == "events") return ask([](Session& s, const std::string& p) {
      if (p.find('/') != std::string::npos) return complete_resources(s, p);
      Strings types = complete_types(s, p);
      for (auto& t : types) t += '/';
      return types;
    });
    if (n == "filename") return of({"json", "yaml", "yml"}, "", kSuggestExtensions);
    if (n == "kustomize" || n == "output-directory" || n == "cache-dir") return of({}, "", kSuggestDirectories);
    return {};
  }

  Suggestions arguments() {
    auto question = found_.command->complete;
    std::string_view name = found_.command->name();
    if (!question) {
      for (std::string_view streaming : {"exec", "attach", "debug"})
        if (name == streaming) question = complete_pods;
      if (name == "logs") question = complete_pods_and_containers;
      if (name == "port-forward") question = complete_pods_and_ports;
    }
    if (!question) return {};
    Strings before = words_before();
    auto texts = in_session([&](Session& s) { return question(s, typed_); });
    std::erase_if(texts, [&](const std::string& t) { return std::find(before.begin(), before.end(), t) != before.end(); });
    int directive = kSuggestNoFiles;
    // "pods/" goes on with a name.
    bool pod_types = before.empty() && typed_.find('/') == std::string::npos &&
                     (question == complete_pods || question == complete_pods_and_containers || question == complete_pods_and_ports);
    if ((pod_types || !texts.empty()) && std::all_of(texts.begin(), texts.end(), [](auto& t) { return ends_with(t, "/"); })) directive |= kSuggestNoSpace;
    return of(std::move(texts), "", directive);
  }

  static std::vector<Flag> flags_of(const Command* command) {
    auto flags = command && command->flags ? command->flags() : std::vector<Flag>{};
    for (auto global : global_flags()) {
      if (std::any_of(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == global.name; })) continue;
      for (auto& f : flags) if (f.letter && f.letter == global.letter) global.letter = 0;
      flags.push_back(global);
    }
    flags.push_back({"help", 'h', FlagType::kBool, "false", "Print help", "", true});
    return flags;
  }

  Strings before_;
  std::string typed_;
  std::string called_as_;
  bool help_ = false;
  Found found_;
  std::vector<Flag> table_;
};

}  // namespace

Suggestions suggest(const std::vector<std::string>& words, std::string_view called_as) { return Suggester(words, called_as).run(); }

int print_suggestions(const Suggestions& found, bool descriptions, std::ostream& out, std::ostream& err) {
  for (auto& w : found.words) out << w.text << (descriptions && !w.help.empty() ? "\t" + w.help : "") << '\n';
  out << ':' << found.directive << '\n' << std::flush;
  static constexpr std::pair<int, std::string_view> kNames[] = {{kSuggestNoSpace, "NoSpace"},
                                                                {kSuggestNoFiles, "NoFileComp"},
                                                                {kSuggestExtensions, "FilterFileExt"},
                                                                {kSuggestDirectories, "FilterDirs"}};
  std::string names;
  for (auto& [bit, name] : kNames)
    if (found.directive & bit) names += (names.empty() ? "ShellCompDirective" : ", ShellCompDirective") + std::string(name);
  if (!found.note.empty()) err << found.note << '\n';
  err << "Completion ended with directive: " << (names.empty() ? "ShellCompDirectiveDefault" : names) << '\n' << std::flush;
  return 0;
}

}  // namespace skerry::kubectl
