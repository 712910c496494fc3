#include "kubectl/describe/subject.h"

namespace skerry::kubectl {

Result<std::vector<Json>> Subject::list(const Mapping& what, std::string_view in_ns, std::string_view label_selector,
                                        std::string_view field_selector) const {
  ListOptions list_options{std::string(label_selector), std::string(field_selector), options.chunk};
  Json answer = TRY(objects.list(what, in_ns, list_options));
  std::vector<Json> items;
  auto found = answer.find("items");
  if (found == answer.end() || !found->is_array()) return items;
  for (Json& item : *found) items.push_back(std::move(item));
  return items;
}

Mapping pods_mapping() { return mapping_of("v1", "pods", "Pod", true); }
Mapping services_mapping() { return mapping_of("v1", "services", "Service", true); }
Mapping endpoint_slices_mapping() { return mapping_of("discovery.k8s.io/v1", "endpointslices", "EndpointSlice", true); }

}  // namespace skerry::kubectl
