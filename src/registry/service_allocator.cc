#include "registry/service_allocator.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/strings.h"

namespace skerry::registry {
namespace {

std::optional<uint32_t> parse_ip(const std::string& text) {
  in_addr addr;
  if (inet_pton(AF_INET, text.c_str(), &addr) != 1) return std::nullopt;
  return ntohl(addr.s_addr);
}

std::string format_ip(uint32_t ip) {
  in_addr addr{htonl(ip)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &addr, text, sizeof text);
}

// What a Service holds.
std::set<uint32_t> ips_of(const Json& service) {
  std::set<uint32_t> ips;
  const Json& spec = json::find(service, "spec");
  if (json::str(spec, "type") == "ExternalName") return ips;
  for (const Json& ip : json::array_or_empty(json::find(spec, "clusterIPs")))
    if (ip.is_string())
      if (auto parsed = parse_ip(ip)) ips.insert(*parsed);
  if (auto parsed = parse_ip(json::str(spec, "clusterIP"))) ips.insert(*parsed);
  return ips;
}

std::set<int> ports_of(const Json& service) {
  std::set<int> ports;
  const Json& spec = json::find(service, "spec");
  for (const Json& port : json::array_or_empty(json::find(spec, "ports")))
    if (int64_t p = json::integer(port, "nodePort"); p != 0) ports.insert(static_cast<int>(p));
  if (int64_t p = json::integer(spec, "healthCheckNodePort"); p != 0) ports.insert(static_cast<int>(p));
  return ports;
}

}  // namespace

Result<std::unique_ptr<ServiceAllocator>> ServiceAllocator::make(const std::string& cidr, int first_port, int last_port) {
  size_t slash = cidr.find('/');
  auto base = parse_ip(cidr.substr(0, slash));
  auto prefix = slash == std::string::npos ? std::nullopt : parse_int(std::string_view(cidr).substr(slash + 1));
  if (!base || !prefix || *prefix < 8 || *prefix > 29)
    return Error(Reason::kBadRequest, "the service network must be an IPv4 network between /8 and /29, not \"" + cidr + "\"");
  if (first_port < 1 || last_port > 65535 || first_port > last_port)
    return Error(Reason::kBadRequest, "the node port range is empty or outside 1-65535");
  uint32_t mask = ~uint32_t{0} << (32 - *prefix);
  return std::unique_ptr<ServiceAllocator>(
      new ServiceAllocator(*base & mask, static_cast<int>(*prefix), first_port, last_port));
}

std::string ServiceAllocator::cidr() const { return format_ip(base_) + "/" + std::to_string(prefix_); }

template <class K>
bool ServiceAllocator::reserve(std::map<K, Use>& uses, K key, const std::string& owner) {
  Use& use = uses[key];
  if (use.owner.empty()) use.owner = owner;
  if (use.owner != owner) return false;
  ++use.pending;
  return true;
}

template <class K>
void ServiceAllocator::release(std::map<K, Use>& uses, K key) {
  auto it = uses.find(key);
  if (it == uses.end()) return;
  if (--it->second.pending == 0 && !it->second.held) uses.erase(it);
}

template <class K>
void ServiceAllocator::change_held(std::map<K, Use>& uses, const std::set<K>& before, const std::set<K>& after,
                                   const std::string& owner) {
  for (K key : before) {
    auto it = uses.find(key);
    if (after.contains(key) || it == uses.end() || it->second.owner != owner) continue;
    it->second.held = false;
    if (it->second.pending == 0) uses.erase(it);
  }
  for (K key : after) {
    Use& use = uses[key];
    if (use.owner.empty()) use.owner = owner;
    if (use.owner == owner) use.held = true;
  }
}

void ServiceAllocator::on_event(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  Json was = before ? before->json() : Json(), is = after ? after->json() : Json();
  std::string owner = (after ? after : before)->key();
  std::lock_guard lock(mutex_);
  change_held(ips_, ips_of(was), ips_of(is), owner);
  change_held(ports_, ports_of(was), ports_of(is), owner);
}

size_t ServiceAllocator::used_ips() const {
  std::lock_guard lock(mutex_);
  return ips_.size();
}

size_t ServiceAllocator::used_ports() const {
  std::lock_guard lock(mutex_);
  return ports_.size();
}

ServiceAllocator::Reservation::~Reservation() {
  std::lock_guard lock(allocator_.mutex_);
  for (uint32_t ip : ips_) release(allocator_.ips_, ip);
  for (int port : ports_) release(allocator_.ports_, port);
}

// The low addresses are left to those who ask for one by name (the API server's, the DNS server's), as Kubernetes does:
// min(max(16, size / 16), 256) of them.
Result<std::string> ServiceAllocator::Reservation::any_ip(const std::string& owner) {
  const uint32_t size = uint32_t{1} << (32 - allocator_.prefix_);
  const uint32_t low = size < 32 ? 1 : std::min<uint32_t>(std::max<uint32_t>(16, size / 16), 256);
  std::lock_guard lock(allocator_.mutex_);
  auto try_range = [&](uint32_t first, uint32_t count) -> std::optional<uint32_t> {
    if (count == 0) return std::nullopt;
    uint32_t start = static_cast<uint32_t>(random_.below(count));
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t ip = allocator_.base_ + first + (start + i) % count;
      if (allocator_.ips_.contains(ip)) continue;
      // Kept for the API server and the DNS server.
      if (ip == allocator_.base_ + 1 || ip == allocator_.base_ + 10) continue;
      return ip;
    }
    return std::nullopt;
  };
  auto ip = try_range(low, size - 1 - low);  // without the broadcast address
  if (!ip) ip = try_range(1, low - 1);
  if (!ip) return internal_error("failed to allocate a serviceIP: range is full");
  reserve(allocator_.ips_, *ip, owner);
  ips_.push_back(*ip);
  return format_ip(*ip);
}

