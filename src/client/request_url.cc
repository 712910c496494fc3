#include "client/request_url.h"

#include "base/strings.h"

namespace skerry::client {
namespace {

class Target {
 public:
  void segment(std::string_view text) { text_ += "/" + url_encode(text); }
  void parameter(std::string_view name, std::string_view value) {
    text_ += has_query_ ? '&' : '?';
    has_query_ = true;
    text_.append(name);
    text_ += '=';
    text_ += url_encode(value);
  }
  void optional(std::string_view name, std::string_view value) {
    if (!value.empty()) parameter(name, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool has_query_ = false;
};

}  // namespace

std::string request_target(const api::Request& r) {
  Target t;
  t.segment(r.gvr.group.empty() ? "api" : "apis");
  if (!r.gvr.group.empty()) t.segment(r.gvr.group);
  t.segment(r.gvr.version);
  // A namespace itself is addressed as /namespaces/<name>, also by those who put its name into `ns`.
  if (!r.ns.empty() && !(r.gvr == api::kNamespaces)) {
    t.segment("namespaces");
    t.segment(r.ns);
  }
  t.segment(r.gvr.resource);
  if (!r.name.empty()) t.segment(r.name);
  if (!r.subresource.empty()) {
    // "proxy/a/b" keeps its slashes.
    for (auto part : split(r.subresource, '/')) t.segment(part);
  }

  const api::Options& o = r.options;
  const bool is_watch = r.verb == api::Verb::kWatch;
  const bool is_collection = is_watch || r.verb == api::Verb::kList || r.verb == api::Verb::kDeleteCollection;
  if (is_watch) t.parameter("watch", "1");
  if (is_collection) {
    t.optional("labelSelector", o.label_selector);
    t.optional("fieldSelector", o.field_selector);
    if (o.limit > 0) t.parameter("limit", std::to_string(o.limit));
    t.optional("continue", o.continue_token);
  }
  if (is_collection || r.verb == api::Verb::kGet) {
    t.optional("resourceVersion", o.resource_version);
    t.optional("resourceVersionMatch", o.resource_version_match);
  }
  if (o.timeout_s > 0) t.parameter("timeoutSeconds", std::to_string(o.timeout_s));
  if (is_watch && o.allow_bookmarks) t.parameter("allowWatchBookmarks", "true");
  if (is_watch && o.send_initial_events) t.parameter("sendInitialEvents", "true");
  if (r.verb == api::Verb::kCreate || r.verb == api::Verb::kUpdate || r.verb == api::Verb::kPatch) {
    if (o.dry_run) t.parameter("dryRun", "All");
    t.optional("fieldManager", o.field_manager);
    t.optional("fieldValidation", o.field_validation);
    if (o.force) t.parameter("force", "true");
  }
  return t.take();
}

std::string_view request_method(api::Verb verb) {
  switch (verb) {
    case api::Verb::kGet:
    case api::Verb::kList:
    case api::Verb::kWatch: return "GET";
    case api::Verb::kCreate: return "POST";
    case api::Verb::kUpdate: return "PUT";
    case api::Verb::kPatch: return "PATCH";
    case api::Verb::kDelete:
    case api::Verb::kDeleteCollection: return "DELETE";
  }
  return "GET";
}

std::string_view content_type(const api::Request& r) {
  switch (r.patch_type) {
    case api::PatchType::kJson: return "application/json-patch+json";
    case api::PatchType::kMerge: return "application/merge-patch+json";
    case api::PatchType::kStrategic: return "application/strategic-merge-patch+json";
    case api::PatchType::kApply: return "application/apply-patch+yaml";
    case api::PatchType::kNone: break;
  }
  return "application/json";
}

std::string request_body(const api::Request& r) {
  if (r.verb == api::Verb::kDelete || r.verb == api::Verb::kDeleteCollection) {
    if (!r.body.is_null()) return json::dump(r.body);
    const api::Options& o = r.options;
    Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
    if (o.grace_period_s) body["gracePeriodSeconds"] = *o.grace_period_s;
    if (!o.propagation_policy.empty()) body["propagationPolicy"] = o.propagation_policy;
    if (!o.precondition_uid.empty()) body["preconditions"]["uid"] = o.precondition_uid;
    if (!o.precondition_revision.empty()) body["preconditions"]["resourceVersion"] = o.precondition_revision;
    if (o.dry_run) body["dryRun"] = Json::array({"All"});
    return json::dump(body);
  }
  return r.body.is_null() ? std::string() : json::dump(r.body);
}

}  // namespace skerry::client
