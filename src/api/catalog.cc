#include "api/catalog.h"

#include <algorithm>

#include "api/builtin.h"

namespace skerry::api {
namespace {

// A pointer that owns nothing: built-in rows live forever.
ResourcePtr unowned(const Resource* row) { return ResourcePtr(ResourcePtr(), row); }

std::span<const GroupVersion> builtin_groups() { return {kGroupVersions, kGroupVersionCount}; }

// "v2" before "v1" before "v1beta1", as kube-aggregator orders versions of a group.
struct VersionRank {
  int stability = -1;  // 2 GA, 1 beta, 0 alpha, -1 something else
  int64_t major = 0, minor = 0;
  explicit VersionRank(std::string_view v) {
    size_t i = 1;
    auto number = [&] {
      int64_t n = 0;
      size_t start = i;
      while (i < v.size() && v[i] >= '0' && v[i] <= '9' && i - start < 9) n = n * 10 + (v[i++] - '0');
      return i > start ? n : -1;
    };
    if (v.empty() || v[0] != 'v' || (major = number()) < 0) return;
    if (i == v.size()) { stability = 2; return; }
    int s = -1;
    if (v.substr(i).starts_with("alpha")) s = 0, i += 5;
    else if (v.substr(i).starts_with("beta")) s = 1, i += 4;
    if (s < 0 || (minor = number()) < 0 || i != v.size()) return;
    stability = s;
  }
  auto operator<=>(const VersionRank&) const = default;
};

}  // namespace

const Subresource* Resource::subresource(std::string_view name) const {
  for (const auto& sub : subresources)
    if (sub.name == name) return &sub;
  return nullptr;
}

std::string Resource::group_kind() const {
  std::string text(kind);
  if (!group.empty()) text.append(".").append(group);
  return text;
}

std::span<const Resource> Catalog::builtin() { return {kResources, kResourceCount}; }

ResourcePtr Catalog::find(std::string_view group, std::string_view version, std::string_view plural) const {
  for (const Resource& row : builtin())
    if (row.plural == plural && row.group == group && row.version == version) return unowned(&row);
  std::shared_lock lock(mutex_);
  if (custom_.empty()) return nullptr;
  auto it = custom_.find(Gvr{std::string(group), std::string(version), std::string(plural)});
  return it != custom_.end() ? it->second : nullptr;
}

ResourcePtr Catalog::find_kind(std::string_view group, std::string_view version, std::string_view kind) const {
  for (const Resource& row : builtin())
    if (row.kind == kind && row.group == group && row.version == version) return unowned(&row);
  std::shared_lock lock(mutex_);
  for (const auto& [gvr, row] : custom_)
    if (row->kind == kind && row->group == group && row->version == version) return row;
  return nullptr;
}

ResourcePtr Catalog::find_kind(std::string_view api_version, std::string_view kind) const {
  auto [group, version] = split_api_version(api_version);
  return find_kind(group, version, kind);
}

ResourcePtr Catalog::find_any_version(std::string_view group, std::string_view plural) const {
  for (const Resource& row : builtin())
    if (row.plural == plural && row.group == group) return unowned(&row);
  for (const auto& version : versions(group))
    if (auto row = find(group, version, plural)) return row;
  return nullptr;
}

std::vector<ResourcePtr> Catalog::all() const {
  std::vector<ResourcePtr> rows;
  for (const Resource& row : builtin()) rows.push_back(unowned(&row));
  std::shared_lock lock(mutex_);
  for (const auto& [gvr, row] : custom_) rows.push_back(row);
  return rows;
}

std::vector<ResourcePtr> Catalog::of(std::string_view group, std::string_view version) const {
  std::vector<ResourcePtr> rows;
  for (auto& row : all())
    if (row->group == group && row->version == version) rows.push_back(row);
  return rows;
}

std::vector<std::string> Catalog::groups() const {
  std::vector<std::string> names;
  auto add = [&](std::string_view name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  for (const auto& g : builtin_groups()) add(g.group);
  std::shared_lock lock(mutex_);
  for (const auto& [gvr, row] : custom_) add(gvr.group);
  return names;
}

std::vector<std::string> Catalog::versions(std::string_view group) const {
  std::vector<std::string> names;
  for (const auto& g : builtin_groups())
    if (g.group == group) names.emplace_back(g.version);
  std::shared_lock lock(mutex_);
  size_t built_in = names.size();
  for (const auto& [gvr, row] : custom_)
    if (gvr.group == group && std::find(names.begin(), names.end(), gvr.version) == names.end()) names.push_back(gvr.version);
  std::sort(names.begin() + static_cast<std::ptrdiff_t>(built_in), names.end(),
            [](const std::string& a, const std::string& b) { return VersionRank(a) > VersionRank(b); });
  return names;
}

bool Catalog::add(ResourcePtr row) {
  for (const Resource& b : builtin())
    if (b.group == row->group && b.version == row->version && (b.plural == row->plural || b.kind == row->kind)) return false;
  std::unique_lock lock(mutex_);
  Gvr key = row->gvr();
  custom_[key] = std::move(row);
  ++revision_;
  return true;
}

void Catalog::remove(const Gvr& gvr) {
  std::unique_lock lock(mutex_);
  if (custom_.erase(gvr) > 0) ++revision_;
}

uint64_t Catalog::revision() const {
  std::shared_lock lock(mutex_);
  return revision_;
}

std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version) {
  size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

}  // namespace skerry::api
