#include "network/sysctls.h"

#include <fstream>

#include "base/log.h"
#include "base/strings.h"
#include "network/links.h"
#include "os/files.h"
#include "os/sysinfo.h"

namespace skerry::network {
namespace {

constexpr std::string_view kRoot = "/proc/sys/";

std::string record_of(const std::string& state_dir) { return state_dir + "/sysctls"; }

std::string read_value(const std::string& path) {
  std::string value;
  std::ifstream(path) >> value;
  return value;
}

bool write_value(const std::string& path, const std::string& value) {
  std::ofstream out(path);
  return static_cast<bool>(out << value << std::flush);
}

// "skbr" or "sk<instance>br", of any instance.
bool any_bridge() {
  auto links = Links::open();
  if (!links) return false;
  for (auto& link : links->all())
    if (starts_with(link.name, "sk") && ends_with(link.name, "br") && link.name.size() <= 8) return true;
  return false;
}

}  // namespace

void set_sysctl(const std::string& path, const std::string& value, const std::string& state_dir) {
  const std::string before = read_value(path);
  if (before == value) return;
  if (!state_dir.empty() && !before.empty()) {
    // Written first: a power cut between the two forgets the setting as well.
    const std::string boot = os::boot_id();
    std::string text;
    if (auto old = os::read_file(record_of(state_dir), 64 << 10))
      for (std::string_view line : split(*old, '\n'))
        if (ends_with(line, " " + boot) && !starts_with(line, path + " ")) text += std::string(line) + "\n";
    text += path + " " + before + " " + boot + "\n";
    if (auto kept = os::write_file_atomic(record_of(state_dir), text, 0600, os::Durability::kProcess); !kept)
      LOG_WARN("network", "what " << path << " was is not remembered: " << kept.error().message);
  }
  if (!write_value(path, value)) LOG_WARN("network", "cannot set " << path << " to " << value << "; pods may not reach other networks");
}

Status restore_sysctls(const std::string& state_dir) {
  auto text = os::read_file(record_of(state_dir), 64 << 10);
  if (!text) return text.error().is(Reason::kNotFound) ? Status() : Status(text.error());
  if (any_bridge()) return {};
  Status result;
  const std::string boot = os::boot_id();
  for (std::string_view line : split(*text, '\n')) {
    auto words = split(line, ' ');
    if (words.size() != 3 || words[2] != boot || !starts_with(words[0], kRoot) || words[0].find("..") != std::string_view::npos) continue;
    const std::string path(words[0]), value(words[1]);
    if (read_value(path) == value) continue;
    if (!write_value(path, value) && result) result = internal_error("cannot set " + path + " back to " + value);
  }
  if (Status removed = os::remove_file(record_of(state_dir)); !removed && result) result = removed;
  return result;
}

}  // namespace skerry::network
