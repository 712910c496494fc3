// AddressPool: which pod has which address of this node's range. Kept in one small file, replaced atomically.
//
// Addresses are handed out in turn, so that one that was just freed is not used again soon. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "network/links.h"

namespace skerry::network {

class AddressPool {
 public:
  // The first address of the range is the bridge's; the network and broadcast addresses are never given out.
  static Result<AddressPool> open(const std::string& path, const Cidr& range);

  // The pod's address, the same one again. TooManyRequests when all are taken.
  Result<uint32_t> take(const std::string& pod_uid);
  Status release(const std::string& pod_uid);
  Status retain(const std::vector<std::string>& pod_uids);
  const std::map<std::string, uint32_t>& taken() const { return taken_; }
  uint32_t gateway() const { return first_ ; }

 private:
  Status save() const;
  std::string path_;
  uint32_t first_ = 0, last_ = 0, next_ = 0;
  std::map<std::string, uint32_t> taken_;
};

}  // namespace skerry::network
