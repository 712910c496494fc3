#include "kubectl/main.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "base/strings.h"
#include "kubectl/change/commands.h"
#include "kubectl/globals.h"
#include "kubectl/help.h"
#include "kubectl/plugin.h"
#include "kubectl/suggest.h"

namespace skerry::kubectl {

namespace {

constexpr Flag kHelpFlag{"help", 'h', FlagType::kBool, "false", "Print help", "", true};

std::vector<Flag> all_flags(const Command& command) {
  auto flags = command.flags ? command.flags() : std::vector<Flag>{};
  // A command's own flag hides a global one of that name or letter.
  for (auto global : global_flags() + std::vector<Flag>{kHelpFlag}) {
    bool hidden = false;
    for (auto& f : flags) {
      hidden |= f.name == global.name;
      if (f.letter && f.letter == global.letter) global.letter = 0;
    }
    if (!hidden) flags.push_back(global);
  }
  return flags;
}

std::vector<const Command*> all_commands() {
  std::vector<const Command*> out;
  for (auto& group : command_groups()) out.insert(out.end(), group.commands.begin(), group.commands.end());
  return out;
}

const Command* named(std::span<const Command* const> commands, std::string_view word) {
  for (auto* c : commands) {
    if (c->name() == word) return c;
    for (auto alias : c->aliases) if (alias == word) return c;
  }
  return nullptr;
}

// The index of the first word of `args` that is no flag and no flag's value, or npos. Unknown flags count as having a value.
size_t first_word(const std::vector<std::string>& args) {
  static const Flags globals(global_flags() + std::vector<Flag>{kHelpFlag});
  auto alone = [&](std::string_view name, char letter) {
    for (auto& f : globals.table())
      if ((letter && f.letter == letter) || (!letter && f.name == name)) return f.type == FlagType::kBool || !f.no_value.empty();
    return false;
  };
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& a = args[i];
    if (a == "--") return std::string::npos;
    if (a.size() < 2 || a[0] != '-') return a.empty() ? std::string::npos : i;
    if (a.find('=') != std::string::npos) continue;
    if (a[1] == '-' ? !alone(a.substr(2), 0) : a.size() == 2 && !alone("", a[1])) ++i;
  }
  return std::string::npos;
}

int show_error(const Error& error, std::string_view path, std::ostream& err) {
  err << error_text(error, path) << std::flush;
  return 1;
}

int unknown_command(const Found& found, std::string_view called_as, std::ostream& err) {
  if (found.command) return show_error(usage_error("unknown command \"" + found.unknown + "\""), found.path, err);
  std::vector<std::string> names;
  for (auto* c : all_commands()) if (!c->hidden) names.emplace_back(c->name());
  err << "error: unknown command \"" << found.unknown << "\" for \"" << called_as << "\"\n";
  auto similar = similar_names(found.unknown, names);
  if (!similar.empty()) {
    err << "\nDid you mean this?\n";
    for (auto& s : similar) err << '\t' << s << '\n';
  }
  return 1;
}

}  // namespace

Found find_command(const std::vector<std::string>& args, std::string_view called_as) {
  Found found{.path = std::string(called_as), .args = args, .unknown = {}};
  auto commands = all_commands();
  std::span<const Command* const> candidates = commands;
  while (!candidates.empty()) {
    size_t i = first_word(found.args);
    if (i == std::string::npos) break;
    const Command* next = named(candidates, found.args[i]);
    if (!next) {
      if (!found.command || !found.command->run) found.unknown = found.args[i];
      break;
    }
    found.command = next;
    found.path += " " + std::string(next->name());
    found.args.erase(found.args.begin() + static_cast<long>(i));
    candidates = next->children;
  }
  return found;
}

