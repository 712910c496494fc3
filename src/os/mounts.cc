#include "os/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

#include "base/strings.h"
#include "os/files.h"

namespace skerry::os {

namespace {

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto octal = [&](size_t k) { return k < text.size() && text[k] >= '0' && text[k] <= '7'; };
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> entries;
  for (std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> f = split(line, ' ');
    size_t dash = 6;
    while (dash < f.size() && f[dash] != "-") ++dash;
    if (dash + 3 >= f.size()) continue;
    MountEntry entry;
    entry.root = unescape(f[3]);
    entry.mount_point = unescape(f[4]);
    for (size_t i = 6; i < dash; ++i) entry.shared |= starts_with(f[i], "shared:");
    entry.type = f[dash + 1];
    entry.source = unescape(f[dash + 2]);
    entry.options = f[dash + 3];
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::vector<MountEntry>> list_mounts() { return parse_mountinfo(TRY(read_file("/proc/self/mountinfo"))); }

bool is_mount_point(const std::string& path) {
  auto mounts = list_mounts();
  if (!mounts) return false;
  for (const MountEntry& entry : *mounts)
    if (entry.mount_point == path) return true;
  return false;
}

Status mount_at(const std::string& source, const std::string& target, const std::string& type, unsigned long flags,
                const std::string& options) {
  if (::mount(source.c_str(), target.c_str(), type.empty() ? nullptr : type.c_str(), flags,
              options.empty() ? nullptr : options.c_str()) != 0)
    return errno_error("mount " + (type.empty() ? source : type) + " at " + target, errno);
  return {};
}

Status bind_mount(const std::string& source, const std::string& target, bool recursive) {
  return mount_at(source, target, "", MS_BIND | (recursive ? MS_REC : 0), "");
}

Status mount_overlay(const std::vector<std::string>& lower, const std::string& upper, const std::string& work,
                     const std::string& target) {
  auto options = [&](const std::vector<std::string>& paths) {
    std::string text = "lowerdir=" + join(paths, ":");
    if (!upper.empty()) text += ",upperdir=" + upper + ",workdir=" + work;
    return text;
  };
  std::string text = options(lower);
  if (text.size() < 4000) return mount_at("overlay", target, "overlay", upper.empty() ? MS_RDONLY : 0, text);
  // mount(2) takes one page of options: name the many layers by short descriptors.
  std::vector<Fd> fds;
  std::vector<std::string> names;
  for (const std::string& path : lower) {
    fds.emplace_back(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fds.back()) return errno_error("open " + path, errno);
    names.push_back("/proc/self/fd/" + std::to_string(fds.back().get()));
  }
  return mount_at("overlay", target, "overlay", upper.empty() ? MS_RDONLY : 0, options(names));
}

Status unmount(const std::string& target) {
  if (umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT)
    return errno_error("unmount " + target, errno);
  return {};
}

Status unmount_below(const std::string& prefix) {
  std::vector<MountEntry> mounts = TRY(list_mounts());
  Status result;
  for (auto it = mounts.rbegin(); it != mounts.rend(); ++it) {
    const std::string& point = it->mount_point;
    if (point != prefix && !starts_with(point, prefix + "/")) continue;
    if (Status status = unmount(point); !status) result = status;
  }
  return result;
}

}  // namespace skerry::os
