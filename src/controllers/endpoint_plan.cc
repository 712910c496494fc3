#include "controllers/endpoint_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/pod.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

bool is_ipv6(std::string_view ip) { return ip.find(':') != std::string_view::npos; }

std::string pod_ip(const Json& pod, std::string_view family) {
  const bool six = family == "IPv6";
  for (auto& ip : json::array_or_empty(json::find(pod, {"status", "podIPs"})))
    if (std::string text = json::str(ip, "ip"); !text.empty() && is_ipv6(text) == six) return text;
  std::string ip = json::str(pod, {"status", "podIP"});
  return !ip.empty() && is_ipv6(ip) == six ? ip : "";
}

Json target_reference(const Json& pod) {
  return {{"kind", "Pod"},
          {"namespace", json::str(pod, {"metadata", "namespace"})},
          {"name", json::str(pod, {"metadata", "name"})},
          {"uid", json::str(pod, {"metadata", "uid"})}};
}

// The pod's own name within a headless Service's domain.
std::string host_name(const Json& service, const Json& pod) {
  if (json::str(pod, {"spec", "subdomain"}) != json::str(service, {"metadata", "name"})) return "";
  return json::str(pod, {"spec", "hostname"});
}

Json resolved_ports(const Json& service, const Json& pod, bool slice) {
  Json ports = Json::array();
  for (auto& p : json::array_or_empty(json::find(service, {"spec", "ports"}))) {
    int64_t number = target_port(p, pod);
    if (number == 0) continue;
    Json port = {{"port", number}, {"protocol", json::str(p, "protocol", "TCP")}};
    std::string name = json::str(p, "name");
    if (slice || !name.empty()) port["name"] = name;
    if (std::string app = json::str(p, "appProtocol"); !app.empty()) port["appProtocol"] = app;
    ports.push_back(std::move(port));
  }
  return ports;
}

// The fields that the planner sets; what defaulting adds elsewhere does not make two ports differ.
std::string port_key(const Json& ports) {
  std::set<std::string> keys;
  for (auto& p : json::array_or_empty(ports))
    keys.insert(json::str(p, "name") + "/" + json::str(p, "protocol", "TCP") + "/" +
                std::to_string(json::integer(p, "port")) + "/" + json::str(p, "appProtocol"));
  std::string key;
  for (auto& k : keys) key += k + " ";
  return key;
}

std::string endpoint_key(const Json& endpoint) {
  const Json& addresses = json::array_or_empty(json::find(endpoint, "addresses"));
  std::string ip = addresses.empty() || !addresses[0].is_string() ? "" : addresses[0].get<std::string>();
  return json::str(endpoint, {"targetRef", "uid"}) + "@" + ip;
}

}  // namespace

int64_t target_port(const Json& service_port, const Json& pod) {
  const Json& target = json::find(service_port, "targetPort");
  if (target.is_number_integer() && target.get<int64_t>() != 0) return target.get<int64_t>();
  if (!target.is_string() || target.get_ref<const std::string&>().empty()) return json::integer(service_port, "port");
  const std::string& name = target.get_ref<const std::string&>();
  const std::string protocol = json::str(service_port, "protocol", "TCP");
  for (auto list : {"containers", "initContainers"})
    for (auto& c : json::array_or_empty(json::find(pod, {"spec", list}))) {
      if (std::string_view(list) == "initContainers" && !api::is_sidecar(c)) continue;
      for (auto& p : json::array_or_empty(json::find(c, "ports")))
        if (json::str(p, "name") == name && json::str(p, "protocol", "TCP") == protocol)
          return json::integer(p, "containerPort");
    }
  return 0;
}

std::vector<ServiceEndpoint> service_endpoints(const Json& service, const std::vector<Json>& pods,
                                               std::string_view family,
                                               const std::function<std::string(const std::string&)>& zone_of) {
  const bool publish_all = json::boolean(service, {"spec", "publishNotReadyAddresses"});
  std::vector<ServiceEndpoint> found;
  for (auto& pod : pods) {
    std::string ip = pod_ip(pod, family);
    if (ip.empty() || api::is_pod_terminal(pod)) continue;
    const bool serving = api::is_pod_ready(pod), terminating = api::is_pod_deleting(pod);
    ServiceEndpoint e;
    e.ip = ip;
    e.uid = json::str(pod, {"metadata", "uid"});
    e.ports = resolved_ports(service, pod, true);
    e.endpoint = {{"addresses", Json::array({ip})},
                  {"conditions",
                   {{"ready", publish_all || (serving && !terminating)},
                    {"serving", serving},
                    {"terminating", terminating}}},
                  {"targetRef", target_reference(pod)}};
    if (std::string node = json::str(pod, {"spec", "nodeName"}); !node.empty()) {
      e.endpoint["nodeName"] = node;
      if (std::string zone = zone_of(node); !zone.empty()) e.endpoint["zone"] = zone;
    }
    if (std::string host = host_name(service, pod); !host.empty()) e.endpoint["hostname"] = host;
    found.push_back(std::move(e));
  }
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.ip != b.ip ? a.ip < b.ip : a.uid < b.uid; });
  return found;
}

