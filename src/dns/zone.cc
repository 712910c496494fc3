#include "dns/zone.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/strings.h"

namespace skerry::dns {
namespace {

constexpr uint32_t kTtl = 5;
constexpr size_t kMostAliases = 8;  // external names that stand for external names

std::string dashed(std::string ip) {
  for (char& c : ip)
    if (c == '.' || c == ':') c = '-';
  return ip;
}

// "4.3.2.1" of in-addr.arpa -> "1.2.3.4"; empty if it is not four numbers.
std::string reversed_v4(std::string_view text) {
  auto parts = split(text, '.');
  if (parts.size() != 4) return {};
  std::string out;
  for (size_t i = 4; i-- > 0;) {
    auto n = parse_int(parts[i]);
    if (!n || *n < 0 || *n > 255) return {};
    out += (out.empty() ? "" : ".") + std::to_string(*n);
  }
  return out;
}

bool wants(const Question& q, uint16_t type) { return q.type == type || q.type == kAny; }

}  // namespace

Zone::Zone(std::string domain) : domain_(std::move(domain)) {}

void Zone::follow(client::ObjectSource& services, client::ObjectSource& endpoint_slices) {
  services.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) {
    Json value = after ? after->json() : Json();
    set_service((after ? after : before)->key(), after ? &value : nullptr);
  });
  endpoint_slices.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) {
    Json value = after ? after->json() : Json();
    set_slice((after ? after : before)->key(), after ? &value : nullptr);
  });
}

void Zone::set_service(const std::string& key, const Json* object) {
  std::unique_lock l(mutex_);
  if (object == nullptr) {
    services_.erase(key);
    return;
  }
  const Json& spec = json::find(*object, "spec");
  Service s;
  if (json::str(spec, "type") == "ExternalName") {
    s.external_name = json::str(spec, "externalName");
  } else {
    for (const auto& ip : json::array_or_empty(json::find(spec, "clusterIPs")))
      if (ip.is_string() && ip != "None" && ip != "") s.ips.push_back(ip);
    std::string ip = json::str(spec, "clusterIP");
    if (s.ips.empty() && !ip.empty() && ip != "None") s.ips.push_back(ip);
    s.headless = ip == "None";
    s.publish_not_ready = json::boolean(spec, "publishNotReadyAddresses");
  }
  for (const auto& p : json::array_or_empty(json::find(spec, "ports")))
    s.ports.push_back({to_lower(json::str(p, "name")), to_lower(json::str(p, "protocol", "TCP")), static_cast<uint16_t>(json::integer(p, "port"))});
  services_[key] = std::move(s);
}

void Zone::set_slice(const std::string& key, const Json* object) {
  std::unique_lock l(mutex_);
  if (auto it = slices_.find(key); it != slices_.end()) {
    auto [from, to] = slices_of_.equal_range(it->second.service);
    for (auto i = from; i != to; ++i)
      if (i->second == key) {
        slices_of_.erase(i);
        break;
      }
    slices_.erase(it);
  }
  if (object == nullptr) return;
  std::string service = json::str(*object, {"metadata", "labels", "kubernetes.io/service-name"});
  if (service.empty()) return;
  Slice s;
  s.service = json::str(*object, {"metadata", "namespace"}) + "/" + service;
  for (const auto& e : json::array_or_empty(json::find(*object, "endpoints"))) {
    bool ready = json::boolean(e, {"conditions", "ready"}, true);
    for (const auto& a : json::array_or_empty(json::find(e, "addresses")))
      if (a.is_string()) s.endpoints.push_back({a, to_lower(json::str(e, "hostname")), ready});
  }
  for (const auto& p : json::array_or_empty(json::find(*object, "ports")))
    s.ports.push_back({to_lower(json::str(p, "name")), to_lower(json::str(p, "protocol", "TCP")), static_cast<uint16_t>(json::integer(p, "port"))});
  slices_of_.emplace(s.service, key);
  slices_[key] = std::move(s);
}

std::string Zone::endpoint_label(const Endpoint& e) const { return e.hostname.empty() ? dashed(e.ip) : e.hostname; }

