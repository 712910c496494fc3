#include "admission/plugin.h"

#include "admission/plugins.h"

namespace skerry::admission {

std::string Attempt::name() const {
  if (!request.name.empty()) return request.name;
  if (object) return json::str(*object, {"metadata", "name"});
  return existing ? json::str(*existing, {"metadata", "name"}) : "";
}

Status Chain::run(Attempt& attempt) const {
  if (attempt.object)
    for (const auto& plugin : plugins_) TRY(plugin->mutate(attempt));
  for (const auto& plugin : plugins_) TRY(plugin->validate(attempt));
  return {};
}

Error refuse(const Attempt& attempt, const std::string& why) {
  const auto& gvr = attempt.request.gvr;
  std::string name = attempt.name();
  Error error(Reason::kForbidden, gvr.group_resource() + " \"" + name + "\" is forbidden: " + why);
  auto details = std::make_shared<ErrorDetails>();
  details->name = name;
  details->group = gvr.group;
  details->kind = gvr.resource;
  error.details = std::move(details);
  return error;
}

Chain make_default_chain(const Reader& reader, Random& random) {
  Chain chain;
  chain.add(make_namespace_lifecycle(reader));
  chain.add(make_service_account(reader, random));
  chain.add(make_node_restriction(reader));
  chain.add(make_taint_nodes_by_condition());
  chain.add(make_priority(reader));
  chain.add(make_default_toleration_seconds());
  chain.add(make_runtime_class(reader));
  return chain;
}

}  // namespace skerry::admission
