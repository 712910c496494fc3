// NodeIpam: gives each node its range of pod addresses, spec.podCIDR, out of the cluster's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "controllers/part.h"

namespace skerry::controllers {

// An IPv4 range cut into equal parts: 10.42.0.0/16 into /24.
class CidrParts {
 public:
  static Result<CidrParts> parse(const std::string& cidr, int part_bits);
  uint32_t size() const { return count_; }
  std::string part(uint32_t index) const;  // "10.42.7.0/24"
  // Nothing if the range is not one of the parts.
  std::optional<uint32_t> index_of(const std::string& cidr) const;

 private:
  uint32_t base_ = 0, count_ = 0;
  int part_bits_ = 24;
};

class NodeIpam final : public Part {
 public:
  NodeIpam(Context& context, CidrParts parts);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  const CidrParts parts_;
  client::EventRecorder events_;
  std::map<std::string, uint32_t> given_;  // by node; may not be in the cache yet. Used by one reconcile at a time
};

}  // namespace skerry::controllers
