// Subresources that are stored state: status, scale, binding, ephemeralcontainers, finalize, approval.
#include <algorithm>

#include "api/defaults.h"
#include "api/field_errors.h"
#include "api/selector.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

// `object` with only the parts of `wanted` that the subresource may write.
using Merge = void (*)(const api::Resource& row, Json& object, const Json& wanted);

// What a status update may change besides the status: of metadata everything but what Kubernetes' strategies keep.
void merge_metadata(const api::Resource& row, Json& object, const Json& wanted) {
  if (row.custom) return;
  Json metadata = json::object_or_empty(json::find(wanted, "metadata"));
  const Json& old = object["metadata"];
  auto keep = [&](const char* key) {
    if (old.contains(key)) metadata[key] = old[key];
    else metadata.erase(key);
  };
  keep("ownerReferences");
  if (row.group == "apps" || row.group == "batch") keep("labels");
  object["metadata"] = std::move(metadata);
}

void take(Json& object, const Json& wanted, const char* key) {
  if (wanted.contains(key)) object[key] = wanted[key];
  else object.erase(key);
}

void merge_status(const api::Resource& row, Json& object, const Json& wanted) {
  merge_metadata(row, object, wanted);
  // A CSR's certificate comes through status, its conditions through approval.
  if (row.is("certificates.k8s.io", "CertificateSigningRequest")) {
    Json conditions = Json::array();
    for (const Json& c : json::array_or_empty(json::find(object, {"status", "conditions"}))) conditions.push_back(c);
    for (const Json& c : json::array_or_empty(json::find(wanted, {"status", "conditions"}))) {
      std::string type = json::str(c, "type");
      if (type != "Approved" && type != "Denied" &&
          std::find(conditions.begin(), conditions.end(), c) == conditions.end())
        conditions.push_back(c);
    }
    take(object, wanted, "status");
    if (!conditions.empty()) object["status"]["conditions"] = std::move(conditions);
    return;
  }
  take(object, wanted, "status");
}

void merge_ephemeral(const api::Resource&, Json& object, const Json& wanted) {
  const Json& list = json::find(wanted, {"spec", "ephemeralContainers"});
  if (list.is_array() && !list.empty()) object["spec"]["ephemeralContainers"] = list;
  else object["spec"].erase("ephemeralContainers");
}

void merge_finalize(const api::Resource&, Json& object, const Json& wanted) {
  Json& spec = object["spec"];
  if (!spec.is_object()) spec = Json::object();
  const Json& list = json::find(wanted, {"spec", "finalizers"});
  if (list.is_array() && !list.empty()) spec["finalizers"] = list;
  else spec.erase("finalizers");
}

void merge_approval(const api::Resource& row, Json& object, const Json& wanted) {
  merge_metadata(row, object, wanted);
  Json& status = object["status"];
  if (!status.is_object()) status = Json::object();
  const Json& conditions = json::find(wanted, {"status", "conditions"});
  if (conditions.is_array()) status["conditions"] = conditions;
}

Merge merge_of(std::string_view subresource) {
  if (subresource == "status") return merge_status;
  if (subresource == "ephemeralcontainers") return merge_ephemeral;
  if (subresource == "finalize") return merge_finalize;
  if (subresource == "approval") return merge_approval;
  return nullptr;
}

std::string selector_text(const api::Resource& row, const Json& object) {
  const Json& selector = json::find(object, {"spec", "selector"});
  if (row.is("", "ReplicationController")) return api::LabelSelector::from_map(selector).to_string();
  auto parsed = api::LabelSelector::from_json(selector);
  return parsed ? parsed->to_string() : "";
}

