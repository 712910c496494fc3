#include "app/service_files.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "os/files.h"

namespace skerry::app {
namespace {

constexpr size_t kMaxFile = 256 << 10;

// Words as a shell splits them. In systemd's files a backslash also escapes within single quotes.
std::vector<std::string> split_words(std::string_view text, bool escapes_in_single) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && (quote != '\'' || escapes_in_single) && i + 1 < text.size()) {
      in_word = true;
      if (text[++i] != '\n') word += text[i];
    } else if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

// systemd writes $ and % twice.
std::string undouble(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if ((text[i] == '$' || text[i] == '%') && i + 1 < text.size() && text[i + 1] == text[i]) ++i;
  }
  return out;
}

// The value after "key=" of the first line that starts so; lines ending in a backslash go on.
std::optional<std::string> setting(std::string_view text, std::string_view key) {
  std::string value;
  bool found = false;
  for (std::string_view line : split(text, '\n')) {
    if (!found) {
      if (!starts_with(line, key) || line.size() <= key.size() || line[key.size()] != '=') continue;
      line.remove_prefix(key.size() + 1);
      found = true;
    }
    bool more = ends_with(line, "\\");
    if (more) line.remove_suffix(1);
    value += line;
    if (!more) return value;
    value += ' ';
  }
  if (found) return value;
  return std::nullopt;
}

bool take_command(std::vector<std::string> words, Service& out) {
  if (words.size() < 2 || (words[1] != "server" && words[1] != "agent")) return false;
  out.executable = words[0];
  out.command = words[1];
  out.args.assign(words.begin() + 2, words.end());
  return true;
}

}  // namespace

bool parse_unit(std::string_view text, Service& out) {
  if (text.find(kInstallMark) == std::string_view::npos) return false;
  auto start = setting(text, "ExecStart");
  if (!start) return false;
  auto words = split_words(*start, true);
  for (auto& w : words) w = undouble(w);
  if (auto file = setting(text, "EnvironmentFile")) {
    std::string_view path = trim(*file);
    if (starts_with(path, "-")) path.remove_prefix(1);
    out.environment_file = path;
  }
  out.manager = Service::Manager::kSystemd;
  return take_command(std::move(words), out);
}

bool parse_openrc_script(std::string_view text, Service& out) {
  if (text.find(kInstallMark) == std::string_view::npos) return false;
  auto word = [&](std::string_view key) {
    auto value = setting(text, key);
    auto words = value ? split_words(*value, false) : std::vector<std::string>();
    return words.empty() ? std::string() : words[0];
  };
  out.environment_file = word("environment_file");
  out.manager = Service::Manager::kOpenrc;
  // OpenRC evaluates command_args once more.
  std::vector<std::string> words = split_words(word("command_args"), false);
  words.insert(words.begin(), word("command"));
  return take_command(std::move(words), out);
}

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> out;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find('\n', at), eq = text.find('=', at);
    if (end == std::string_view::npos) end = text.size();
    if (text[at] == '#' || eq == std::string_view::npos || eq > end) {
      at = end + 1;
      continue;
    }
    std::string name(trim(text.substr(at, eq - at))), value;
    char quote = 0;
    for (at = eq + 1; at < text.size() && (quote != 0 || text[at] != '\n'); ++at) {
      char c = text[at];
      if (c == '\\' && quote != '\'' && at + 1 < text.size()) value += text[++at];
      else if (quote != 0 && c == quote) quote = 0;
      else if (quote == 0 && (c == '"' || c == '\'')) quote = c;
      else value += c;
    }
    ++at;
    out[name] = value;
  }
  return out;
}

std::vector<Service> find_services(const std::string& root) {
  std::vector<Service> out;
  auto look_at = [&](const std::string& dir, std::string_view suffix, bool (*parse)(std::string_view, Service&)) {
    auto names = os::list_directory(root + dir);
    if (!names) return;
    for (const std::string& file : *names) {
      if (!ends_with(file, suffix)) continue;
      Service s;
      s.name = file.substr(0, file.size() - suffix.size());
      s.file = root + dir + "/" + file;
      auto text = os::read_file(s.file, kMaxFile);
      if (!text || !parse(*text, s)) continue;
      bool known = std::any_of(out.begin(), out.end(), [&](const Service& o) { return o.name == s.name && o.manager == s.manager; });
      if (known) continue;  // a folder that comes first wins
      if (!s.environment_file.empty())
        if (auto variables = os::read_file(root + s.environment_file, kMaxFile)) s.environment = parse_environment(*variables);
      out.push_back(std::move(s));
    }
  };
  for (const char* dir : {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"})
    look_at(dir, ".service", parse_unit);
  look_at("/etc/init.d", "", parse_openrc_script);
  std::sort(out.begin(), out.end(), [](const Service& a, const Service& b) { return a.name < b.name; });
  return out;
}

}  // namespace skerry::app
