#include "kubectl/change/apply_set.h"

#include <openssl/sha.h>

#include <cstdlib>

#include "api/version.h"
#include "base/strings.h"
#include "kubectl/discovery.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kTool = "kubectl";
constexpr std::string_view kFieldManager = "kubectl-applyset";

constexpr std::string_view kIdLabel = "applyset.kubernetes.io/id";                       // of the parent
constexpr std::string_view kMemberLabel = "applyset.kubernetes.io/part-of";              // of its members
constexpr std::string_view kParentTypeLabel = "applyset.kubernetes.io/is-parent-type";   // of definitions of kinds that may be parents
constexpr std::string_view kTooling = "applyset.kubernetes.io/tooling";
constexpr std::string_view kKinds = "applyset.kubernetes.io/contains-group-kinds";
constexpr std::string_view kResources = "applyset.kubernetes.io/contains-group-resources";  // what clients before 1.28 wrote instead
constexpr std::string_view kNamespaces = "applyset.kubernetes.io/additional-namespaces";

bool is_built_in_parent(const Mapping& m) { return m.group.empty() && m.version == "v1" && (m.resource == "secrets" || m.resource == "configmaps"); }

std::string in_quotes(std::string_view text) { return json::dump(Json(std::string(text))); }

}  // namespace

bool ApplySet::enabled() {
  const char* set = std::getenv("KUBECTL_APPLYSET");
  return set && to_lower(set) == "true";
}

Result<ApplySet> ApplySet::parse(Session& s, const std::string& reference) {
  auto wrong = [&](const std::string& why) { return plain_error("invalid parent reference " + in_quotes(reference) + ": " + why); };
  ApplySet out;
  auto slash = reference.find('/');
  out.name_ = slash == std::string::npos ? reference : reference.substr(slash + 1);
  std::string resource = slash == std::string::npos ? "secrets" : reference.substr(0, slash);
  if (out.name_.empty()) return wrong("name cannot be blank");
  auto* discovery = TRY(s.discovery());
  auto mapping = discovery->by_resource(resource);
  if (!mapping && mapping.error().code != 0) return mapping.error();
  if (!mapping) {
    auto dot = resource.find('.');
    return wrong("no matches for " + (dot == std::string::npos ? "" : resource.substr(dot + 1)) + "/, Resource=" + resource.substr(0, dot));
  }
  out.mapping_ = *mapping;
  // The namespace of the configuration does not count: what is pruned shall stand on the command line.
  if (out.mapping_.namespaced && s.ns_enforced()) out.ns_ = TRY(s.ns());
  return out;
}

std::string ApplySet::shown() const { return mapping_.resource + "." + mapping_.group + "/" + name_; }

