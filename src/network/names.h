// Names of what an instance makes in the kernel. Interface names have at most 15 characters.
#pragma once

#include <string>

namespace skerry::network {

inline std::string bridge_name(const std::string& instance) { return "sk" + instance + "br"; }
inline std::string vxlan_name(const std::string& instance) { return "sk" + instance + "vx"; }
inline std::string veth_prefix(const std::string& instance) { return "sk" + instance + "-"; }
// "sk<instance>-" and eight hexadecimal digits of the pod's uid (FNV-1a).
std::string veth_name(const std::string& instance, const std::string& pod_uid);
inline std::string pod_table(const std::string& instance) { return "skerry" + instance + "-pods"; }
inline std::string service_table(const std::string& instance) { return "skerry" + instance + "-services"; }

}  // namespace skerry::network
