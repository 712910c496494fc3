// Validation: what kubectl finds wrong with the context, user and cluster that count. Internal to kubeconfig.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubeconfig {

std::vector<std::string> user_problems(const std::string& name, const Json& user);
std::vector<std::string> cluster_problems(const std::string& name, const Json& cluster);

// One Error of all (in this order, repeated ones once): "x", or "Error in configuration: \n* x\n* y".
Status all_problems(const std::vector<std::string>& problems);

}  // namespace skerry::kubeconfig
