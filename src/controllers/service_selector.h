// ServiceSelectors: which Services a pod belongs to, kept from the Services' cache so that a changed pod finds them
// without reading every Service.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/object.h"
#include "api/selector.h"

namespace skerry::controllers {

class ServiceSelectors {
 public:
  // A cache handler.
  void on_service(const api::ObjectPtr& before, const api::ObjectPtr& after);
  // Keys of the Services of that namespace whose selectors match the labels.
  std::vector<std::string> matching(const std::string& ns, const api::Labels& labels) const;

 private:
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::map<std::string, api::LabelSelector>> by_namespace_;  // only Services with a selector
};

}  // namespace skerry::controllers
