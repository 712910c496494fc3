#include "apiserver/pipeline.h"

#include "api/decode.h"
#include "api/defaults.h"
#include "base/log.h"

namespace skerry::apiserver {
namespace {

Error not_served() { return Error(Reason::kNotFound, "the server could not find the requested resource"); }

Error wrong_method() {
  return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
}

Error wrong_scope(const api::Resource& row, bool wants_namespace) {
  return Error(Reason::kBadRequest, wants_namespace ? "a namespace must be given for " + std::string(row.plural)
                                                    : "namespace may not be given for " + std::string(row.plural));
}

}  // namespace

Status Pipeline::authorize(const api::Request& request) const {
  auth::Attributes attributes = auth::attributes_of(request);
  auth::Decision decision = p_.authorizer.authorize(attributes);
  if (decision.allowed()) return {};
  return auth::forbidden(attributes, decision.reason);
}

Result<api::ResourcePtr> Pipeline::row_of(const api::Request& request) const {
  api::ResourcePtr row = p_.catalog.find(request.gvr);
  if (!row) return not_served();
  if (!request.subresource.empty()) {
    const api::Subresource* sub = row->subresource(request.subresource);
    if (!sub || request.name.empty()) return not_served();
    if (!sub->allows(request.verb) && sub->extra_verbs.empty()) return wrong_method();
  } else if (!row->allows(request.verb)) {
    return wrong_method();
  }
  if (!row->namespaced && !request.ns.empty()) return wrong_scope(*row, false);
  bool across = request.name.empty() && (request.verb == api::Verb::kList || request.verb == api::Verb::kWatch);
  if (row->namespaced && request.ns.empty() && !across)
    return request.verb == api::Verb::kCreate || request.verb == api::Verb::kDeleteCollection ? Result<api::ResourcePtr>(wrong_method()) : wrong_scope(*row, true);
  return row;
}

Result<api::Response> Pipeline::handle(api::Request request) {
  try {
    TRY(authorize(request));
    api::ResourcePtr row = TRY(row_of(request));
    if (request.subresource == "token" && request.gvr.resource == "serviceaccounts") return issue_token(request);
    if (!row->stored) {
      if (row->is("", "Binding")) return bind_legacy(std::move(request));
      return answer_review(row, request);
    }
    if (request.patch_type == api::PatchType::kApply)
      return Error(Reason::kUnsupportedMediaType, "server-side apply is not supported yet");
    std::vector<std::string> warnings;
    registry::Hooks hooks;
    // The request's body moves into the registry; admission looks at the rest.
    api::Request view = request;
    view.body = nullptr;
    hooks.admit = [&](api::Verb operation, Json* object, const Json* old) {
      warnings.clear();
      return admit(view, operation, object, old, warnings);
    };
    hooks.authorize_create = [&]() {
      api::Request create = view;
      create.verb = api::Verb::kCreate;
      return authorize(create);
    };
    api::Response response = TRY(p_.registry.execute(row, std::move(request), hooks));
    response.warnings.insert(response.warnings.end(), warnings.begin(), warnings.end());
    return response;
  } catch (const std::exception& e) {
    LOG_ERROR("apiserver", "internal error: " << e.what());
    return internal_error(std::string("Internal error occurred: ") + e.what());
  }
}

Status Pipeline::admit(const api::Request& request, api::Verb operation, Json* object, const Json* old,
                       std::vector<std::string>& warnings) const {
  admission::Attempt attempt{request, operation, object, old, {}};
  TRY(p_.admission.run(attempt));
  warnings = std::move(attempt.warnings);
  if (object && request.subresource.empty())
    TRY(p_.rbac.check_write(request, *object, old ? *old : Json(), p_.authorizer));
  return {};
}

// POST .../bindings is POST .../pods/<name>/binding by its older address.
Result<api::Response> Pipeline::bind_legacy(api::Request request) {
  request.name = json::str(request.body, {"metadata", "name"});
  if (request.name.empty()) return Error(Reason::kBadRequest, "name is required");
  request.gvr = api::kPods;
  request.subresource = "binding";
  TRY(authorize(request));
  api::ResourcePtr row = TRY(row_of(request));
  return p_.registry.execute(row, std::move(request), {});
}

Result<std::unique_ptr<registry::WatchStream>> Pipeline::watch(const api::Request& request, std::function<void()> wake) {
  TRY(authorize(request));
  api::ResourcePtr row = TRY(row_of(request));
  if (!row->stored) return wrong_method();
  return p_.registry.watch(row, request, std::move(wake));
}

}  // namespace skerry::apiserver
