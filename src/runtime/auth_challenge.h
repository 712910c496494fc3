// WWW-Authenticate as registries send it: Bearer realm="...",service="...",scope="..."; Basic realm="...".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::runtime {

struct AuthChallenge {
  std::string scheme;  // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case
};

// Every challenge of one header value (RFC 9110, 11.6.1); what is malformed ends it.
std::vector<AuthChallenge> parse_auth_challenges(std::string_view header);

}  // namespace skerry::runtime
