#include "kubectl/help.h"

#include <algorithm>

#include "base/similar.h"
#include "base/strings.h"
#include "kubectl/globals.h"

namespace skerry::kubectl {

namespace {

// `text` in lines of at most `width`, each behind `indent`; line breaks and indented lines of the text stay.
void wrap(std::ostream& out, std::string_view text, std::string_view indent, size_t width) {
  for (std::string_view line : split(text, '\n')) {
    if (starts_with(line, " ") || line.size() <= width) {
      out << (line.empty() ? "" : indent) << line << '\n';
      continue;
    }
    size_t used = 0;
    for (std::string_view word : split(line, ' ')) {
      if (used && used + 1 + word.size() > width) {
        out << '\n';
        used = 0;
      }
      out << (used ? " " : indent) << word;
      used += word.size() + (used ? 1 : 0);
    }
    out << '\n';
  }
}

std::string shown_default(const Flag& flag) {
  switch (flag.type) {
    case FlagType::kString: return "'" + std::string(flag.fallback) + "'";
    case FlagType::kBool: return flag.fallback.empty() ? "false" : std::string(flag.fallback);
    case FlagType::kInt: return flag.fallback.empty() ? "0" : std::string(flag.fallback);
    case FlagType::kDuration: return flag.fallback.empty() ? "0s" : std::string(flag.fallback);
    case FlagType::kStrings:
    case FlagType::kArray: return "[" + std::string(flag.fallback) + "]";
  }
  return "";
}

void print_children(std::span<const Command* const> children, std::ostream& out) {
  size_t width = 0;
  std::vector<const Command*> sorted;
  for (const Command* c : children) {
    if (c->hidden || !c->deprecated.empty()) continue;
    width = std::max(width, c->name().size());
    sorted.push_back(c);
  }
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name() < b->name(); });
  for (const Command* c : sorted)
    out << "  " << c->name() << std::string(width - c->name().size(), ' ') << "   " << c->brief << '\n';
}

}  // namespace

std::vector<std::string> similar_names(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  if (word.size() > 100) return out;
  for (auto& name : names)
    if (edit_distance(to_lower(word), name, Edits::kLetters) <= 2 || starts_with(name, to_lower(word))) out.push_back(name);
  return out;
}

void print_options(const std::vector<Flag>& flags, std::ostream& out) {
  std::vector<const Flag*> sorted;
  for (auto& f : flags) if (!f.hidden && f.deprecated.empty()) sorted.push_back(&f);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
  bool first = true;
  for (const Flag* f : sorted) {
    if (!first) out << '\n';
    first = false;
    out << "    " << (f->letter ? std::string("-") + f->letter + ", " : "") << "--" << f->name << "=" << shown_default(*f) << ":\n";
    wrap(out, f->help, "\t", 100);
  }
}

void print_help(const Command& command, std::string_view path, std::ostream& out) {
  wrap(out, command.text.empty() ? command.brief : command.text, "", 100);
  out << '\n';
  if (!command.aliases.empty()) {
    out << "Aliases:\n" << command.name();
    for (auto a : command.aliases) out << ", " << a;
    out << "\n\n";
  }
  if (!command.examples.empty()) out << "Examples:\n" << command.examples << (ends_with(command.examples, "\n") ? "\n" : "\n\n");
  if (!command.children.empty()) {
    out << "Available Commands:\n";
    print_children(command.children, out);
    out << '\n';
  }
  if (command.flags) {
    auto flags = command.flags();
    if (!flags.empty()) {
      out << "Options:\n";
      print_options(flags, out);
      out << '\n';
    }
  }
  std::string_view parent = path.substr(0, path.rfind(' '));
  out << "Usage:\n  ";
  if (command.run) {
    out << parent << ' ' << command.use;
    if (command.flags && command.use.find("[options]") == std::string_view::npos) out << " [options]";
    out << "\n\n";
  } else {
    out << path << " [flags] [options]\n\n";
  }
  if (!command.children.empty()) out << "Use \"" << path << " <command> --help\" for more information about a given command.\n";
  out << "Use \"" << path.substr(0, path.find(' ')) << " options\" for a list of global command-line options (applies to all commands).\n";
}

void print_root_help(std::ostream& out) {
  out << "kubectl controls the Kubernetes cluster manager. This one is built into Skerry.\n\n";
  for (auto& group : command_groups()) {
    if (group.title.empty()) continue;
    out << group.title << '\n';
    size_t width = 0;
    for (auto* c : group.commands) width = std::max(width, c->name().size());
    for (auto* c : group.commands)
      if (!c->hidden) out << "  " << c->name() << std::string(width - c->name().size(), ' ') << "   " << c->brief << '\n';
    out << '\n';
  }
  out << "Usage:\n  kubectl [flags] [options]\n\n"
         "Use \"kubectl <command> --help\" for more information about a given command.\n"
         "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
}

}  // namespace skerry::kubectl
