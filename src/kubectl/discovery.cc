#include "kubectl/discovery.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/strings.h"

namespace skerry::kubectl {

namespace {

constexpr auto kCacheLife = std::chrono::hours(6);
constexpr size_t kMaxCacheFile = 16 << 20;
constexpr std::string_view kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;"
    "as=APIGroupDiscoveryList,application/json";

bool fresh(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0 || st.st_size > static_cast<off_t>(kMaxCacheFile)) return false;
  auto age = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(st.st_mtime);
  return age < kCacheLife;
}

Result<Json> read_cached(const std::string& path) {
  if (!fresh(path)) return Error(Reason::kNotFound, "not cached");
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return json::parse_json(text.str());
}

// Whole or not at all, and never a reason to fail: it is a cache.
void write_cached(const std::string& path, const Json& value) {
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
  if (ec) return;
  std::string temporary = path + "." + std::to_string(::getpid());
  {
    std::ofstream out(temporary, std::ios::binary);
    out << value.dump();
    if (!out.flush()) {
      out.close();
      std::filesystem::remove(temporary, ec);
      return;
    }
  }
  std::filesystem::rename(temporary, path, ec);
}

std::string group_version(const std::string& group, const std::string& version) { return group.empty() ? version : group + "/" + version; }

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> out;
  for (auto& s : json::array_or_empty(list)) if (s.is_string()) out.push_back(s.get<std::string>());
  return out;
}

// An APIResourceList in the form in which aggregated discovery would have been asked for one by one.
Json resource_list(const std::string& gv, const Json& version) {
  Json list = {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", gv}, {"resources", Json::array()}};
  auto with_kind = [&](Json out, const Json& kind) {
    out["kind"] = json::str(kind, "kind");
    std::string group = json::str(kind, "group"), v = json::str(kind, "version");
    if (!group.empty()) out["group"] = group;
    if (!v.empty()) out["version"] = v;
    return out;
  };
  for (auto& r : json::array_or_empty(json::find(version, "resources"))) {
    Json out = {{"name", json::str(r, "resource")}, {"singularName", json::str(r, "singularResource")},
                {"namespaced", json::str(r, "scope") == "Namespaced"}, {"verbs", json::array_or_empty(json::find(r, "verbs"))}};
    if (r.contains("shortNames")) out["shortNames"] = r["shortNames"];
    if (r.contains("categories")) out["categories"] = r["categories"];
    list["resources"].push_back(with_kind(out, json::find(r, "responseKind")));
    for (auto& sub : json::array_or_empty(json::find(r, "subresources"))) {
      Json s = {{"name", json::str(r, "resource") + "/" + json::str(sub, "subresource")}, {"singularName", ""},
                {"namespaced", json::str(r, "scope") == "Namespaced"}, {"verbs", json::array_or_empty(json::find(sub, "verbs"))}};
      list["resources"].push_back(with_kind(s, json::find(sub, "responseKind")));
    }
  }
  return list;
}

}  // namespace

struct Discovery::Impl {
  RestClient& rest;
  std::string cache_dir;
  bool invalidated = false;
  bool have_groups = false;
  std::vector<Json> groups{};
  std::map<std::string, Json> lists{};  // by group version
  bool have_resources = false;
  std::vector<Mapping> resources{};
  std::vector<Error> failures{};
  std::map<std::string, Json> openapi{};
  Json openapi_index{};
  Mapping core{};  // what quick() found

