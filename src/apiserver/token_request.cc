// serviceaccounts/<name>/token: a TokenRequest becomes a signed token.
#include "api/decode.h"
#include "apiserver/pipeline.h"

namespace skerry::apiserver {
namespace {

constexpr int64_t kDefaultSeconds = 3600;
constexpr int64_t kMinSeconds = 600;
constexpr int64_t kMaxSeconds = int64_t{1} << 32;

Error not_found(const char* resource, const std::string& name) {
  Error error(Reason::kNotFound, std::string(resource) + " \"" + name + "\" not found");
  auto details = std::make_shared<ErrorDetails>();
  details->name = name;
  details->kind = resource;
  error.details = std::move(details);
  return error;
}

Error invalid(const std::string& field, int64_t value, const std::string& message) {
  std::string text = "Invalid value: " + std::to_string(value) + ": " + message;
  Error error(Reason::kInvalid, "TokenRequest.authentication.k8s.io \"\" is invalid: " + field + ": " + text);
  auto details = std::make_shared<ErrorDetails>();
  details->group = "authentication.k8s.io";
  details->kind = "TokenRequest";
  details->causes.push_back({"FieldValueInvalid", text, field});
  error.details = std::move(details);
  return error;
}

}  // namespace

Result<api::Response> Pipeline::issue_token(api::Request& request) {
  if (request.verb != api::Verb::kCreate)
    return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  auto account = p_.registry.find(api::kServiceAccounts, request.ns, request.name);
  if (!account) return not_found("serviceaccounts", request.name);

  api::ResourcePtr row = p_.catalog.find(request.gvr);
  const api::Subresource* sub = row->subresource("token");
  Json body = request.body.is_null() ? Json::object() : std::move(request.body);
  std::vector<std::string> warnings = request.body_warnings;
  auto validation = TRY(api::parse_field_validation(request.options.field_validation));
  TRY(api::decode(sub->type, sub->version, sub->kind, body, validation, warnings));
  Json& spec = body["spec"];
  if (!spec.is_object()) spec = Json::object();
  int64_t seconds = json::integer(spec, "expirationSeconds", kDefaultSeconds);
  if (seconds < kMinSeconds) return invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes");
  if (seconds > kMaxSeconds) return invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds");
  spec["expirationSeconds"] = seconds;
  if (json::array_or_empty(json::find(spec, "audiences")).empty()) spec["audiences"] = Json::array({p_.signer.issuer()});
  TRY(admit(request, api::Verb::kCreate, &body, nullptr, warnings));

  auth::ServiceAccountClaims claims;
  claims.ns = request.ns;
  claims.name = request.name;
  claims.uid = account->meta().uid;
  claims.id = p_.random.uuid();
  for (const auto& audience : json::array_or_empty(json::find(spec, "audiences")))
    if (audience.is_string()) claims.audiences.push_back(audience.get<std::string>());
  const Json ref = json::find(spec, "boundObjectRef");
  if (ref.is_object()) {
    const std::string kind = json::str(ref, "kind"), name = json::str(ref, "name"), uid = json::str(ref, "uid");
    bool is_pod = kind == "Pod", is_node = kind == "Node";
    if (!is_pod && !is_node && kind != "Secret")
      return Error(Reason::kBadRequest, "cannot bind token for serviceaccount \"" + request.name + "\" to object of type /v1, Kind=" + kind);
    const api::Gvr gvr = is_pod ? api::kPods : is_node ? api::kNodes : api::kSecrets;
    auto object = p_.registry.find(gvr, is_node ? "" : request.ns, name);
    if (!object) return not_found(gvr.resource.c_str(), name);
    if (!uid.empty() && object->meta().uid != uid)
      return Error(Reason::kConflict, "Operation cannot be fulfilled on " + gvr.resource + " \"" + name +
                                          "\": the UID in the bound object reference (" + uid +
                                          ") does not match the UID in record. The object might have been deleted and then recreated");
    (is_pod ? claims.pod_name : is_node ? claims.node_name : claims.secret_name) = name;
    (is_pod ? claims.pod_uid : is_node ? claims.node_uid : claims.secret_uid) = object->meta().uid;
    if (is_pod) {
      const Json pod = object->json();
      if (json::str(pod, {"spec", "serviceAccountName"}) != request.name)
        return Error(Reason::kBadRequest, "cannot bind token for serviceaccount \"" + request.name + "\" to pod running with different serviceaccount name.");
      claims.node_name = json::str(pod, {"spec", "nodeName"});
      if (auto node = claims.node_name.empty() ? nullptr : p_.registry.find(api::kNodes, "", claims.node_name)) claims.node_uid = node->meta().uid;
    }
  }
  auto now = std::chrono::floor<std::chrono::seconds>(p_.clock.now());
  claims.issued_at = now.time_since_epoch().count();
  claims.expires_at = claims.issued_at + seconds;
  Json& meta = body["metadata"];
  if (!meta.is_object()) meta = Json::object();
  meta["name"] = request.name;
  meta["namespace"] = request.ns;
  meta["creationTimestamp"] = format_rfc3339(now);
  body["status"] = {{"expirationTimestamp", format_rfc3339(now + std::chrono::seconds(seconds))},
                    {"token", request.options.dry_run ? std::string() : TRY(p_.signer.sign(claims))}};
  api::Response response;
  response.code = 201;
  response.object = api::Object::from_json(body);
  response.warnings = std::move(warnings);
  return response;
}

}  // namespace skerry::apiserver
