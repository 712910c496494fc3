#include "auth/authorizer.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::auth {

Attributes attributes_of(const api::Request& request) {
  Attributes a;
  a.user = request.user;
  a.verb = std::string(api::verb_name(request.verb));
  a.ns = request.ns;
  a.group = request.gvr.group;
  a.version = request.gvr.version;
  a.resource = request.gvr.resource;
  a.subresource = request.subresource;
  a.name = request.name;
  // A list or watch of one object by its name counts as naming it.
  bool many = request.verb == api::Verb::kList || request.verb == api::Verb::kWatch || request.verb == api::Verb::kDeleteCollection;
  if (many) a.field_selector = request.options.field_selector;
  if (many && a.name.empty()) {
    for (auto part : split(request.options.field_selector, ',')) {
      constexpr std::string_view prefix = "metadata.name=";
      if (!starts_with(part, prefix)) continue;
      part.remove_prefix(prefix.size());
      if (starts_with(part, "=")) part.remove_prefix(1);
      if (is_dns_subdomain(part)) a.name = part;
    }
  }
  // A namespace counts as living in itself, so that roles inside it can speak of it.
  if (a.group.empty() && a.resource == "namespaces") a.ns = a.name;
  return a;
}

bool in_group(const api::UserInfo& user, std::string_view group) {
  return std::find(user.groups.begin(), user.groups.end(), group) != user.groups.end();
}

Decision AuthorizerChain::authorize(const Attributes& attributes) const {
  if (in_group(attributes.user, "system:masters")) return {Decision::Kind::kAllow, ""};
  std::string reasons;
  for (const Authorizer* authorizer : chain_) {
    Decision decision = authorizer->authorize(attributes);
    if (decision.kind != Decision::Kind::kNoOpinion) return decision;
    if (decision.reason.empty()) continue;
    if (!reasons.empty()) reasons += ", ";
    reasons += decision.reason;
  }
  return {Decision::Kind::kNoOpinion, reasons};
}

Error forbidden(const Attributes& a, const std::string& reason) {
  auto quoted = [](const std::string& s) { return "\"" + s + "\""; };
  std::string message;
  auto details = std::make_shared<ErrorDetails>();
  if (a.is_resource()) {
    std::string resource = a.subresource.empty() ? a.resource : a.resource + "/" + a.subresource;
    std::string group_resource = a.group.empty() ? a.resource : a.resource + "." + a.group;
    std::string where = a.ns.empty() ? " at the cluster scope" : " in the namespace " + quoted(a.ns);
    details->name = a.name;
    details->group = a.group;
    details->kind = a.resource;
    message = group_resource + (a.name.empty() ? "" : " " + quoted(a.name)) + " is forbidden: User " + quoted(a.user.name) +
              " cannot " + a.verb + " resource " + quoted(resource) + " in API group " + quoted(a.group) + where;
  } else {
    details->kind = "";
    message = "forbidden: User " + quoted(a.user.name) + " cannot " + a.verb + " path " + quoted(a.path);
  }
  if (!reason.empty()) message += ": " + reason;
  Error error(Reason::kForbidden, message);
  error.details = std::move(details);
  return error;
}

}  // namespace skerry::auth