  // "~/.kube/cache/discovery/10.0.0.1_6443"
  std::string folder() const {
    if (cache_dir.empty()) return "";
    std::string host = rest.host();
    for (char& c : host) if (!isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_' && c != '/' && c != '(' && c != ')') c = '_';
    return cache_dir + "/discovery/" + host;
  }
  std::string group_file() const { return folder() + "/servergroups.json"; }
  std::string list_file(const std::string& gv) const { return folder() + "/" + gv + "/serverresources.json"; }

  // Reads /api or /apis; aggregated answers fill `lists` at once.
  Status ask(const std::string& path, std::vector<Json>& out) {
    auto answer = rest.json({.path = path, .accept = std::string(kAggregated)});
    if (!answer) {
      if (answer.error().code == 404) return {};
      return answer.error();
    }
    Json& a = *answer;
    if (json::str(a, "kind") == "APIGroupDiscoveryList") {
      for (auto& item : json::array_or_empty(json::find(a, "items"))) {
        Json group = {{"name", json::str(item, {"metadata", "name"})}, {"versions", Json::array()}};
        for (auto& v : json::array_or_empty(json::find(item, "versions"))) {
          std::string version = json::str(v, "version"), gv = group_version(json::str(group, "name"), version);
          group["versions"].push_back({{"groupVersion", gv}, {"version", version}});
          if (json::str(v, "freshness") != "Stale") lists[gv] = resource_list(gv, v);
        }
        if (!group["versions"].empty()) group["preferredVersion"] = group["versions"][0];
        out.push_back(std::move(group));
      }
    } else if (json::str(a, "kind") == "APIVersions") {
      Json group = {{"name", ""}, {"versions", Json::array()}};
      for (auto& v : strings(json::find(a, "versions"))) group["versions"].push_back({{"groupVersion", v}, {"version", v}});
      if (!group["versions"].empty()) {
        group["preferredVersion"] = group["versions"][0];
        out.push_back(std::move(group));
      }
    } else {
      for (auto& g : json::array_or_empty(json::find(a, "groups"))) out.push_back(g);
    }
    return {};
  }

  Status load_groups() {
    if (have_groups) return {};
    if (!cache_dir.empty() && !invalidated) {
      if (auto cached = read_cached(group_file())) {
        for (auto& g : json::array_or_empty(json::find(*cached, "groups"))) groups.push_back(g);
        if (!groups.empty()) {
          have_groups = true;
          return {};
        }
      }
    }
    groups.clear();
    lists.clear();
    TRY(ask("/api", groups));
    TRY(ask("/apis", groups));
    have_groups = true;
    if (!cache_dir.empty()) {
      write_cached(group_file(), {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}});
      for (auto& [gv, list] : lists) write_cached(list_file(gv), list);
    }
    return {};
  }

  Result<const Json*> list_of(const std::string& gv) {
    auto it = lists.find(gv);
    if (it != lists.end()) return &it->second;
    if (!cache_dir.empty() && !invalidated)
      if (auto cached = read_cached(list_file(gv))) return &(lists[gv] = std::move(*cached));
    Json list = TRY(rest.json({.path = (gv.find('/') == std::string::npos ? "/api/" : "/apis/") + gv}));
    if (!cache_dir.empty()) write_cached(list_file(gv), list);
    return &(lists[gv] = std::move(list));
  }

  // The mappings of one group version, in the server's order.
  static void append(std::vector<Mapping>& out, const std::string& gv, const Json& list) {
    size_t first = out.size();
    std::string group, version = gv;
    if (auto slash = gv.find('/'); slash != std::string::npos) group = gv.substr(0, slash), version = gv.substr(slash + 1);
    for (auto& r : json::array_or_empty(json::find(list, "resources"))) {
      std::string name = json::str(r, "name");
      if (auto slash = name.find('/'); slash != std::string::npos) {
        for (size_t i = first; i < out.size(); ++i)
          if (out[i].resource == name.substr(0, slash)) out[i].subresources.push_back(name.substr(slash + 1));
        continue;
      }
      Mapping m;
      m.group = group;
      m.version = version;
      m.resource = name;
      m.kind = json::str(r, "kind");
      m.singular = json::str(r, "singularName");
      if (m.singular.empty()) m.singular = to_lower(m.kind);
      m.namespaced = json::boolean(r, "namespaced");
      m.short_names = strings(json::find(r, "shortNames"));
      m.categories = strings(json::find(r, "categories"));
      m.verbs = strings(json::find(r, "verbs"));
      out.push_back(std::move(m));
    }
  }

