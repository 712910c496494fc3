#include "kubectl/change/prune.h"

#include <span>

#include "base/strings.h"
#include "kubectl/change/delete_flags.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/discovery.h"
#include "kubectl/log_line.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kNamespaced[] = {
    "/v1/ConfigMap", "/v1/Endpoints", "/v1/PersistentVolumeClaim", "/v1/Pod", "/v1/ReplicationController", "/v1/Secret", "/v1/Service",
    "batch/v1/Job", "batch/v1/CronJob", "networking.k8s.io/v1/Ingress", "apps/v1/DaemonSet", "apps/v1/Deployment", "apps/v1/ReplicaSet",
    "apps/v1/StatefulSet"};
constexpr std::string_view kCluster[] = {"/v1/Namespace", "/v1/PersistentVolume"};

Result<Mapping> kind_named(Discovery& discovery, std::string_view text) {
  auto parts = split(text, '/');
  if (parts.size() != 3) return plain_error("invalid GroupVersionKind format: " + std::string(text) + ", please follow <group/version/kind>");
  std::string group(parts[0] == "core" ? "" : parts[0]);
  return discovery.by_kind((group.empty() ? "" : group + "/") + std::string(parts[1]), parts[2]);
}

}  // namespace

Result<std::vector<Mapping>> prune_kinds(Session& s) {
  auto* discovery = TRY(s.discovery());
  auto named = s.flags.list("prune-allowlist");
  if (s.flags.has("prune-whitelist"))
    for (auto& k : s.flags.list("prune-whitelist")) named.push_back(k);
  std::vector<Mapping> out;
  for (auto& k : named) out.push_back(TRY(kind_named(*discovery, k)));
  if (!named.empty()) return out;
  for (std::span<const std::string_view> kinds : {std::span<const std::string_view>(kNamespaced), std::span<const std::string_view>(kCluster)})
    for (auto k : kinds) {
      auto mapping = kind_named(*discovery, k);
      if (mapping) out.push_back(*mapping);
      else if (!is_no_match(mapping.error())) return mapping.error();  // a server without that kind has nothing to prune
    }
  return out;
}

Result<std::vector<Item>> find_unvisited(Session& s, Objects& objects, const std::vector<Mapping>& kinds, const Visited& visited) {
  if (s.flags.list("prune-allowlist").empty())
    s.err << log_line('W', "prune.cc", "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. "
                    "To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.")
          << '\n';
  std::vector<Item> out;
  auto add = [&](const Mapping& mapping, const std::string& ns) -> Status {
    Json list = TRY(objects.list(mapping, ns, {.label_selector = s.flags.text("selector")}));
    for (auto& o : list["items"]) {
      if (!has_last_applied(o) || visited.uids.count(json::str(o, {"metadata", "uid"}))) continue;
      if (!o.contains("kind")) o["kind"] = mapping.kind;
      if (!o.contains("apiVersion")) o["apiVersion"] = mapping.api_version();
      Item item{.mapping = mapping, .ns = ns, .name = json::str(o, {"metadata", "name"})};
      item.object = std::move(o);
      out.push_back(std::move(item));
    }
    return {};
  };
  for (auto& ns : visited.namespaces)
    for (auto& m : kinds)
      if (m.namespaced) TRY(add(m, ns));
  for (auto& m : kinds)
    if (!m.namespaced) TRY(add(m, ""));
  return out;
}

Status prune(Session& s, Objects& objects, const std::vector<Item>& items, DryRun dry_run) {
  Json options = TRY(delete_options_of(s));
  for (auto& item : items) {
    if (dry_run != DryRun::kClient) {
      auto removed = objects.remove(item.mapping, item.ns, item.name, options, dry_run == DryRun::kServer);
      if (!removed && removed.error().code != 404) return removed.error();
    }
    auto printer = TRY(result_printer(s, dry_run));  // one for each: what -o yaml shows stands without separators
    TRY(printer->print(item, item.object, "pruned"));
  }
  return {};
}

}  // namespace skerry::kubectl
