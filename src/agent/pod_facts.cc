#include "agent/pod_facts.h"

#include "api/quantity.h"
#include "base/strings.h"

namespace skerry::agent {
namespace {

// As Go's strconv.Quote does for what labels and annotations usually hold.
std::string quote(std::string_view text) {
  static const char* kHex = "0123456789abcdef";
  std::string out = "\"";
  for (unsigned char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c < 0x20 || c == 0x7f) {
          out += "\\x";
          out += kHex[c >> 4];
          out += kHex[c & 15];
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  return out + "\"";
}

std::string lines(const Json& map) {
  std::string out;
  for (auto& [key, value] : json::object_or_empty(map).items()) {
    if (!out.empty()) out += '\n';
    out += key + "=" + quote(value.is_string() ? value.get<std::string>() : "");
  }
  return out;
}

}  // namespace

const Json& find_container(const Json& pod, const std::string& name) {
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"})
    for (auto& c : json::array_or_empty(json::find(pod, {"spec", list})))
      if (json::str(c, "name") == name) return c;
  return json::find(pod, "\x01");  // null
}

Result<std::string> downward_field(const Json& pod, const std::string& path, const PodFacts& facts) {
  for (const char* map : {"labels", "annotations"}) {
    std::string whole = std::string("metadata.") + map;
    if (path == whole) return lines(json::find(pod, {"metadata", map}));
    if (path.starts_with(whole + "['") && path.ends_with("']")) {
      std::string key = path.substr(whole.size() + 2, path.size() - whole.size() - 4);
      return json::str(pod, {"metadata", map, key});
    }
  }
  if (path == "metadata.name") return json::str(pod, {"metadata", "name"});
  if (path == "metadata.namespace") return json::str(pod, {"metadata", "namespace"});
  if (path == "metadata.uid") return json::str(pod, {"metadata", "uid"});
  if (path == "spec.nodeName") return json::str(pod, {"spec", "nodeName"}, facts.node_name);
  if (path == "spec.serviceAccountName") return json::str(pod, {"spec", "serviceAccountName"});
  if (path == "status.hostIP" || path == "status.hostIPs") return facts.host_ip;
  if (path == "status.podIP") return facts.pod_ip;
  if (path == "status.podIPs") return join(facts.pod_ips, ",");
  return Error(Reason::kBadRequest, "unsupported fieldPath: " + path);
}

Result<std::string> downward_resource(const Json& pod, const Json& ref, const std::string& default_container,
                                      const PodFacts& facts) {
  std::string name = json::str(ref, "containerName", default_container);
  const Json& container = find_container(pod, name);
  if (container.is_null()) return Error(Reason::kBadRequest, "container " + name + " not found");
  std::string resource = json::str(ref, "resource");
  auto dot = resource.find('.');
  std::string list = resource.substr(0, dot), what = dot == std::string::npos ? "" : resource.substr(dot + 1);
  if (list != "limits" && list != "requests")
    return Error(Reason::kBadRequest, "unsupported container resource : " + resource);
  const Json& given = json::find(container, {"resources", list, what});
  const Json& divisor_given = json::find(ref, "divisor");
  api::Quantity divisor = api::Quantity::from_json(divisor_given);
  if (divisor.is_zero()) divisor = api::Quantity::units(1);
  const bool cpu = what == "cpu";
  int64_t amount;
  if (!given.is_null()) {
    auto q = api::Quantity::from_json(given);
    amount = cpu ? q.milli_value() : q.value();
  } else if (list == "limits") {
    amount = cpu ? facts.node_cpu_milli : what == "memory" ? facts.node_memory_bytes
             : what == "ephemeral-storage" ? facts.node_ephemeral_bytes : 0;
  } else {
    amount = 0;
  }
  int64_t by = cpu ? divisor.milli_value() : divisor.value();
  if (by <= 0) by = 1;
  return std::to_string(amount / by + (amount % by > 0 ? 1 : 0));
}

}  // namespace skerry::agent
