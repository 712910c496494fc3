// The addresses behind a service, as services and ingresses show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace skerry::kubectl {

// "10.0.0.1:80,10.0.0.2:80 + 3 more..." of the ready endpoints behind the port of that name; "<none>" without slices.
std::string endpoints_text(const std::vector<Json>& slices, std::string_view port_name);
// "10.0.0.1:80", "[fd00::1]:80"
std::string host_port(const std::string& host, const std::string& port);

}  // namespace skerry::kubectl