int run_kubectl(const std::vector<std::string>& args, Streams streams, std::string_view called_as) {
  if (!args.empty() && (args[0] == "__complete" || args[0] == "__completeNoDesc"))
    return print_suggestions(suggest({args.begin() + 1, args.end()}, called_as), args[0] == "__complete", streams.out, streams.err);
  Found found = find_command(args, called_as);
  if (!found.command) {
    if (found.unknown == "help" || found.unknown.empty()) {
      // "help get" is "get --help".
      std::vector<std::string> rest;
      for (auto& a : args) if (a != "help" && a != "-h" && a != "--help") rest.push_back(a);
      if (rest.empty()) {
        print_root_help(streams.out);
        return 0;
      }
      if (!found.unknown.empty()) {
        if (Found topic = find_command(rest, called_as); !topic.command && !topic.unknown.empty()) {
          streams.err << "Unknown help topic [`" << join(rest, "` `") << "`]\n\n\n";
          print_root_help(streams.err);
          return 0;
        }
        rest.push_back("--help");
        return run_kubectl(rest, streams, called_as);
      }
      Flags flags(global_flags() + std::vector<Flag>{kHelpFlag});
      if (auto parsed = flags.parse(args); !parsed)
        return show_error(plain_error(parsed.error().message + "\nSee '" + std::string(called_as) + " --help' for usage."), called_as, streams.err);
      print_root_help(streams.out);
      return 0;
    }
    if (starts_with(args[0], "-")) {
      streams.err << "Error: flags cannot be placed before plugin name: " << args[0] << '\n';
      return 1;
    }
    if (auto code = run_plugin(args, streams)) return *code;
    return unknown_command(found, called_as, streams.err);
  }
  const Command& command = *found.command;
  // create alone may have generators that are plugins.
  if (&command == &kCreate && !found.args.empty() && !starts_with(found.args[0], "-"))
    if (auto code = run_plugin(args, streams, 2)) return *code;
  if (!command.run) {
    bool help = false;
    for (auto& a : found.args) help |= a == "-h" || a == "--help";
    if (!found.unknown.empty() && !help) return unknown_command(found, called_as, streams.err);
    // A command of commands does nothing by itself. Called so, most of kubectl's fail; all of those but one print their help as an error.
    constexpr std::string_view kFailing[] = {" auth", " create secret", " create service", " plugin", " rollout", " set", " top"};
    bool fails = !help && std::any_of(std::begin(kFailing), std::end(kFailing), [&](auto end) { return found.path.ends_with(end); });
    print_help(command, found.path, fails && command.name() != "rollout" ? streams.err : streams.out);
    return fails ? 1 : 0;
  }
  Flags flags(all_flags(command));
  if (!command.raw_args) {
    auto parsed = flags.parse(found.args);
    bool help = false;
    if (flags.changed("help")) help = flags.boolean("help");
    if (!parsed && !help)
      return show_error(plain_error(parsed.error().message + "\nSee '" + found.path + " --help' for usage."), found.path, streams.err);
    if (help) {
      print_help(command, found.path, streams.out);
      return 0;
    }
    for (auto& warning : flags.warnings()) streams.err << warning << '\n';
  }
  if (!command.deprecated.empty())
    streams.err << "Command \"" << command.name() << "\" is deprecated, " << command.deprecated << '\n';
  Session session(command, found.path, std::move(flags), streams);
  // The last resort for files and answers that are not shaped as their kinds are: JSON's accessors throw.
  auto result = [&]() -> Result<int> {
    try {
      return command.run(session);
    } catch (const std::exception& e) {
      return plain_error(std::string("unexpected content: ") + e.what());
    }
  }();
  streams.out << std::flush;
  if (!result) return show_error(result.error(), found.path, streams.err);
  if (!streams.out) {
    // Whoever read it has gone away: nobody is interested.
    pollfd gone{.fd = 1, .events = 0, .revents = 0};
    if (&streams.out == &std::cout && ::poll(&gone, 1, 0) == 1 && (gone.revents & POLLERR)) return 128 + SIGPIPE;
    streams.err << "error: could not write to standard output\n";
    return 1;
  }
  if (*result != 0 || session.failed()) return *result != 0 ? *result : 1;
  if (int n = session.warnings_received(); n > 0 && session.flags.boolean("warnings-as-errors"))
    return show_error(plain_error(std::to_string(n) + (n == 1 ? " warning" : " warnings") + " received"), found.path, streams.err);
  return 0;
}

}  // namespace skerry::kubectl
