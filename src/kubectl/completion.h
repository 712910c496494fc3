// Completion: what may follow the words typed so far, from the server where it takes the server to know.
#pragma once

#include <string>
#include <vector>

#include "kubectl/command.h"

namespace skerry::kubectl {

class Session;

// TYPE, then NAME..., or TYPE/NAME.
std::vector<std::string> complete_resources(Session& session, const std::string& prefix);

// Names of one type.
std::vector<std::string> complete_names(Session& session, const std::string& type, const std::string& prefix);

}  // namespace skerry::kubectl