std::string ApplySet::id() const {
  std::string text = name_ + "." + ns_ + "." + mapping_.kind + "." + mapping_.group;
  unsigned char hash[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  // Between words, since a label may not begin or end with what base64 may.
  return "applyset-" + base64url_encode({reinterpret_cast<const char*>(hash), sizeof hash}) + "-v1";
}

Status ApplySet::validate(Session& s) const {
  std::vector<std::string> errors;
  if (mapping_.namespaced && ns_.empty()) errors.push_back("namespace is required to use namespace-scoped ApplySet");
  if (!is_built_in_parent(mapping_)) {
    auto* objects = TRY(s.objects());
    Mapping definitions = mapping_of("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", false);
    auto list = objects->list(definitions, "", {.label_selector = std::string(kParentTypeLabel), .chunk = 0});
    if (!list) errors.push_back("identifying allowed custom resource parent types: " + list.error().message);
    bool allowed = false;
    if (list)
      for (auto& d : json::array_or_empty(json::find(*list, "items"))) allowed |= json::str(d, {"metadata", "name"}) == mapping_.resource + "." + mapping_.group;
    if (!allowed)
      errors.push_back("resource " + in_quotes(mapping_.group + "/" + mapping_.version + ", Resource=" + mapping_.resource) + " is not permitted as an ApplySet parent");
  }
  if (errors.empty()) return {};
  return plain_error(join(errors, "\n"));
}

Status ApplySet::label(std::vector<Item>& items) const {
  for (auto& item : items) {
    Json& labels = item.object["metadata"]["labels"];
    if (!labels.is_object()) labels = Json::object();
    if (labels.contains(std::string(kMemberLabel))) return plain_error("ApplySet label " + in_quotes(kMemberLabel) + " already set in input data");
    labels[std::string(kMemberLabel)] = id();
  }
  return {};
}

Status ApplySet::read_parent(Session& s) {
  auto* objects = TRY(s.objects());
  const std::string parent = "ApplySet parent object " + in_quotes(shown());
  auto got = objects->get(mapping_, ns_, name_);
  if (!got && got.error().is(Reason::kNotFound)) {
    if (is_built_in_parent(mapping_)) return {};
    return plain_error("custom resource ApplySet parents cannot be created automatically");
  }
  if (!got) return plain_error("failed to fetch " + parent + ": " + got.error().message);
  const Json& annotations = json::find(*got, {"metadata", "annotations"});
  auto annotation = [&](std::string_view name) { return json::str(annotations, name); };
  std::string tool = annotation(kTooling), id_label = json::str(*got, {"metadata", "labels", kIdLabel});
  if (tool.empty()) return plain_error(parent + " already exists and is missing required annotation " + in_quotes(kTooling));
  if (auto name = tool.substr(0, tool.rfind('/')); name != kTool)
    return plain_error(parent + " already exists and is managed by tooling " + in_quotes(name) + " instead of " + in_quotes(kTool));
  if (id_label.empty()) return plain_error(parent + " exists and does not have required label " + std::string(kIdLabel));
  if (id_label != id())
    return plain_error(parent + " exists and has incorrect value for label " + in_quotes(kIdLabel) + " (got: " + id_label + ", want: " + id() + ")");
  const std::string parsing = "parsing ApplySet annotation on " + in_quotes(shown()) + ": ";
  bool by_kind = annotations.is_object() && annotations.contains(std::string(kKinds));
  std::string members = annotation(by_kind ? kKinds : kResources);
  if (!by_kind && members.empty()) return plain_error(parsing + "kubectl requires the " + in_quotes(kKinds) + " annotation to be set on all ApplySet parent objects");
  auto* discovery = TRY(s.discovery());
  for (auto word : split(members, ',')) {
    if (word.empty()) continue;
    if (!by_kind) {
      auto mapping = discovery->by_resource(word);
      if (!mapping) return plain_error(parsing + "invalid group resource in " + in_quotes(kResources) + " annotation: " + mapping.error().message);
      kinds_before_.insert({*mapping});
      continue;
    }
    auto dot = word.find('.');
    std::string kind(word.substr(0, dot)), group(dot == std::string_view::npos ? "" : word.substr(dot + 1));
    const Mapping* found = nullptr;
    std::vector<Mapping> all = TRY(discovery->preferred_resources());
    for (auto& m : all)
      if (!found && m.kind == kind && m.group == group) found = &m;
    if (!found)
      return plain_error(parsing + "could not find mapping for kind in " + in_quotes(kKinds) + " annotation: no matches for kind " + in_quotes(kind) + " in group " + in_quotes(group));
    kinds_before_.insert({*found});
  }
  for (auto ns : split(annotation(kNamespaces), ','))
    if (!ns.empty()) namespaces_before_.insert(std::string(ns));
  if (mapping_.namespaced) namespaces_before_.insert(ns_);
  return {};
}

Status ApplySet::write_parent(Session& s, const std::set<Kind>& kinds, std::set<std::string> namespaces, DryRun dry_run, const std::string& field_validation) const {
  if (dry_run == DryRun::kClient) return {};
  std::vector<std::string> names;
  for (auto& k : kinds) names.push_back(k.name());
  namespaces.erase(ns_);
  Json metadata = {{"name", name_},
                   {"annotations",
                    {{std::string(kTooling), std::string(kTool) + "/" + std::string(api::kKubernetesVersion)},
                     {std::string(kKinds), join(names, ",")},
                     {std::string(kNamespaces), join({namespaces.begin(), namespaces.end()}, ",")}}},
                   {"labels", {{std::string(kIdLabel), id()}}}};
  if (!ns_.empty()) metadata["namespace"] = ns_;
  Json parent = {{"apiVersion", mapping_.api_version()}, {"kind", mapping_.kind}, {"metadata", std::move(metadata)}};
  auto* objects = TRY(s.objects());
  WriteOptions options{.dry_run = dry_run == DryRun::kServer, .field_manager = std::string(kFieldManager), .field_validation = field_validation};
  auto written = objects->patch(mapping_, ns_, name_, PatchKind::kApply, json::dump(parent), options);
  // These fields are ours whoever took them.
  if (!written && written.error().is(Reason::kConflict)) written = objects->patch(mapping_, ns_, name_, PatchKind::kApply, json::dump(parent), options, true);
  if (!written) return plain_error("failed to update ApplySet: " + written.error().message);
  return {};
}

Status ApplySet::before_apply(Session& s, const std::vector<Item>& items, DryRun dry_run, const std::string& field_validation) {
  TRY(read_parent(s));
  for (auto& item : items) {
    kinds_.insert({item.mapping});
    if (item.mapping.namespaced && !item.ns.empty()) namespaces_.insert(item.ns);
  }
  std::set<Kind> kinds = kinds_;
  kinds.insert(kinds_before_.begin(), kinds_before_.end());
  std::set<std::string> namespaces = namespaces_;
  namespaces.insert(namespaces_before_.begin(), namespaces_before_.end());
  return write_parent(s, kinds, std::move(namespaces), dry_run, field_validation);
}

Result<std::vector<Item>> ApplySet::find_unvisited(Session& s, const std::set<std::string>& visited_uids) const {
  auto* objects = TRY(s.objects());
  std::vector<Item> out;
  for (auto& kind : kinds_before_) {
    const Mapping& m = kind.mapping;
    for (auto& ns : m.namespaced ? namespaces_before_ : std::set<std::string>{""}) {
      auto list = objects->list(m, ns, {.label_selector = std::string(kMemberLabel) + "=" + id()});
      if (!list) return plain_error("listing " + m.group + "/" + m.version + ", Kind=" + m.kind + " objects for pruning: " + list.error().message);
      for (auto& o : (*list)["items"]) {
        if (visited_uids.count(json::str(o, {"metadata", "uid"}))) continue;
        Item item{.mapping = m, .ns = ns, .name = json::str(o, {"metadata", "name"})};
        item.object = std::move(o);
        out.push_back(std::move(item));
      }
    }
  }
  return out;
}

Status ApplySet::after_prune(Session& s, DryRun dry_run, const std::string& field_validation) const {
  auto written = write_parent(s, kinds_, namespaces_, dry_run, field_validation);
  if (!written) return plain_error("apply and prune succeeded, but ApplySet update failed: " + written.error().message);
  return {};
}

}  // namespace skerry::kubectl