std::vector<std::pair<const Zone::Slice*, const Zone::Endpoint*>> Zone::endpoints_of(const std::string& key, const Service& service) const {
  std::vector<std::pair<const Slice*, const Endpoint*>> out;
  auto [from, to] = slices_of_.equal_range(key);
  for (auto i = from; i != to; ++i) {
    auto it = slices_.find(i->second);
    if (it == slices_.end()) continue;
    for (auto& e : it->second.endpoints)
      if (e.ready || service.publish_not_ready) out.emplace_back(&it->second, &e);
  }
  return out;
}

Answer Zone::nothing() const {
  Answer a;
  a.authority.push_back(soa_record(domain_, 1, kTtl));
  return a;
}

Answer Zone::no_such_name() const {
  Answer a = nothing();
  a.rcode = kNxDomain;
  return a;
}

// `left`: the labels before "<ns>.svc.<zone>", in order.
Answer Zone::service_answer(const Question& q, const std::string& ns, const std::vector<std::string_view>& left) const {
  std::string name(left.back());
  std::string key = ns + "/" + name;
  auto it = services_.find(key);
  if (it == services_.end()) return no_such_name();
  const Service& s = it->second;
  const std::string base = name + "." + ns + ".svc." + domain_;
  Answer a;

  if (!s.external_name.empty()) {
    if (left.size() != 1) return no_such_name();
    if (wants(q, kA) || q.type == kAaaa || q.type == kCname) a.answers.push_back(name_record(q.name, kCname, s.external_name, kTtl));
    if (q.type == kA || q.type == kAaaa) a.goes_on_with = to_lower(s.external_name.ends_with('.') ? s.external_name.substr(0, s.external_name.size() - 1) : s.external_name);
    return a.answers.empty() ? nothing() : a;
  }

  if (left.size() == 1) {
    std::set<std::string> seen;
    if (s.headless) {
      auto endpoints = endpoints_of(key, s);
      if (endpoints.empty()) return no_such_name();
      for (auto& [slice, e] : endpoints) {
        Record r = a_record(q.name, e->ip, kTtl);
        if (wants(q, r.type) && seen.insert(e->ip).second) a.answers.push_back(std::move(r));
        if (q.type == kSrv)
          for (auto& p : slice->ports) a.answers.push_back(srv_record(q.name, 0, 100, p.number, endpoint_label(*e) + "." + base, kTtl));
      }
    } else {
      for (auto& ip : s.ips)
        if (Record r = a_record(q.name, ip, kTtl); wants(q, r.type)) a.answers.push_back(std::move(r));
      if (q.type == kSrv)
        for (auto& p : s.ports) a.answers.push_back(srv_record(q.name, 0, 100, p.number, base, kTtl));
    }
    return a.answers.empty() ? nothing() : a;
  }

  // _port._proto.service
  if (left.size() == 3 && left[0].starts_with('_') && left[1].starts_with('_')) {
    std::string_view port = left[0].substr(1), protocol = left[1].substr(1);
    bool any = false;
    auto match = [&](const Port& p) { return (port == "*" || p.name == port) && (protocol == "*" || p.protocol == protocol); };
    if (s.headless) {
      for (auto& [slice, e] : endpoints_of(key, s))
        for (auto& p : slice->ports) {
          if (!match(p)) continue;
          any = true;
          std::string target = endpoint_label(*e) + "." + base;
          if (wants(q, kSrv)) a.answers.push_back(srv_record(q.name, 0, 100, p.number, target, kTtl));
          if (wants(q, kSrv)) a.additional.push_back(a_record(target, e->ip, kTtl));
        }
    } else {
      for (auto& p : s.ports) {
        if (!match(p)) continue;
        any = true;
        if (wants(q, kSrv)) a.answers.push_back(srv_record(q.name, 0, 100, p.number, base, kTtl));
        if (wants(q, kSrv))
          for (auto& ip : s.ips) a.additional.push_back(a_record(base, ip, kTtl));
        if (wants(q, kA))
          for (auto& ip : s.ips) a.answers.push_back(a_record(q.name, ip, kTtl));
      }
    }
    if (!any) return no_such_name();
    return a.answers.empty() ? nothing() : a;
  }

  // endpoint.service
  if (left.size() == 2) {
    bool any = false;
    auto [from, to] = slices_of_.equal_range(key);
    for (auto i = from; i != to; ++i)
      for (auto& e : slices_.at(i->second).endpoints) {
        if (endpoint_label(e) != left[0] || !(e.ready || s.publish_not_ready)) continue;
        any = true;
        if (Record r = a_record(q.name, e.ip, kTtl); wants(q, r.type)) a.answers.push_back(std::move(r));
      }
    if (!any) return no_such_name();
    return a.answers.empty() ? nothing() : a;
  }
  return no_such_name();
}

