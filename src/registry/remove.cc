// delete and deletecollection.
#include <algorithm>

#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr int kMaxAttempts = 100;

bool has_finalizer(const Json& object, std::string_view name) {
  const Json& list = json::array_or_empty(json::find(object, {"metadata", "finalizers"}));
  return std::find(list.begin(), list.end(), name) != list.end();
}

void set_finalizer(Json& object, const char* name, bool wanted) {
  Json& metadata = object["metadata"];
  if (wanted) {
    if (has_finalizer(object, name)) return;
    Json& list = metadata["finalizers"];
    if (!list.is_array()) list = Json::array();
    list.push_back(name);
  } else if (auto it = metadata.find("finalizers"); it != metadata.end() && it->is_array()) {
    it->erase(std::remove(it->begin(), it->end(), Json(name)), it->end());
    if (it->empty()) metadata.erase(it);
  }
}

// Who waits for whom: the garbage collector acts on these finalizers.
void set_propagation(Json& object, const std::string& policy, bool orphans_by_default) {
  bool orphan = has_finalizer(object, "orphan"), foreground = has_finalizer(object, "foregroundDeletion");
  if (policy == "Orphan") orphan = true, foreground = false;
  else if (policy == "Foreground") orphan = false, foreground = true;
  else if (policy == "Background") orphan = foreground = false;
  else if (!orphan && !foreground && orphans_by_default) orphan = true;
  set_finalizer(object, "orphan", orphan);
  set_finalizer(object, "foregroundDeletion", foreground);
}

// How long the object may take to go; pods only. Negative options count as 1, as in Kubernetes.
int64_t grace_of(const api::Resource& row, const Json& object, const std::optional<int64_t>& asked) {
  if (!row.is("", "Pod")) return 0;
  int64_t grace = asked.value_or(json::integer(object, {"spec", "terminationGracePeriodSeconds"}));
  if (json::str(object, {"spec", "nodeName"}).empty()) grace = 0;  // nobody runs it
  std::string phase = json::str(object, {"status", "phase"});
  if (phase == "Failed" || phase == "Succeeded") grace = 0;
  return grace < 0 ? 1 : grace;
}

bool is_immortal(const api::Resource& row, std::string_view name) {
  return row.is("", "Namespace") && (name == "default" || name == "kube-system" || name == "kube-public");
}

bool waits_for_finalizers(const api::Resource& row, const Json& object) {
  if (!json::array_or_empty(json::find(object, {"metadata", "finalizers"})).empty()) return true;
  return row.is("", "Namespace") && !json::array_or_empty(json::find(object, {"spec", "finalizers"})).empty();
}

api::Response success(const api::Resource& row, const api::Object& object) {
  ErrorDetails details;
  details.name = object.meta().name;
  details.group = row.group;
  details.kind = row.plural;
  details.uid = object.meta().uid;
  return object_response(api::Object::from_json(api::success_status_json(details)));
}

}  // namespace

Result<Registry::Impl::Removal> Registry::Impl::remove_object(Call& call, const std::string& key) {
  const api::Options& o = call.request.options;
  const std::string name = api::split_key(key).second;
  if (!o.propagation_policy.empty() && o.propagation_policy != "Orphan" && o.propagation_policy != "Background" &&
      o.propagation_policy != "Foreground") {
    Error error(Reason::kInvalid, "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"" +
                                      o.propagation_policy + "\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
    return with_cause(std::move(error), "FieldValueNotSupported", "Unsupported value", "propagationPolicy");
  }
  if (is_immortal(call.stored, name)) return forbidden(call.row, name, "this namespace may not be deleted");
  for (int attempt = 1;; ++attempt) {
    api::ObjectPtr before = call.collection.find(key);
    if (!before) return not_found(call.row, name);
    const api::Meta& meta = before->meta();
    if (!o.precondition_uid.empty() && o.precondition_uid != meta.uid)
      return conflict(call.row, name, "Precondition failed: UID in precondition: " + o.precondition_uid + ", UID in object meta: " + meta.uid);
    if (!o.precondition_revision.empty() && o.precondition_revision != std::to_string(meta.revision))
      return conflict(call.row, name, "Precondition failed: ResourceVersion in precondition: " + o.precondition_revision +
                                          ", ResourceVersion in object meta: " + std::to_string(meta.revision));
    const Json old = before->json();
    if (attempt == 1) {
      Json shown = old;
      from_stored(call.row, shown);
      TRY(admit(call, api::Verb::kDelete, nullptr, &shown));
    }

    Json object = old;
    set_propagation(object, o.propagation_policy, call.strategy.has(kOrphansByDefault));
    int64_t grace = grace_of(call.stored, object, o.grace_period_s);
    Json& metadata = object["metadata"];
    if (!meta.deleting) {
      metadata["deletionTimestamp"] = format_rfc3339(clock.now() + std::chrono::seconds(grace));
      metadata["deletionGracePeriodSeconds"] = grace;
      if (meta.generation > 0) metadata["generation"] = meta.generation + 1;
      if (call.stored.is("", "Namespace")) object["status"]["phase"] = "Terminating";
    } else {
      // Already going: a shorter period counts, a longer one does not.
      int64_t current = json::integer(metadata, "deletionGracePeriodSeconds");
      if (grace < current) {
        auto until = parse_rfc3339(json::str(metadata, "deletionTimestamp")).value_or(clock.now());
        metadata["deletionTimestamp"] = format_rfc3339(until - std::chrono::seconds(current - grace));
        metadata["deletionGracePeriodSeconds"] = grace;
      } else {
        grace = current;
      }
    }
    const bool stays = grace > 0 || waits_for_finalizers(call.stored, object);
    if (o.dry_run) return Removal{stays ? api::Object::from_json(object) : before, !stays};
    if (stays && object == old) return Removal{before, false};
    auto done = stays ? commit_put(call.collection, key, meta.revision, object, false)
                      : commit_delete(call.collection, key, meta.revision);
    if (done) return Removal{*done, !stays};
    if (!done.error().is(Reason::kConflict)) return done.error();
    if (!o.precondition_revision.empty() || attempt == kMaxAttempts) return stale(call.row, name);
  }
}

Result<api::Response> Registry::Impl::remove(Call& call) {
  Removal removal = TRY(remove_object(call, call.key()));
  if (removal.gone && !call.strategy.has(kReturnsDeleted)) return success(call.row, *removal.object);
  return object_response(view_as(call.row, removal.object));
}

Result<api::Response> Registry::Impl::remove_collection(Call& call) {
  api::Request request = call.request;
  api::Options deletion = call.request.options;
  Call listing{call.row_ptr, call.row, call.stored, call.strategy, call.collection, request, call.hooks, call.validation, {}};
  api::Response found = TRY(list(listing));
  auto removed = std::make_shared<api::List>(*found.list);
  removed->items.clear();
  for (const auto& item : found.list->items) {
    auto removal = remove_object(call, item->key());
    if (!removal && removal.error().is(Reason::kNotFound)) continue;  // someone else did it
    if (!removal) return removal.error();
    removed->items.push_back(view_as(call.row, removal->object));
  }
  api::Response response;
  response.list = std::move(removed);
  return response;
}

}  // namespace skerry::registry