  Status load_resources() {
    if (have_resources) return {};
    TRY(load_groups());
    for (auto& g : groups) {
      for (auto& v : json::array_or_empty(json::find(g, "versions"))) {
        std::string gv = json::str(v, "groupVersion");
        auto list = list_of(gv);
        if (!list) {
          // Old servers list versions that have nothing.
          if (list.error().code != 404) failures.push_back(Error(Reason::kUnknown, gv + ": " + list.error().message));
          if (list.error().code == 0) return list.error();
          continue;
        }
        append(resources, gv, **list);
      }
    }
    have_resources = true;
    return {};
  }

  std::string preferred_version(const std::string& group) const {
    for (auto& g : groups)
      if (json::str(g, "name") == group) return json::str(g, {"preferredVersion", "version"});
    return "";
  }

  // The best of those that match: earliest group; in it the preferred version, else the first.
  template <class Match>
  const Mapping* best(Match match) const {
    const Mapping* found = nullptr;
    for (auto& m : resources) {
      if (!match(m)) continue;
      if (!found) found = &m;
      else if (m.group == found->group && m.version == preferred_version(m.group)) found = &m;
    }
    return found;
  }

  // Without reading all versions: most words name a core resource in full.
  const Mapping* quick(std::string_view word) {
    if (have_resources || word.find('.') != std::string_view::npos || cache_dir.empty() || invalidated || !load_groups()) return nullptr;
    auto list = list_of("v1");
    if (!list) return nullptr;
    static constexpr std::string_view kResource = "name";
    for (auto& r : json::array_or_empty(json::find(**list, "resources"))) {
      if (json::str(r, kResource) != word && json::str(r, "singularName") != word) continue;
      std::vector<Mapping> one;
      append(one, "v1", **list);
      for (auto& m : one) {
        if (m.resource != word && m.singular != word) continue;
        core = m;
        return &core;
      }
    }
    return nullptr;
  }
};

Discovery::Discovery(RestClient& rest, std::string cache_dir) : impl_(new Impl{.rest = rest, .cache_dir = std::move(cache_dir)}) {}
Discovery::~Discovery() = default;

Result<const std::vector<Json>*> Discovery::groups() {
  TRY(impl_->load_groups());
  return &impl_->groups;
}

Result<const std::vector<Mapping>*> Discovery::resources() {
  TRY(impl_->load_resources());
  return &impl_->resources;
}

Result<std::vector<Mapping>> Discovery::preferred_resources() {
  TRY(impl_->load_resources());
  std::vector<Mapping> out;
  for (auto& m : impl_->resources) {
    const Mapping* best = impl_->best([&](const Mapping& o) { return o.group == m.group && o.resource == m.resource; });
    if (best == &m) out.push_back(m);
  }
  return out;
}

const std::vector<Error>& Discovery::failures() const { return impl_->failures; }

Result<Mapping> Discovery::by_resource(std::string_view word) {
  if (const Mapping* m = impl_->quick(word)) return *m;
  for (int attempt = 0; attempt < 2; ++attempt) {
    TRY(impl_->load_resources());
    const std::string lower = to_lower(word);  // of resources; short names are taken as they stand
    auto named = [&](const Mapping& m, std::string_view name) {
      if (m.resource == name || m.singular == name) return true;
      return std::find(m.short_names.begin(), m.short_names.end(), name) != m.short_names.end();
    };
    const Mapping* found = nullptr;
    // As it stands; then "resource.version.group"; then "resource.group".
    found = impl_->best([&](const Mapping& m) { return m.resource == lower || m.singular == lower; });
    if (!found) found = impl_->best([&](const Mapping& m) { return named(m, word); });
    auto dot = lower.find('.');
    if (!found && dot != std::string::npos) {
      std::string name = lower.substr(0, dot), rest = lower.substr(dot + 1);
      auto dot2 = rest.find('.');
      std::string version = rest.substr(0, dot2), group = dot2 == std::string::npos ? "" : rest.substr(dot2 + 1);
      found = impl_->best([&](const Mapping& m) { return m.version == version && m.group == group && named(m, name); });
      if (!found) found = impl_->best([&](const Mapping& m) { return m.group == rest && named(m, name); });
      // A group may be cut short at a dot or within its first part.
      if (!found) found = impl_->best([&](const Mapping& m) { return !m.group.empty() && starts_with(m.group, rest) && named(m, name); });
    }
    if (!found) {
      found = impl_->best([&](const Mapping& m) { return m.kind == word; });
      auto d = word.find('.');
      if (!found && d != std::string_view::npos) {
        std::string_view rest = word.substr(d + 1);
        found = impl_->best([&](const Mapping& m) { return m.kind == word.substr(0, d) && (m.group == rest || m.version + "." + m.group == rest); });
      }
    }
    if (found) return *found;
    if (impl_->invalidated || impl_->cache_dir.empty()) break;
    invalidate();
  }
  return Error(Reason::kUnknown, "the server doesn't have a resource type \"" + std::string(word.substr(0, word.find('.'))) + "\"");
}

