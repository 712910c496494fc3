#include "controllers/node_ipam.h"

#include <arpa/inet.h>

#include "base/log.h"
#include "base/strings.h"

namespace skerry::controllers {
namespace {

struct Cidr {
  uint32_t address;  // host order
  int bits;
};

std::optional<Cidr> parse_cidr(const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  in_addr a{};
  if (inet_pton(AF_INET, text.substr(0, slash).c_str(), &a) != 1) return std::nullopt;
  auto bits = parse_int(std::string_view(text).substr(slash + 1));
  if (!bits || *bits < 1 || *bits > 32) return std::nullopt;
  return Cidr{ntohl(a.s_addr), static_cast<int>(*bits)};
}

}  // namespace

Result<CidrParts> CidrParts::parse(const std::string& cidr, int part_bits) {
  auto range = parse_cidr(cidr);
  if (!range || part_bits < range->bits || part_bits > 30 || part_bits - range->bits > 20)
    return Error(Reason::kBadRequest, "\"" + cidr + "\" is not an IPv4 range that can be cut into ranges of /" +
                                          std::to_string(part_bits));
  CidrParts p;
  p.base_ = range->address & ~((uint64_t{1} << (32 - range->bits)) - 1);
  p.count_ = 1u << (part_bits - range->bits);
  p.part_bits_ = part_bits;
  return p;
}

std::string CidrParts::part(uint32_t index) const {
  in_addr a{htonl(base_ + (index << (32 - part_bits_)))};
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &a, text, sizeof text);
  return std::string(text) + "/" + std::to_string(part_bits_);
}

std::optional<uint32_t> CidrParts::index_of(const std::string& cidr) const {
  auto range = parse_cidr(cidr);
  if (!range || range->bits != part_bits_ || range->address < base_) return std::nullopt;
  uint32_t index = (range->address - base_) >> (32 - part_bits_);
  if (index >= count_ || part(index) != cidr) return std::nullopt;
  return index;
}

NodeIpam::NodeIpam(Context& context, CidrParts parts)
    : Part(context, "node-ipam"), parts_(parts), events_(context.client, context.executor, "cidrAllocator") {
  enqueue_all_of(api::kNodes);
}

Result<Outcome> NodeIpam::reconcile(const Key& name) {
  api::ObjectPtr node = cache(api::kNodes).get(name);
  if (!node) {
    given_.erase(name);
    return Outcome{};
  }
  if (node->meta().deleting || !json::str(node->json(), {"spec", "podCIDR"}).empty()) return Outcome{};
  std::set<uint32_t> used;
  for (auto& other : cache(api::kNodes).all())
    if (auto i = parts_.index_of(json::str(other->json(), {"spec", "podCIDR"}))) used.insert(*i);
  for (auto& [other, i] : given_)
    if (other != name) used.insert(i);
  uint32_t index = 0;
  if (auto it = given_.find(name); it != given_.end()) index = it->second;
  else
    while (index < parts_.size() && used.contains(index)) ++index;
  if (index >= parts_.size()) {
    events_.record(client::reference_to(api::kNodes, "Node", *node), "Normal", "CIDRNotAvailable",
                   "Node " + name + " status is now: CIDRNotAvailable");
    return internal_error("no pod address range is left for node " + name);
  }
  given_[name] = index;
  const std::string cidr = parts_.part(index);
  Json patch = {{"metadata", {{"uid", node->meta().uid}}}, {"spec", {{"podCIDR", cidr}, {"podCIDRs", Json::array({cidr})}}}};
  auto patched = client().patch(api::kNodes, "", name, api::PatchType::kMerge, std::move(patch));
  if (!patched) return patched.error();
  LOG_INFO("node-ipam", "node " << name << " has pod addresses " << cidr);
  return Outcome{};
}

}  // namespace skerry::controllers
