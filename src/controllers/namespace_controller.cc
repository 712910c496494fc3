#include "controllers/namespace_controller.h"

#include "base/log.h"
#include "base/strings.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr auto kLookAgain = milliseconds(1000);
constexpr std::string_view kFinalizer = "kubernetes";

std::string counts(const std::map<std::string, int64_t>& what, const char* middle) {
  std::vector<std::string> parts;
  for (auto& [name, n] : what) parts.push_back(name + middle + std::to_string(n) + " resource instances");
  return join(parts, ", ");
}

bool has_finalizer(const Json& ns) {
  for (auto& f : json::array_or_empty(json::find(ns, {"spec", "finalizers"})))
    if (f == kFinalizer) return true;
  return false;
}

}  // namespace

bool set_deletion_conditions(Json& status, const NamespaceContent& content, const std::string& now) {
  Json& conditions = status["conditions"];
  bool changed = false;
  auto set = [&](const char* type, bool bad, const char* bad_reason, const std::string& bad_message,
                 const char* good_reason, const char* good_message) {
    changed |= set_condition(conditions, type, bad ? "True" : "False", bad ? bad_reason : good_reason,
                             bad ? bad_message : std::string(good_message), now);
  };
  set("NamespaceDeletionDiscoveryFailure", false, "", "", "ResourcesDiscovered", "All resources successfully discovered");
  set("NamespaceDeletionGroupVersionParsingFailure", false, "", "", "ParsedGroupVersions",
      "All legacy kube types successfully parsed");
  set("NamespaceDeletionContentFailure", !content.failures.empty(), "ContentDeletionFailed",
      "Failed to delete all resource types, " + std::to_string(content.failures.size()) + " remaining: " +
          join(content.failures, ", "),
      "ContentDeleted", "All content successfully deleted, may be waiting on finalization");
  set("NamespaceContentRemaining", !content.remaining.empty(), "SomeResourcesRemain",
      "Some resources are remaining: " + counts(content.remaining, " has "), "ContentRemoved",
      "All content successfully removed");
  set("NamespaceFinalizersRemaining", !content.finalizers.empty(), "SomeFinalizersRemain",
      "Some content in the namespace has finalizers remaining: " + counts(content.finalizers, " in "),
      "ContentHasNoFinalizers", "All content-preserving finalizers finished");
  return changed;
}

NamespaceController::NamespaceController(Context& context) : Part(context, "namespace-controller", 2) {
  cache(api::kNamespaces).add_handler([this](auto&, auto& after) {
    if (after && after->meta().deleting) queue_.enqueue(after->meta().name);
  });
  // The last pod of a namespace that goes away: no need to wait until the next look.
  cache(api::kPods).add_handler([this](auto& before, auto& after) {
    if (after) return;
    api::ObjectPtr ns = cache(api::kNamespaces).get(before->meta().ns);
    if (ns && ns->meta().deleting) queue_.enqueue(ns->meta().name);
  });
}

Result<Outcome> NamespaceController::reconcile(const Key& name) {
  api::ObjectPtr cached = cache(api::kNamespaces).get(name);
  if (!cached || !cached->meta().deleting) return Outcome{};
  auto live = client().get(api::kNamespaces, "", name);
  if (!live) {
    if (live.error().is(Reason::kNotFound)) return Outcome{};
    return live.error();
  }
  Json ns = (*live)->json();
  if ((*live)->meta().uid != cached->meta().uid || !(*live)->meta().deleting || !has_finalizer(ns)) return Outcome{};
  if (json::str(ns, {"status", "phase"}) != "Terminating") {
    ns["status"]["phase"] = "Terminating";
    ns = TRY(client().update_status(api::kNamespaces, "", std::move(ns)))->json();
  }

  NamespaceContent content;
  auto pods = context_.catalog.find(api::kPods);
  if (pods) empty_collection(*pods, name, content);
  if (content.empty()) {
    for (auto& row : context_.catalog.all()) {
      const bool own = !row->stored_as && row->namespaced && row->stored;
      if (!own || row->gvr() == api::kPods || !row->allows(api::Verb::kDeleteCollection)) continue;
      empty_collection(*row, name, content);
    }
  }
  Json status = json::object_or_empty(json::find(ns, "status"));
  if (set_deletion_conditions(status, content, now_text())) {
    ns["status"] = std::move(status);
    ns = TRY(client().update_status(api::kNamespaces, "", std::move(ns)))->json();
  }
  if (!content.empty()) return Outcome{kLookAgain};

  Json rest = Json::array();
  for (auto& f : json::array_or_empty(json::find(ns, {"spec", "finalizers"})))
    if (f != kFinalizer) rest.push_back(f);
  ns["spec"]["finalizers"] = std::move(rest);
  auto finalized = client().update(api::kNamespaces, "", std::move(ns), "finalize");
  if (!finalized && !finalized.error().is(Reason::kNotFound)) return finalized.error();
  LOG_DEBUG("namespace-controller", "namespace " << name << " is empty and finalized");
  return Outcome{};
}

void NamespaceController::empty_collection(const api::Resource& resource, const std::string& ns,
                                           NamespaceContent& content) {
  const api::Gvr gvr = resource.gvr();
  auto failed = [&](const Error& e) { content.failures.push_back(gvr.group_resource() + ": " + e.message); };
  auto list = client().list(gvr, ns);
  if (!list) return failed(list.error());
  if (list->items.empty()) return;
  api::Options options;
  options.propagation_policy = "Background";
  if (Status s = client().remove_collection(gvr, ns, std::move(options)); !s && !s.error().is(Reason::kNotFound))
    failed(s.error());
  list = client().list(gvr, ns);
  if (!list) return failed(list.error());
  if (list->items.empty()) return;
  content.remaining[gvr.resource + "." + gvr.group] = static_cast<int64_t>(list->items.size());
  for (auto& object : list->items) {
    if (!object->meta().has_finalizers) continue;
    for (auto& f : json::array_or_empty(json::find(object->json(), {"metadata", "finalizers"})))
      if (f.is_string()) ++content.finalizers[f.get<std::string>()];
  }
}

}  // namespace skerry::controllers
