// Kinds that are answered and never stored: access reviews, token reviews, who am I, component statuses.
#include "api/decode.h"
#include "api/defaults.h"
#include "apiserver/pipeline.h"
#include "auth/node_authorizer.h"

namespace skerry::apiserver {
namespace {

Json user_json(const api::UserInfo& user) {
  Json out = {{"username", user.name}};
  if (!user.uid.empty()) out["uid"] = user.uid;
  if (!user.groups.empty()) out["groups"] = user.groups;
  if (!user.extra.empty()) out["extra"] = user.extra;
  return out;
}

std::vector<std::string> strings(const Json& value) {
  std::vector<std::string> out;
  for (const auto& v : json::array_or_empty(value))
    if (v.is_string()) out.push_back(v.get<std::string>());
  return out;
}

// Of a SubjectAccessReview's spec.
api::UserInfo user_of_spec(const Json& spec) {
  api::UserInfo user;
  user.name = json::str(spec, "user");
  user.uid = json::str(spec, "uid");
  user.groups = strings(json::find(spec, "groups"));
  for (const auto& [key, values] : json::object_or_empty(json::find(spec, "extra")).items()) user.extra[key] = strings(values);
  return user;
}

Error invalid(const api::Resource& row, const std::string& field, const std::string& reason, const std::string& message) {
  Error error(Reason::kInvalid, row.group_kind() + " \"\" is invalid: " + field + ": " + message);
  auto details = std::make_shared<ErrorDetails>();
  details->group = row.group;
  details->kind = row.kind;
  details->causes.push_back({reason, message, field});
  error.details = std::move(details);
  return error;
}

api::Response created(const Json& object) { return {201, api::Object::from_json(object), nullptr, {}}; }

}  // namespace

Json Pipeline::review_access(const api::UserInfo& user, const Json& spec) const {
  auth::Attributes a;
  a.user = user;
  if (const Json& r = json::find(spec, "resourceAttributes"); r.is_object()) {
    a.verb = json::str(r, "verb");
    a.ns = json::str(r, "namespace");
    a.group = json::str(r, "group");
    a.version = json::str(r, "version");
    a.resource = json::str(r, "resource");
    a.subresource = json::str(r, "subresource");
    a.name = json::str(r, "name");
  } else {
    const Json& n = json::find(spec, "nonResourceAttributes");
    a.verb = json::str(n, "verb");
    a.path = json::str(n, "path", "/");
  }
  auth::Decision decision = p_.authorizer.authorize(a);
  Json status = {{"allowed", decision.allowed()}};
  if (decision.kind == auth::Decision::Kind::kDeny) status["denied"] = true;
  if (!decision.reason.empty()) status["reason"] = decision.reason;
  return status;
}

Json Pipeline::review_rules(const api::UserInfo& user, const std::string& ns) const {
  Json resource_rules = Json::array(), url_rules = Json::array();
  std::vector<auth::PolicyRule> rules = p_.rbac.rules_for(user, ns);
  if (auth::in_group(user, "system:masters")) {
    rules.insert(rules.begin(), {{"*"}, {}, {}, {}, {"*"}});
    rules.insert(rules.begin(), {{"*"}, {"*"}, {"*"}, {}, {}});
  }
  for (const auto& rule : rules) (rule.non_resource_urls.empty() ? resource_rules : url_rules).push_back(auth::rule_json(rule));
  Json status = {{"resourceRules", resource_rules}, {"nonResourceRules", url_rules}, {"incomplete", false}};
  if (!auth::node_of(user).empty()) {
    status["incomplete"] = true;
    status["evaluationError"] = "node authorizer does not support user rule resolution";
  }
  return status;
}

Json Pipeline::review_token(const Json& spec) const {
  auto claims = p_.tokens.authenticate(json::str(spec, "token"), strings(json::find(spec, "audiences")));
  if (!claims) return {{"authenticated", false}, {"error", claims.error().message}, {"user", Json::object()}};
  return {{"authenticated", true}, {"user", user_json(claims->user())}, {"audiences", claims->audiences}};
}

Result<api::Response> Pipeline::answer_review(const api::ResourcePtr& row, api::Request& request) {
  if (row->is("", "ComponentStatus")) {
    // Nothing reports here any more; an empty list is what is true.
    if (request.verb == api::Verb::kList) {
      auto list = std::make_shared<api::List>();
      list->revision = p_.registry.revision();
      return api::Response{200, nullptr, list, {}};
    }
    return Error(Reason::kNotFound, "componentstatuses \"" + request.name + "\" not found");
  }
  if (request.verb != api::Verb::kCreate)
    return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  Json body = std::move(request.body);
  std::vector<std::string> warnings = request.body_warnings;
  auto validation = TRY(api::parse_field_validation(request.options.field_validation));
  TRY(api::decode(*row, body, validation, warnings));
  const Json spec = json::find(body, "spec");
  bool names_resource = json::find(spec, "resourceAttributes").is_object();
  bool names_path = json::find(spec, "nonResourceAttributes").is_object();
  bool is_access = row->plural == "subjectaccessreviews" || row->plural == "localsubjectaccessreviews" || row->plural == "selfsubjectaccessreviews";
  if (is_access && names_resource == names_path)
    return invalid(*row, "spec.resourceAttributes", "FieldValueInvalid",
                   names_path ? "Invalid value: cannot be specified in combination with nonResourceAttributes"
                              : "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified");

  if (row->plural == "selfsubjectaccessreviews") {
    body["status"] = review_access(request.user, spec);
  } else if (row->plural == "subjectaccessreviews" || row->plural == "localsubjectaccessreviews") {
    if (json::str(spec, "user").empty() && strings(json::find(spec, "groups")).empty())
      return invalid(*row, "spec.user", "FieldValueInvalid", "Invalid value: \"\": at least one of user or group must be specified");
    if (row->plural == "localsubjectaccessreviews" &&
        (!names_resource || json::str(spec, {"resourceAttributes", "namespace"}) != request.ns))
      return invalid(*row, "spec.resourceAttributes.namespace", "FieldValueInvalid", "Invalid value: must match metadata.namespace");
    body["status"] = review_access(user_of_spec(spec), spec);
  } else if (row->plural == "selfsubjectrulesreviews") {
    if (json::str(spec, "namespace").empty()) return Error(Reason::kBadRequest, "no namespace on request");
    body["status"] = review_rules(request.user, json::str(spec, "namespace"));
  } else if (row->plural == "selfsubjectreviews") {
    body["status"] = {{"userInfo", user_json(request.user)}};
  } else if (row->plural == "tokenreviews") {
    if (json::str(spec, "token").empty()) return Error(Reason::kBadRequest, "token is required for TokenReview in authentication");
    body["status"] = review_token(spec);
  } else {
    return Error(Reason::kNotImplemented, row->group_resource() + " is not answered yet");
  }
  if (row->type) api::fill_always(*row->type, body);
  api::Response response = created(body);
  response.warnings = std::move(warnings);
  return response;
}

}  // namespace skerry::apiserver