Answer Zone::reverse_answer(const Question& q, const std::string& ip, bool& ours) const {
  Answer a;
  ours = false;
  for (auto& [key, s] : services_)
    if (std::find(s.ips.begin(), s.ips.end(), ip) != s.ips.end()) {
      size_t slash = key.find('/');
      ours = true;
      if (wants(q, kPtr)) a.answers.push_back(name_record(q.name, kPtr, key.substr(slash + 1) + "." + key.substr(0, slash) + ".svc." + domain_, kTtl));
      return a;
    }
  for (auto& [key, slice] : slices_)
    for (auto& e : slice.endpoints)
      if (e.ip == ip) {
        auto service = services_.find(slice.service);
        if (service == services_.end() || !service->second.headless) continue;
        ours = true;
        size_t slash = slice.service.find('/');
        if (wants(q, kPtr))
          a.answers.push_back(name_record(q.name, kPtr, endpoint_label(e) + "." + slice.service.substr(slash + 1) + "." + slice.service.substr(0, slash) + ".svc." + domain_, kTtl));
        return a;
      }
  return a;
}

std::optional<Answer> Zone::resolve(const Question& q) const {
  std::shared_lock l(mutex_);
  auto answer = find(q);
  if (q.type != kA && q.type != kAaaa) return answer;
  Question next = q;
  while (answer && !answer->goes_on_with.empty() && answer->answers.size() < kMostAliases) {
    next.name = answer->goes_on_with;
    auto rest = find(next);
    if (!rest) return answer;
    answer->rcode = rest->rcode;
    answer->goes_on_with = rest->goes_on_with;
    answer->answers.insert(answer->answers.end(), rest->answers.begin(), rest->answers.end());
    answer->authority = std::move(rest->authority);
  }
  if (answer) answer->goes_on_with.clear();
  return answer;
}

std::optional<Answer> Zone::find(const Question& q) const {
  if (q.cls != 1) return std::nullopt;
  if (ends_with(q.name, ".in-addr.arpa")) {
    std::string ip = reversed_v4(std::string_view(q.name).substr(0, q.name.size() - 13));
    if (ip.empty()) return std::nullopt;
    bool ours = false;
    Answer a = reverse_answer(q, ip, ours);
    if (!ours) return std::nullopt;
    return a;
  }
  if (q.name == domain_) {
    Answer a = nothing();
    if (wants(q, kSoa)) a.answers = std::move(a.authority), a.authority.clear();
    if (q.type == kNs) {
      a.authority.clear();
      a.answers.push_back(name_record(domain_, kNs, "ns.dns." + domain_, kTtl));
    }
    return a;
  }
  if (!ends_with(q.name, "." + domain_)) return std::nullopt;
  auto labels = split(std::string_view(q.name).substr(0, q.name.size() - domain_.size() - 1), '.');
  if (labels.size() == 1) {
    if (labels[0] == "dns-version") {
      Answer a;
      if (wants(q, kTxt)) a.answers.push_back(txt_record(q.name, "1.1.0", kTtl));
      return a.answers.empty() ? nothing() : a;
    }
    return labels[0] == "svc" || labels[0] == "pod" ? nothing() : no_such_name();
  }
  if (labels.back() == "svc") {
    std::string ns(labels[labels.size() - 2]);
    if (labels.size() == 2) {
      auto it = services_.lower_bound(ns + "/");
      return it != services_.end() && it->first.starts_with(ns + "/") ? nothing() : no_such_name();
    }
    return service_answer(q, ns, {labels.begin(), labels.end() - 2});
  }
  if (labels.back() == "pod" && labels.size() == 3) {
    std::string ip(labels[0]);
    std::replace(ip.begin(), ip.end(), '-', '.');
    Record r = a_record(q.name, ip, kTtl);
    if (r.type == 0) return no_such_name();
    Answer a;
    if (wants(q, r.type)) a.answers.push_back(std::move(r));
    return a.answers.empty() ? nothing() : a;
  }
  return no_such_name();
}

}  // namespace skerry::dns