Status ServiceAllocator::Reservation::ip(const std::string& text, const std::string& owner) {
  auto ip = parse_ip(text);
  const uint32_t size = uint32_t{1} << (32 - allocator_.prefix_);
  if (!ip || *ip <= allocator_.base_ || *ip >= allocator_.base_ + size - 1)
    return Error(Reason::kInvalid, "failed to allocate IP " + text + ": the provided IP (" + text +
                                       ") is not in the valid range. The range of valid IPs is " + allocator_.cidr());
  std::lock_guard lock(allocator_.mutex_);
  if (!reserve(allocator_.ips_, *ip, owner))
    return Error(Reason::kInvalid, "failed to allocate IP " + text + ": provided IP is already allocated");
  ips_.push_back(*ip);
  return {};
}

Result<int> ServiceAllocator::Reservation::any_port(const std::string& owner) {
  std::lock_guard lock(allocator_.mutex_);
  int count = allocator_.last_port_ - allocator_.first_port_ + 1;
  int start = static_cast<int>(random_.below(static_cast<uint64_t>(count)));
  for (int i = 0; i < count; ++i) {
    int port = allocator_.first_port_ + (start + i) % count;
    if (allocator_.ports_.contains(port)) continue;
    reserve(allocator_.ports_, port, owner);
    ports_.push_back(port);
    return port;
  }
  return internal_error("failed to allocate a nodePort: range is full");
}

Status ServiceAllocator::Reservation::port(int port, const std::string& owner) {
  if (port < allocator_.first_port_ || port > allocator_.last_port_)
    return Error(Reason::kInvalid, "provided port is not in the valid range. The range of valid ports is " +
                                       std::to_string(allocator_.first_port_) + "-" + std::to_string(allocator_.last_port_));
  std::lock_guard lock(allocator_.mutex_);
  if (!reserve(allocator_.ports_, port, owner)) return Error(Reason::kInvalid, "provided port is already allocated");
  ports_.push_back(port);
  return {};
}

}  // namespace skerry::registry
