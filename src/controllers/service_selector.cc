#include "controllers/service_selector.h"

namespace skerry::controllers {

void ServiceSelectors::on_service(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  const api::Meta& meta = (after ? after : before)->meta();
  std::lock_guard l(mutex_);
  auto& services = by_namespace_[meta.ns];
  services.erase(meta.name);
  if (after) {
    Json service = after->json();
    const Json& selector = json::find(service, {"spec", "selector"});
    if (selector.is_object() && !selector.empty()) services[meta.name] = api::LabelSelector::from_map(selector);
  }
  if (services.empty()) by_namespace_.erase(meta.ns);
}

std::vector<std::string> ServiceSelectors::matching(const std::string& ns, const api::Labels& labels) const {
  std::vector<std::string> keys;
  std::lock_guard l(mutex_);
  auto it = by_namespace_.find(ns);
  if (it == by_namespace_.end()) return keys;
  for (auto& [name, selector] : it->second)
    if (selector.matches(labels)) keys.push_back(api::make_key(ns, name));
  return keys;
}

}  // namespace skerry::controllers
