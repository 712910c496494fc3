// Completion: what may follow the words typed so far, from the server where it takes the server to know.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "kubectl/command.h"

namespace skerry::kubectl {

class Session;

// TYPE[,TYPE...], then NAME..., or TYPE/NAME...
std::vector<std::string> complete_resources(Session& session, const std::string& prefix);
// The same for commands that are about these types only.
std::vector<std::string> complete_some(Session& session, const std::string& prefix, std::initializer_list<std::string_view> types);

// TYPE alone: "pods", "deployments.apps".
std::vector<std::string> complete_types(Session& session, const std::string& prefix);

// Pods, and objects that have pods as TYPE/NAME; then nothing.
std::vector<std::string> complete_pods(Session& session, const std::string& prefix);
// The same, then the containers of the pod.
std::vector<std::string> complete_pods_and_containers(Session& session, const std::string& prefix);
// The same, then ports as LOCAL:REMOTE.
std::vector<std::string> complete_pods_and_ports(Session& session, const std::string& prefix);
// The containers of the pod that the words name.
std::vector<std::string> complete_containers(Session& session, const std::string& prefix);

// Names of one type.
std::vector<std::string> complete_names(Session& session, const std::string& type, const std::string& prefix);

}  // namespace skerry::kubectl