Json scale_of(const api::Resource& row, const Json& object) {
  Json metadata;
  for (const char* key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (auto it = object["metadata"].find(key); it != object["metadata"].end()) metadata[key] = *it;
  Json spec = Json::object();
  if (int64_t replicas = json::integer(object, {"spec", "replicas"}); replicas != 0) spec["replicas"] = replicas;
  Json status = {{"replicas", json::integer(object, {"status", "replicas"})}};
  if (std::string selector = selector_text(row, object); !selector.empty()) status["selector"] = selector;
  return {{"apiVersion", "autoscaling/v1"}, {"kind", "Scale"}, {"metadata", metadata}, {"spec", spec}, {"status", status}};
}

Json* find_pod_condition(Json& pod, std::string_view type) {
  Json& conditions = pod["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  for (Json& c : conditions)
    if (json::str(c, "type") == type) return &c;
  return nullptr;
}

}  // namespace

Result<api::Response> Registry::Impl::subresource(Call& call) {
  const std::string& name = call.request.subresource;
  const api::Verb verb = call.request.verb;
  const bool writes = verb == api::Verb::kUpdate || verb == api::Verb::kPatch;
  if (name == "scale" && (writes || verb == api::Verb::kGet)) return scale(call);
  if (call.row.is("", "Pod") && verb == api::Verb::kCreate) {
    if (name == "binding") return bind_pod(call);
    if (name == "eviction") return evict(call);
  }
  if (name == "resize")
    return Error(Reason::kNotImplemented, "resizing the containers of a running pod is not supported yet");
  Merge merge = merge_of(name);
  if (!merge || !(writes || verb == api::Verb::kGet))
    return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  if (verb == api::Verb::kGet) return get(call);

  const std::vector<std::string> noticed = call.warnings;
  Json body;
  if (verb == api::Verb::kUpdate) {
    body = std::move(call.request.body);
    TRY(api::decode(call.row, body, call.validation, call.warnings));
    api::set_defaults(call.row, body);
  }
  Change change = [&](const Json& current) -> Result<Json> {
    Json wanted = body;
    bool conditional = true;
    if (verb == api::Verb::kPatch) {
      wanted = TRY(patched(call, call.row.type, current));
      call.warnings = noticed;
      TRY(api::decode(call.row, wanted, call.validation, call.warnings));
      api::set_defaults(call.row, wanted);
      conditional = TRY(given_revision(wanted)) != TRY(given_revision(current));
    }
    // The metadata that names and conditions the request is the client's in every case.
    Json object = current;
    merge(call.stored, object, wanted);
    for (const char* key : {"name", "namespace", "uid", "resourceVersion"}) {
      const Json& given = json::find(wanted, {"metadata", key});
      if (given.is_string()) object["metadata"][key] = given;
      else object["metadata"].erase(key);
    }
    if (!conditional) object["metadata"].erase("resourceVersion");
    return object;
  };
  return modify_response(call, change, {});
}

Result<api::Response> Registry::Impl::scale(Call& call) {
  if (call.row.custom)
    return Error(Reason::kNotImplemented, "the scale subresource of custom resources is not supported yet");
  const api::Subresource* sub = call.row.subresource("scale");
  if (call.request.verb == api::Verb::kGet) {
    auto object = call.collection.find(call.key());
    if (!object) return not_found(call.row, call.request.name);
    return object_response(api::Object::from_json(scale_of(call.stored, object->json())));
  }
  Json body;
  if (call.request.verb == api::Verb::kUpdate) {
    body = std::move(call.request.body);
    TRY(api::decode(sub ? sub->type : nullptr, "autoscaling/v1", "Scale", body, call.validation, call.warnings));
  }
  Change change = [&](const Json& current) -> Result<Json> {
    const Json was = scale_of(call.stored, current);
    Json wanted = body;
    bool conditional = true;
    if (call.request.verb == api::Verb::kPatch) {
      wanted = TRY(patched(call, sub ? sub->type : nullptr, was));
      TRY(api::decode(sub ? sub->type : nullptr, "autoscaling/v1", "Scale", wanted, call.validation, call.warnings));
      conditional = TRY(given_revision(wanted)) != TRY(given_revision(was));
    }
    if (std::string name = json::str(wanted, {"metadata", "name"}); !name.empty() && name != call.request.name)
      return bad_request("the name of the object (" + name + ") does not match the name on the URL (" + call.request.name + ")");
    TRY(admit(call, api::Verb::kUpdate, &wanted, &was));
    int64_t replicas = json::integer(wanted, {"spec", "replicas"});
    if (replicas < 0) {
      api::FieldErrors errors;
      errors.invalid("spec.replicas", replicas, "must be greater than or equal to 0");
      return errors.to_status("autoscaling", "Scale", call.request.name).error();
    }
    Json object = current;
    object["spec"]["replicas"] = replicas;
    object["metadata"].erase("resourceVersion");
    if (std::string revision = json::str(wanted, {"metadata", "resourceVersion"}); conditional && !revision.empty())
      object["metadata"]["resourceVersion"] = revision;
    return object;
  };
  api::ObjectPtr object = TRY(modify(call, change, {.admit_whole = false, .creates = false}));
  return object_response(api::Object::from_json(scale_of(call.stored, object->json())));
}

// POST pods/<name>/binding: the scheduler's decision.
Result<api::Response> Registry::Impl::bind_pod(Call& call) {
  const Json body = std::move(call.request.body);
  const std::string& name = call.request.name;
  const std::string node = json::str(body, {"target", "name"});
  auto binding_conflict = [&](const std::string& why) {
    Error error = conflict(call.row, name, why);
    error.message = "Operation cannot be fulfilled on pods/binding \"" + name + "\": " + why;
    return error;
  };
  if (std::string given = json::str(body, {"metadata", "name"}); !given.empty() && given != name)
    return bad_request("name in URL does not match name in Binding object");
  if (std::string kind = json::str(body, {"target", "kind"}); !kind.empty() && kind != "Node") {
    api::FieldErrors errors;
    errors.not_supported("target.kind", kind, {"Node", "<empty>"});
    return errors.to_status("", "Binding", name).error();
  }
  if (node.empty()) {
    api::FieldErrors errors;
    errors.required("target.name");
    return errors.to_status("", "Binding", name).error();
  }
  Json admitted = body;
  TRY(admit(call, api::Verb::kCreate, &admitted, nullptr));
  const std::string uid = json::str(body, {"metadata", "uid"});
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto before = call.collection.find(call.key());
    if (!before) return not_found(call.row, name);
    if (!uid.empty() && uid != before->meta().uid)
      return binding_conflict("Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + before->meta().uid);
    if (before->meta().deleting) return binding_conflict("pod " + name + " is being deleted, cannot be assigned to a host");
    Json pod = before->json();
    if (std::string current = json::str(pod, {"spec", "nodeName"}); !current.empty())
      return binding_conflict("pod " + name + " is already assigned to node \"" + current + "\"");
    if (!json::array_or_empty(json::find(pod, {"spec", "schedulingGates"})).empty())
      return binding_conflict("pod " + name + " has non-empty .spec.schedulingGates");
    pod["spec"]["nodeName"] = node;
    const Json annotations = json::object_or_empty(json::find(body, {"metadata", "annotations"}));
    for (const auto& [key, value] : annotations.items()) pod["metadata"]["annotations"][key] = value;
    const Json labels = json::object_or_empty(json::find(body, {"metadata", "labels"}));
    for (const auto& [key, value] : labels.items())
      if (key.starts_with("topology.kubernetes.io/")) pod["metadata"]["labels"][key] = value;
    Json scheduled = {{"type", "PodScheduled"}, {"status", "True"}, {"lastProbeTime", nullptr}, {"lastTransitionTime", now()}};
    if (int64_t generation = before->meta().generation; generation > 0) {
      pod["metadata"]["generation"] = generation + 1;
      scheduled["observedGeneration"] = generation + 1;
    }
    if (Json* condition = find_pod_condition(pod, "PodScheduled")) *condition = scheduled;
    else pod["status"]["conditions"].push_back(scheduled);
    if (!call.request.options.dry_run) {
      auto done = commit_put(call.collection, call.key(), before->meta().revision, pod, false);
      if (!done && done.error().is(Reason::kConflict)) continue;
      if (!done) return done.error();
    }
    return object_response(api::Object::from_json(api::success_status_json({})), 201);
  }
  return stale(call.row, name);
}

}  // namespace skerry::registry