SlicePlan plan_slices(const std::vector<ServiceEndpoint>& endpoints, const std::vector<Json>& existing, const Json& base,
                      size_t most_per_slice) {
  struct Group {
    Json ports;
    std::map<std::string, const Json*> wanted;  // by endpoint_key
    std::vector<size_t> slices;
  };
  std::map<std::string, Group> groups;
  for (auto& e : endpoints) {
    Group& g = groups[port_key(e.ports)];
    g.ports = e.ports;
    g.wanted[e.uid + "@" + e.ip] = &e.endpoint;
  }
  if (groups.empty()) groups[""].ports = Json::array();  // the empty slice
  SlicePlan plan;
  std::vector<Json> slices = existing;
  std::vector<size_t> unused;
  for (size_t i = 0; i < slices.size(); ++i) {
    auto g = groups.find(port_key(json::find(slices[i], "ports")));
    if (g == groups.end()) unused.push_back(i);
    else g->second.slices.push_back(i);
  }
  const Json& labels = json::find(base, {"metadata", "labels"});
  auto set_labels = [&](Json& slice) {
    if (json::find(slice, {"metadata", "labels"}) == labels) return false;
    slice["metadata"]["labels"] = labels;
    return true;
  };

  for (auto& [key, g] : groups) {
    std::vector<std::pair<size_t, bool>> kept;  // slice, changed
    for (size_t i : g.slices) {
      Json after = Json::array();
      const Json& before = json::array_or_empty(json::find(slices[i], "endpoints"));
      for (auto& e : before) {
        auto w = g.wanted.find(endpoint_key(e));
        if (w == g.wanted.end()) continue;
        after.push_back(*w->second);
        g.wanted.erase(w);
      }
      bool changed = after != before;
      changed |= set_labels(slices[i]);
      if (changed) slices[i]["endpoints"] = std::move(after);
      kept.emplace_back(i, changed);
    }
    auto next = g.wanted.begin();
    auto fill = [&](Json& slice) {
      bool changed = false;
      if (!slice["endpoints"].is_array()) slice["endpoints"] = Json::array();
      for (; next != g.wanted.end() && slice["endpoints"].size() < most_per_slice; ++next, changed = true)
        slice["endpoints"].push_back(*next->second);
      return changed;
    };
    for (auto& [i, changed] : kept)
      if (next != g.wanted.end()) changed |= fill(slices[i]);
    bool placeholder = endpoints.empty() && kept.empty();
    for (; next != g.wanted.end() || placeholder; placeholder = false) {
      if (unused.empty()) {
        Json slice = base;
        slice["endpoints"] = Json::array();
        slice["ports"] = g.ports;
        fill(slice);
        plan.create.push_back(std::move(slice));
        continue;
      }
      // A slice whose ports nobody has any more takes over.
      size_t i = unused.back();
      unused.pop_back();
      slices[i]["endpoints"] = Json::array();
      slices[i]["ports"] = g.ports;
      set_labels(slices[i]);
      fill(slices[i]);
      kept.emplace_back(i, true);
    }
    for (size_t k = 0; k < kept.size(); ++k) {
      auto [i, changed] = kept[k];
      const bool empty = json::array_or_empty(json::find(slices[i], "endpoints")).empty();
      if (empty && !(endpoints.empty() && k == 0)) plan.remove.push_back(json::str(slices[i], {"metadata", "name"}));
      else if (changed) plan.update.push_back(slices[i]);
    }
  }
  for (size_t i : unused) plan.remove.push_back(json::str(slices[i], {"metadata", "name"}));
  return plan;
}

Json endpoint_subsets(const Json& service, const std::vector<Json>& pods) {
  const bool publish_all = json::boolean(service, {"spec", "publishNotReadyAddresses"});
  std::string family = "IPv4";
  if (const Json& f = json::find(service, {"spec", "ipFamilies"}); f.is_array() && !f.empty() && f[0].is_string())
    family = f[0];
  struct Subset {
    Json ports;
    std::map<std::string, Json> ready, not_ready;  // by ip and uid
  };
  std::map<std::string, Subset> subsets;
  for (auto& pod : pods) {
    std::string ip = pod_ip(pod, family);
    if (ip.empty() || api::is_pod_terminal(pod)) continue;
    if (!publish_all && api::is_pod_deleting(pod)) continue;
    Json address = {{"ip", ip}, {"targetRef", target_reference(pod)}};
    if (std::string node = json::str(pod, {"spec", "nodeName"}); !node.empty()) address["nodeName"] = node;
    if (std::string host = host_name(service, pod); !host.empty()) address["hostname"] = host;
    Json ports = resolved_ports(service, pod, false);
    const bool headless_without_ports = json::array_or_empty(json::find(service, {"spec", "ports"})).empty();
    if (ports.empty() && !headless_without_ports) continue;
    Subset& s = subsets[port_key(ports)];
    s.ports = ports;
    auto& where = publish_all || api::is_pod_ready(pod) ? s.ready : s.not_ready;
    where[ip + "@" + json::str(pod, {"metadata", "uid"})] = std::move(address);
  }
  Json result = Json::array();
  for (auto& [key, s] : subsets) {
    Json subset = Json::object();
    auto put = [&](const char* field, std::map<std::string, Json>& from) {
      if (from.empty()) return;
      Json list = Json::array();
      for (auto& [k, address] : from) list.push_back(std::move(address));
      subset[field] = std::move(list);
    };
    put("addresses", s.ready);
    put("notReadyAddresses", s.not_ready);
    if (!s.ports.empty()) {
      std::sort(s.ports.begin(), s.ports.end(), [](const Json& a, const Json& b) {
        return json::str(a, "name") != json::str(b, "name") ? json::str(a, "name") < json::str(b, "name")
                                                            : json::integer(a, "port") < json::integer(b, "port");
      });
      subset["ports"] = std::move(s.ports);
    }
    result.push_back(std::move(subset));
  }
  return result;
}

}  // namespace skerry::controllers
