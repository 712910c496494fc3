#include "api/discovery.h"

#include <algorithm>

namespace skerry::api {
namespace {

// Discovery lists verbs by name.
Json verb_names(VerbMask verbs, bool connect) {
  std::vector<std::string> names;
  for (int v = 0; v <= static_cast<int>(Verb::kDeleteCollection); ++v)
    if ((verbs & (1u << v)) != 0) names.emplace_back(verb_name(static_cast<Verb>(v)));
  if (connect) names = {"create", "get"};
  std::sort(names.begin(), names.end());
  return names;
}

std::string group_version(std::string_view group, std::string_view version) {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::vector<ResourcePtr> sorted_rows(const Catalog& catalog, std::string_view group, std::string_view version) {
  auto rows = catalog.of(group, version);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a->plural < b->plural; });
  return rows;
}

template <class Views>
Json texts(const Views& views) {
  Json list = Json::array();
  for (auto view : views) list.push_back(view);
  return list;
}

// A short stable text that changes when the stored form changes.
std::string storage_hash(const Resource& row) {
  const Resource& owner = row.stored_as != nullptr ? *row.stored_as : row;
  uint64_t hash = 1469598103934665603ull;
  for (char c : owner.group_resource() + "/" + std::string(owner.version)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (int i = 0; i < 11; ++i, hash >>= 6) text += kDigits[hash & 63];
  return text + "=";
}

Json group_json(const Catalog& catalog, const std::string& group) {
  Json versions = Json::array();
  for (const auto& version : catalog.versions(group))
    versions.push_back({{"groupVersion", group_version(group, version)}, {"version", version}});
  return {{"name", group}, {"versions", versions}, {"preferredVersion", versions.empty() ? Json() : versions[0]}};
}

Json kind_json(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const Resource& row) {
  Json r = {{"resource", row.plural},
            {"responseKind", kind_json(row.group, row.version, row.kind)},
            {"scope", row.namespaced ? "Namespaced" : "Cluster"},
            {"singularResource", row.singular},
            {"verbs", verb_names(row.verbs, false)}};
  if (!row.short_names.empty()) r["shortNames"] = texts(row.short_names);
  if (!row.categories.empty()) r["categories"] = texts(row.categories);
  for (const auto& sub : row.subresources)
    r["subresources"].push_back({{"subresource", sub.name},
                                 {"responseKind", kind_json(sub.group, sub.version, sub.kind)},
                                 {"verbs", verb_names(sub.verbs, !sub.extra_verbs.empty())}});
  return r;
}

Json aggregated_group(const Catalog& catalog, const std::string& group) {
  Json meta = Json::object();
  if (!group.empty()) meta["name"] = group;
  Json versions = Json::array();
  for (const auto& version : catalog.versions(group)) {
    Json resources = Json::array();
    for (const auto& row : sorted_rows(catalog, group, version)) resources.push_back(aggregated_resource(*row));
    versions.push_back({{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
  }
  return {{"metadata", std::move(meta)}, {"versions", std::move(versions)}};
}

}  // namespace

Json api_versions(std::string_view server_address) {
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs", Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

Json api_group_list(const Catalog& catalog) {
  Json groups = Json::array();
  for (const auto& group : catalog.groups()) groups.push_back(group_json(catalog, group));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

std::optional<Json> api_group(const Catalog& catalog, std::string_view group) {
  auto groups = catalog.groups();
  if (std::find(groups.begin(), groups.end(), group) == groups.end()) return std::nullopt;
  Json j = group_json(catalog, std::string(group));
  j["kind"] = "APIGroup";
  j["apiVersion"] = "v1";
  return j;
}

std::optional<Json> api_resource_list(const Catalog& catalog, std::string_view group, std::string_view version) {
  auto rows = sorted_rows(catalog, group, version);
  if (rows.empty()) return std::nullopt;
  Json list = Json::array();
  for (const auto& row : rows) {
    Json r = {{"name", row->plural},
              {"singularName", row->singular},
              {"namespaced", row->namespaced},
              {"kind", row->kind},
              {"verbs", verb_names(row->verbs, false)}};
    if (!row->short_names.empty()) r["shortNames"] = texts(row->short_names);
    if (!row->categories.empty()) r["categories"] = texts(row->categories);
    if (row->stored) r["storageVersionHash"] = storage_hash(*row);
    list.push_back(std::move(r));
    for (const auto& sub : row->subresources) {
      Json s = {{"name", std::string(row->plural) + "/" + std::string(sub.name)},
                {"singularName", ""},
                {"namespaced", row->namespaced},
                {"kind", sub.kind},
                {"verbs", verb_names(sub.verbs, !sub.extra_verbs.empty())}};
      if (sub.group != row->group || sub.version != row->version) {
        s["group"] = sub.group;
        s["version"] = sub.version;
      }
      list.push_back(std::move(s));
    }
  }
  return Json{{"kind", "APIResourceList"},
              {"apiVersion", "v1"},
              {"groupVersion", group_version(group, version)},
              {"resources", std::move(list)}};
}

Json aggregated_discovery(const Catalog& catalog, bool core, std::string_view version) {
  Json items = Json::array();
  if (core) items.push_back(aggregated_group(catalog, ""));
  else
    for (const auto& group : catalog.groups()) items.push_back(aggregated_group(catalog, group));
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/" + std::string(version)},
          {"metadata", Json::object()},
          {"items", std::move(items)}};
}

}  // namespace skerry::api
