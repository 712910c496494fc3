// create.
#include "api/decode.h"
#include "api/defaults.h"
#include "api/pod.h"
#include "api/validation.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr int kGenerateAttempts = 8;
constexpr size_t kSuffix = 5, kMaxBase = 63 - kSuffix;

// Fields the server alone writes.
void reset_metadata(Json& metadata) {
  for (const char* key : {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields", "generation"})
    metadata.erase(key);
}

}  // namespace

Status Registry::Impl::admit(Call& call, api::Verb operation, Json* object, const Json* old) const {
  if (!call.hooks.admit) return {};
  return call.hooks.admit(operation, object, old);
}

// What NamespaceLifecycle does in Kubernetes: nothing is created outside a namespace or in one that is going away.
Status Registry::Impl::check_namespace(const Call& call, std::string_view name) const {
  if (!call.row.namespaced) return {};
  const std::string& ns = call.request.ns;
  Collection* namespaces = find_collection("namespaces");
  auto object = namespaces ? namespaces->find(ns) : nullptr;
  if (!object) {
    auto row = catalog.find("", "v1", "namespaces");
    return row ? not_found(*row, ns) : Error(Reason::kNotFound, "namespaces \"" + ns + "\" not found");
  }
  if (!object->meta().deleting) return {};
  Error error = forbidden(call.row, name, "unable to create new content in namespace " + ns + " because it is being terminated");
  return with_cause(std::move(error), "NamespaceTerminating", "namespace " + ns + " is being terminated", "metadata.namespace");
}

Result<api::Response> Registry::Impl::create(Call& call) {
  return create_object(call, std::move(call.request.body));
}

// `object` as the client sent it.
Result<api::Response> Registry::Impl::create_object(Call& call, Json object) {
  TRY(api::decode(call.row, object, call.validation, call.warnings));
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (std::string ns = json::str(metadata, "namespace"); !ns.empty() && ns != call.request.ns)
    return bad_request(call.row.namespaced
                           ? "the namespace of the provided object does not match the namespace sent on the request"
                           : "namespace may not be given for a cluster-scoped object");
  if (!json::str(metadata, "resourceVersion").empty())
    return bad_request("resourceVersion should not be set on objects to be created");
  if (call.row.namespaced) metadata["namespace"] = call.request.ns;
  else metadata.erase("namespace");
  if (std::string name = json::str(metadata, "name"); !call.request.name.empty() && name != call.request.name)
    return bad_request("the name of the object (" + name + ") does not match the name on the URL (" + call.request.name + ")");
  TRY(check_namespace(call, json::str(metadata, "name")));
  reset_metadata(metadata);
  metadata["creationTimestamp"] = now();
  api::set_defaults(call.row, object);

  const std::string base = json::str(metadata, "name").empty() ? json::str(metadata, "generateName") : "";
  for (int attempt = 1;; ++attempt) {
    Json made = base.empty() ? std::move(object) : object;
    Json& meta = made["metadata"];
    meta["uid"] = random.uuid();
    if (!base.empty()) meta["name"] = base.substr(0, kMaxBase) + random.name_suffix(kSuffix);
    TRY(admit(call, api::Verb::kCreate, &made, nullptr));

    to_stored(call.row, made);
    ServiceAllocator::Reservation reservation(*services, random);
    StrategyContext context{clock, random, call.request.user, reservation};
    if (call.stored.has_status && !call.strategy.has(kKeepsStatusOnCreate)) made.erase("status");
    if (call.strategy.has(kCountsGeneration)) made["metadata"]["generation"] = 1;
    if (call.strategy.prepare_create) TRY(call.strategy.prepare_create(context, made));
    if (call.stored.type) api::fill_always(*call.stored.type, made);
    TRY(api::validate_create(call.stored, made));
    for (auto& w : api::write_warnings(call.row, made)) call.warnings.push_back(std::move(w));

    const std::string name = json::str(made, {"metadata", "name"});
    const std::string key = api::make_key(call.request.ns, name);
    if (call.collection.find(key)) {
      if (!base.empty() && attempt < kGenerateAttempts) continue;
      return already_exists(call.row, name);
    }
    if (call.request.options.dry_run) return object_response(view_as(call.row, api::Object::from_json(made)), 201);
    auto done = commit_put(call.collection, key, 0, made, false);
    if (done) return object_response(view_as(call.row, *done), 201);
    if (!done.error().is(Reason::kConflict)) return done.error();
    if (base.empty() || attempt == kGenerateAttempts) return already_exists(call.row, name);
  }
}

}  // namespace skerry::registry