Result<Mapping> Discovery::by_kind(std::string_view api_version, std::string_view kind) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (impl_->have_resources) {
      for (auto& m : impl_->resources)
        if (m.api_version() == api_version && m.kind == kind) return m;
    } else {
      TRY(impl_->load_groups());
      bool known = false;
      for (auto& g : impl_->groups)
        for (auto& v : json::array_or_empty(json::find(g, "versions"))) known |= json::str(v, "groupVersion") == api_version;
      if (known) {
        auto list = impl_->list_of(std::string(api_version));
        if (!list && list.error().code != 404) return list.error();
        std::vector<Mapping> mappings;
        if (list) Impl::append(mappings, std::string(api_version), **list);
        for (auto& m : mappings)
          if (m.kind == kind) return m;
      }
    }
    if (impl_->invalidated || impl_->cache_dir.empty()) break;
    invalidate();
  }
  return no_match_error(api_version, kind);
}

Result<std::vector<Mapping>> Discovery::category(std::string_view name) {
  std::vector<Mapping> out;
  std::vector<Mapping> all = TRY(preferred_resources());
  for (auto& m : all)
    if (std::find(m.categories.begin(), m.categories.end(), name) != m.categories.end() && m.can("list")) out.push_back(m);
  return out;
}

void Discovery::invalidate() {
  if (impl_->invalidated) return;
  impl_->invalidated = true;
  impl_->have_groups = impl_->have_resources = false;
  impl_->groups.clear();
  impl_->lists.clear();
  impl_->resources.clear();
  impl_->failures.clear();
}

Result<const Json*> Discovery::openapi_v3(std::string_view api_version) {
  std::string key(api_version);
  if (auto it = impl_->openapi.find(key); it != impl_->openapi.end()) return &it->second;
  if (impl_->openapi_index.is_null()) impl_->openapi_index = TRY(impl_->rest.json({.path = "/openapi/v3"}));
  std::string entry = (key.find('/') == std::string::npos ? "api/" : "apis/") + key;
  std::string url = json::str(impl_->openapi_index, {"paths", entry, "serverRelativeURL"});
  if (url.empty() || url[0] != '/') return Error(Reason::kUnknown, "couldn't find resource for \"" + key + "\": the server has no OpenAPI document of it");
  RestRequest request{.path = url.substr(0, url.find('?'))};
  if (auto q = url.find('?'); q != std::string::npos) {
    for (auto part : split(std::string_view(url).substr(q + 1), '&')) {
      auto eq = part.find('=');
      request.query.emplace_back(url_decode(part.substr(0, eq)).value_or(""), eq == std::string_view::npos ? "" : url_decode(part.substr(eq + 1)).value_or(""));
    }
  }
  Json document = TRY(impl_->rest.json(request));
  return &(impl_->openapi[key] = std::move(document));
}

Error no_match_error(std::string_view api_version, std::string_view kind) {
  return Error(Reason::kUnknown, "no matches for kind \"" + std::string(kind) + "\" in version \"" + std::string(api_version) + "\"");
}

bool is_no_match(const Error& error) { return error.code == 0 && starts_with(error.message, "no matches for kind "); }

}  // namespace skerry::kubectl
