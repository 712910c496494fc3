// What an object asks for that Skerry keeps but does not do yet; each becomes a Warning that kubectl shows.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"

namespace skerry::api {

// "spec.hostUsers: user namespaces are not honoured yet". `path` names the spec: "spec" or "spec.template.spec".
std::vector<std::string> not_honoured_in_pod(const Json& pod_spec, const std::string& path);
std::vector<std::string> not_honoured_in_service(const Json& service_spec);

}  // namespace skerry::api
