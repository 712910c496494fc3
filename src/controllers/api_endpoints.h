// ApiEndpoints: where the Service "kubernetes" in namespace default leads: the API servers' own addresses, as Endpoints
// and as EndpointSlice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controllers/part.h"

namespace skerry::controllers {

class ApiEndpoints final : public Part {
 public:
  // No addresses: nothing is written.
  ApiEndpoints(Context& context, std::vector<std::string> addresses, uint16_t port);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  Status write(const api::Gvr& gvr, const Json& wanted, std::initializer_list<const char*> fields);

  const std::vector<std::string> addresses_;
  const uint16_t port_;
};

}  // namespace skerry::controllers
