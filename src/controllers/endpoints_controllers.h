// EndpointSliceController and EndpointsController: the ready pods behind each Service, in both forms.
#pragma once

#include <string>
#include <vector>

#include "controllers/part.h"
#include "controllers/service_selector.h"

namespace skerry::controllers {

// What both have in common: Services, and the pods their selectors match.
class ServicePart : public Part {
 protected:
  ServicePart(Context& context, std::string name);
  // The pods of a Service, decoded.
  std::vector<Json> pods_of(const api::ObjectPtr& service, const Json& value);

 private:
  void on_pod(const api::ObjectPtr& before, const api::ObjectPtr& after);
  ServiceSelectors selectors_;
};

class EndpointSliceController final : public ServicePart {
 public:
  explicit EndpointSliceController(Context& context);
  Result<Outcome> reconcile(const Key& key) override;
};

class EndpointsController final : public ServicePart {
 public:
  explicit EndpointsController(Context& context);
  Result<Outcome> reconcile(const Key& key) override;
};

// Mirrors Endpoints that somebody wrote by hand, for a Service without a selector, into EndpointSlices.
class EndpointMirrorController final : public Part {
 public:
  explicit EndpointMirrorController(Context& context);
  Result<Outcome> reconcile(const Key& key) override;
};

}  // namespace skerry::controllers
