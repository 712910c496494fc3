// Users and groups as a root file system's /etc/passwd and /etc/group name them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::os {

struct PasswdEntry {
  std::string name;
  uint32_t uid = 0, gid = 0;
  std::string home;
};

struct GroupEntry {
  std::string name;
  uint32_t gid = 0;
  std::vector<std::string> members;
};

// Malformed lines are left out.
std::vector<PasswdEntry> parse_passwd(std::string_view text);
std::vector<GroupEntry> parse_group(std::string_view text);

struct ResolvedUser {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;  // the groups that list the user, without the primary one
  std::string home = "/";
};

// `spec`: "", "user", "uid", "user:group", "uid:gid" (as in an image's USER). A number need not be in the file; its
// group is then 0. nullopt: an unknown name.
std::optional<ResolvedUser> resolve_user(std::string_view spec, const std::vector<PasswdEntry>& passwd,
                                         const std::vector<GroupEntry>& group);

}  // namespace skerry::os
