#include "kubectl/change/prune.h"

#include "base/strings.h"
#include "kubectl/change/delete_flags.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/discovery.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kNamespaced[] = {
    "/v1/ConfigMap", "/v1/Endpoints", "/v1/PersistentVolumeClaim", "/v1/Pod", "/v1/ReplicationController", "/v1/Secret", "/v1/Service",
    "batch/v1/Job", "batch/v1/CronJob", "networking.k8s.io/v1/Ingress", "apps/v1/DaemonSet", "apps/v1/Deployment", "apps/v1/ReplicaSet",
    "apps/v1/StatefulSet"};
constexpr std::string_view kCluster[] = {"/v1/Namespace", "/v1/PersistentVolume"};

struct Kind {
  std::string api_version, kind;
};

Result<std::vector<Kind>> kinds_of(Session& s) {
  std::vector<Kind> out;
  auto add = [&](std::string_view text) -> Status {
    auto parts = split(text, '/');
    if (parts.size() != 3) return plain_error("invalid GroupVersionKind format: " + std::string(text) + ", please follow <group/version/kind>");
    std::string group(parts[0] == "core" ? "" : parts[0]);
    out.push_back({(group.empty() ? "" : group + "/") + std::string(parts[1]), std::string(parts[2])});
    return {};
  };
  auto given = s.flags.list("prune-allowlist");
  for (auto& k : s.flags.list("prune-whitelist")) given.push_back(k);
  for (auto& k : given) TRY(add(k));
  if (given.empty()) {
    for (auto k : kNamespaced) TRY(add(k));
    for (auto k : kCluster) TRY(add(k));
    if (s.ns_enforced())
      s.err << "Warning: kinds without a namespace are pruned too although --namespace is given, as the stock client does for now: name the kinds you mean with "
               "--prune-allowlist\n";
  }
  return out;
}

}  // namespace

Status prune_unvisited(Session& s, Objects& objects, const std::set<std::string>& visited, const std::set<std::string>& namespaces,
                       ResultPrinter& printer, DryRun dry_run) {
  auto kinds = TRY(kinds_of(s));
  auto* discovery = TRY(s.discovery());
  Json options = TRY(delete_options_of(s));
  ListOptions list_options{.label_selector = s.flags.text("selector")};
  for (auto& k : kinds) {
    auto mapping = discovery->by_kind(k.api_version, k.kind);
    if (!mapping) {
      if (is_no_match(mapping.error())) continue;  // a server without that kind has nothing to prune
      return mapping.error();
    }
    std::set<std::string> where = mapping->namespaced ? namespaces : std::set<std::string>{""};
    for (auto& ns : where) {
      Json list = TRY(objects.list(*mapping, ns, list_options));
      for (auto& o : json::array_or_empty(json::find(list, "items"))) {
        if (!has_last_applied(o) || visited.count(json::str(o, {"metadata", "uid"}))) continue;
        if (!json::str(o, {"metadata", "deletionTimestamp"}).empty()) continue;
        Item item{.mapping = *mapping, .ns = ns, .name = json::str(o, {"metadata", "name"})};
        if (dry_run != DryRun::kClient) {
          auto removed = objects.remove(*mapping, ns, item.name, options, dry_run == DryRun::kServer);
          if (!removed && removed.error().code != 404) return removed.error();
        }
        TRY(printer.print(item, o, "pruned"));
      }
    }
  }
  return {};
}

}  // namespace skerry::kubectl
