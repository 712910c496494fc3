// update and patch: both are a function from the current object to the wanted one, repeated if someone else was faster.
#include <algorithm>

#include "api/decode.h"
#include "api/defaults.h"
#include "api/field_errors.h"
#include "api/strategic_merge.h"
#include "api/validation.h"
#include "json/patch.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr int kMaxAttempts = 100;

// Nobody changes these by writing the object.
void keep_server_fields(Json& metadata, const Json& old) {
  for (const char* key : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
                          "selfLink", "managedFields"}) {
    if (auto it = old.find(key); it != old.end()) metadata[key] = *it;
    else metadata.erase(key);
  }
  if (!metadata.contains("generateName") && old.contains("generateName")) metadata["generateName"] = old["generateName"];
}

// Everything but metadata and status: what metadata.generation counts.
bool same_spec(const Json& a, const Json& b) {
  auto ignored = [](const std::string& key) { return key == "metadata" || key == "status" || key == "apiVersion" || key == "kind"; };
  size_t in_a = 0, in_b = 0;
  for (const auto& [key, value] : a.items()) {
    if (ignored(key)) continue;
    ++in_a;
    auto it = b.find(key);
    if (it == b.end() || *it != value) return false;
  }
  for (const auto& [key, value] : b.items()) in_b += !ignored(key);
  return in_a == in_b;
}

Status check_finalizers(const Call& call, const Json& object, const Json& old) {
  if (!json::find(old, {"metadata", "deletionTimestamp"}).is_string()) return {};
  const Json& before = json::array_or_empty(json::find(old, {"metadata", "finalizers"}));
  std::string added;
  for (const Json& f : json::array_or_empty(json::find(object, {"metadata", "finalizers"})))
    if (std::find(before.begin(), before.end(), f) == before.end())
      added += (added.empty() ? "\"" : ", \"") + (f.is_string() ? f.get<std::string>() : "") + "\"";
  if (added.empty()) return {};
  api::FieldErrors errors;
  errors.forbidden("metadata.finalizers",
                   "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + added + "}");
  return errors.to_status(call.row.group, call.row.kind, call.request.name);
}

bool is_done_deleting(const api::Resource& row, const Json& object) {
  const Json& meta = json::find(object, "metadata");
  return json::find(meta, "deletionTimestamp").is_string() && json::integer(meta, "deletionGracePeriodSeconds") == 0 &&
         json::array_or_empty(json::find(meta, "finalizers")).empty() &&
         !(row.is("", "Namespace") && !json::array_or_empty(json::find(object, {"spec", "finalizers"})).empty());
}

}  // namespace

// In the stored form: status, generation, the kind's own rules.
Status Registry::Impl::prepare_update(Call& call, Json& object, const Json& old) {
  const std::string& sub = call.request.subresource;
  if (sub.empty() && call.stored.has_status && call.stored.subresource("status")) {
    if (auto it = old.find("status"); it != old.end()) object["status"] = *it;
    else object.erase("status");
  }
  return {};
}

