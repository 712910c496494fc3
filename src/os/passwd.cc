#include "os/passwd.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::os {

namespace {

std::optional<uint32_t> id(std::string_view text) {
  std::optional<int64_t> n = parse_int(text);
  if (!n || *n < 0 || *n > 4294967295ll || text.empty() || text[0] == '+') return std::nullopt;
  return static_cast<uint32_t>(*n);
}

}  // namespace

std::vector<PasswdEntry> parse_passwd(std::string_view text) {
  std::vector<PasswdEntry> entries;
  for (std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> f = split(trim(line), ':');
    if (f.size() < 4 || f[0].empty() || f[0][0] == '#') continue;
    auto uid = id(f[2]), gid = id(f[3]);
    if (!uid || !gid) continue;
    entries.push_back({std::string(f[0]), *uid, *gid, f.size() > 5 && !f[5].empty() ? std::string(f[5]) : "/"});
  }
  return entries;
}

std::vector<GroupEntry> parse_group(std::string_view text) {
  std::vector<GroupEntry> entries;
  for (std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> f = split(trim(line), ':');
    if (f.size() < 3 || f[0].empty() || f[0][0] == '#') continue;
    auto gid = id(f[2]);
    if (!gid) continue;
    GroupEntry entry{std::string(f[0]), *gid, {}};
    if (f.size() > 3)
      for (std::string_view member : split(f[3], ','))
        if (!trim(member).empty()) entry.members.emplace_back(trim(member));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::optional<ResolvedUser> resolve_user(std::string_view spec, const std::vector<PasswdEntry>& passwd,
                                         const std::vector<GroupEntry>& group) {
  ResolvedUser user;
  size_t colon = spec.find(':');
  std::string_view user_part = spec.substr(0, colon);
  std::string_view group_part = colon == std::string_view::npos ? std::string_view() : spec.substr(colon + 1);
  std::optional<uint32_t> uid = id(user_part);
  if (user_part.empty()) uid = 0;
  auto entry = std::find_if(passwd.begin(), passwd.end(), [&](const PasswdEntry& e) {
    return uid ? e.uid == *uid : e.name == user_part;
  });
  if (entry == passwd.end() && !uid) return std::nullopt;
  if (entry != passwd.end()) {
    user = {entry->uid, entry->gid, {}, entry->home};
  } else {
    user.uid = *uid;
  }
  if (!group_part.empty()) {
    auto found = std::find_if(group.begin(), group.end(), [&](const GroupEntry& g) { return g.name == group_part; });
    if (found != group.end()) {
      user.gid = found->gid;
    } else if (auto gid = id(group_part)) {
      user.gid = *gid;
    } else {
      return std::nullopt;
    }
  }
  if (entry != passwd.end())
    for (const GroupEntry& g : group)
      if (g.gid != user.gid && std::find(g.members.begin(), g.members.end(), entry->name) != g.members.end())
        user.groups.push_back(g.gid);
  return user;
}

}  // namespace skerry::os
