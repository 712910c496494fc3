#include "network/address_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "base/strings.h"

namespace skerry::network {

Result<AddressPool> AddressPool::open(const std::string& path, const Cidr& range) {
  if (range.bits > 30) return Error(Reason::kInvalid, "a pod network needs at least a /30");
  AddressPool pool;
  pool.path_ = path;
  pool.first_ = (range.address & range.mask()) + 1;
  pool.last_ = (range.address | ~range.mask()) - 1;
  pool.next_ = pool.first_ + 1;
  std::ifstream in(path);
  std::string line;
  // "<pod uid> <address>"; lines of another range (the node's has changed) are dropped.
  while (std::getline(in, line)) {
    size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    auto ip = parse_ipv4(line.substr(space + 1));
    if (!ip || *ip <= pool.first_ || *ip > pool.last_) continue;
    pool.taken_[line.substr(0, space)] = *ip;
    if (*ip >= pool.next_) pool.next_ = *ip + 1;
  }
  return pool;
}

Result<uint32_t> AddressPool::take(const std::string& pod_uid) {
  if (auto it = taken_.find(pod_uid); it != taken_.end()) return it->second;
  std::set<uint32_t> used;
  for (auto& [uid, ip] : taken_) used.insert(ip);
  uint32_t count = last_ - first_;
  for (uint32_t i = 0; i < count; ++i) {
    if (next_ > last_ || next_ <= first_) next_ = first_ + 1;
    uint32_t candidate = next_++;
    if (used.contains(candidate)) continue;
    taken_[pod_uid] = candidate;
    auto saved = save();
    if (!saved) {
      taken_.erase(pod_uid);
      return saved.error();
    }
    return candidate;
  }
  return Error(Reason::kTooManyRequests, "no address is left in the pod network of this node");
}

Status AddressPool::release(const std::string& pod_uid) {
  return taken_.erase(pod_uid) > 0 ? save() : Status();
}

Status AddressPool::retain(const std::vector<std::string>& pod_uids) {
  std::set<std::string> keep(pod_uids.begin(), pod_uids.end());
  return std::erase_if(taken_, [&](auto& e) { return !keep.contains(e.first); }) > 0 ? save() : Status();
}

Status AddressPool::save() const {
  // Not synced: after a power cut the pods are gone as well, and with them the need for the same address.
  std::string text;
  for (auto& [uid, ip] : taken_) text += uid + " " + format_ipv4(ip) + "\n";
  std::string temporary = path_ + ".new";
  int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("open " + temporary, errno);
  bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  int err = errno;
  ::close(fd);
  if (!written) return errno_error("write " + temporary, err);
  if (::rename(temporary.c_str(), path_.c_str()) != 0) return errno_error("rename " + temporary, errno);
  return {};
}

}  // namespace skerry::network