Result<api::ObjectPtr> Registry::Impl::modify(Call& call, const Change& change, ModifyMode mode) {
  const std::string key = call.key();
  const std::string& name = call.request.name;
  const bool whole = call.request.subresource.empty();
  for (int attempt = 1;; ++attempt) {
    api::ObjectPtr before = call.collection.find(key);
    if (!before) {
      if (!mode.creates) return not_found(call.row, name);
      if (call.hooks.authorize_create) TRY(call.hooks.authorize_create());
      Json wanted = TRY(change(Json()));
      if (wanted.contains("metadata") && wanted["metadata"].is_object()) {
        wanted["metadata"].erase("resourceVersion");
        wanted["metadata"].erase("uid");
      }
      return TRY(create_object(call, std::move(wanted))).object;
    }
    const Json old_stored = before->json();
    Json old = old_stored;
    from_stored(call.row, old);

    Json object = TRY(change(old));
    const int64_t asked = TRY(given_revision(object));
    const bool conditional = asked != 0;
    if (conditional && asked != before->meta().revision) {
      // A patch carries the revision it was made from: then someone was faster, or the client wants that very one.
      return stale(call.row, name);
    }
    Json& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = Json::object();
    if (std::string given = json::str(metadata, "name"); !given.empty() && given != name)
      return bad_request("the name of the object (" + given + ") does not match the name on the URL (" + name + ")");
    if (std::string given = json::str(metadata, "namespace"); !given.empty() && given != call.request.ns)
      return bad_request("the namespace of the provided object does not match the namespace sent on the request");
    if (std::string uid = json::str(metadata, "uid"); !uid.empty() && uid != before->meta().uid)
      return conflict(call.row, name, "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + before->meta().uid);
    metadata["name"] = name;
    if (call.row.namespaced) metadata["namespace"] = call.request.ns;
    else metadata.erase("namespace");
    keep_server_fields(metadata, old["metadata"]);
    metadata["resourceVersion"] = std::to_string(before->meta().revision);
    if (mode.admit_whole) TRY(admit(call, api::Verb::kUpdate, &object, &old));

    to_stored(call.row, object);
    ServiceAllocator::Reservation reservation(*services, random);
    StrategyContext context{clock, random, call.request.user, reservation};
    if (whole) {
      TRY(prepare_update(call, object, old_stored));
      if (call.strategy.prepare_update) TRY(call.strategy.prepare_update(context, object, old_stored));
    }
    keep_server_fields(object["metadata"], old_stored["metadata"]);
    if (call.strategy.has(kCountsGeneration) && call.request.subresource != "status") {
      int64_t generation = json::integer(old_stored, {"metadata", "generation"});
      if (!same_spec(object, old_stored)) ++generation;
      if (generation > 0) object["metadata"]["generation"] = generation;
    }
    if (call.stored.type) api::fill_always(*call.stored.type, object);
    TRY(check_finalizers(call, object, old_stored));
    TRY(api::validate_update(call.stored, object, old_stored, call.request.subresource));
    if (attempt == 1)
      for (auto& w : api::write_warnings(call.row, object)) call.warnings.push_back(std::move(w));

    const bool ends = is_done_deleting(call.stored, object);
    if (call.request.options.dry_run) {
      object["metadata"]["resourceVersion"] = std::to_string(before->meta().revision);
      return api::Object::from_json(object);
    }
    const int64_t revision = before->meta().revision;
    Result<api::ObjectPtr> done = before;
    if (ends) {
      done = commit_delete(call.collection, key, revision);
    } else {
      // Nothing changed: nothing is written, the revision stays.
      object["metadata"]["resourceVersion"] = std::to_string(revision);
      if (object == old_stored) return before;
      done = commit_put(call.collection, key, revision, object, is_heartbeat(call.stored, object, old_stored));
    }
    if (done) return done;
    if (!done.error().is(Reason::kConflict)) return done.error();
    if (conditional && call.request.verb == api::Verb::kUpdate) return stale(call.row, name);
    if (attempt == kMaxAttempts) return stale(call.row, name);
  }
}

Result<api::Response> Registry::Impl::modify_response(Call& call, const Change& change, ModifyMode mode) {
  const bool existed = !mode.creates || call.collection.find(call.key()) != nullptr;
  api::ObjectPtr object = TRY(modify(call, change, mode));
  if (!existed) return object_response(std::move(object), 201);  // create has converted it
  return object_response(view_as(call.row, object));
}

Result<api::Response> Registry::Impl::update(Call& call) {
  Json wanted = std::move(call.request.body);
  TRY(api::decode(call.row, wanted, call.validation, call.warnings));
  if (json::str(wanted, {"metadata", "name"}).empty())
    return bad_request("the name of the object (" + json::str(wanted, {"metadata", "name"}) +
                       ") does not match the name on the URL (" + call.request.name + ")");
  if (call.strategy.has(kNeedsRevision) && json::str(wanted, {"metadata", "resourceVersion"}).empty() &&
      call.collection.find(call.key())) {
    api::FieldErrors errors;
    errors.invalid("metadata.resourceVersion", 0, "must be specified for an update");
    return errors.to_status(call.row.group, call.row.kind, call.request.name).error();
  }
  api::set_defaults(call.row, wanted);
  return modify_response(call, [&](const Json&) -> Result<Json> { return wanted; },
                         {.admit_whole = true, .creates = call.strategy.has(kCreateOnUpdate)});
}

// The patch applied to `current`, before decoding.
Result<Json> Registry::Impl::patched(const Call& call, const api::Type* type, const Json& current) const {
  switch (call.request.patch_type) {
    case api::PatchType::kJson: return json::apply_json_patch(current, call.request.body);
    case api::PatchType::kMerge:
      if (!call.request.body.is_object()) return bad_request("a merge patch must be an object");
      return json::apply_merge_patch(current, call.request.body);
    case api::PatchType::kStrategic: return api::apply_strategic_merge(type, current, call.request.body);
    case api::PatchType::kApply:
      return Error(Reason::kUnsupportedMediaType, "server-side apply is not supported yet");
    case api::PatchType::kNone: break;
  }
  return bad_request("the request has no patch type");
}

Result<api::Response> Registry::Impl::patch(Call& call) {
  const std::vector<std::string> noticed = call.warnings;
  Change change = [&](const Json& current) -> Result<Json> {
    Json object = TRY(patched(call, call.row.type, current));
    call.warnings = noticed;
    TRY(api::decode(call.row, object, call.validation, call.warnings));
    api::set_defaults(call.row, object);
    // The current revision is in the result of every patch; only one that the patch itself names is a condition.
    bool own = TRY(given_revision(object)) != TRY(given_revision(current));
    if (!own && object.contains("metadata") && object["metadata"].is_object()) object["metadata"].erase("resourceVersion");
    return object;
  };
  return modify_response(call, change, {});
}

}  // namespace skerry::registry
