// ProxyFilter: which requests `proxy` lets through: by host, path and method, each by lists of regular expressions.
#pragma once

#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::kubectl {

class ProxyFilter {
 public:
  // Comma-separated lists; errors name the flag. An empty list matches nothing.
  struct Rules {
    std::string accept_hosts, accept_paths, reject_paths, reject_methods;
  };
  static Result<ProxyFilter> parse(const Rules& rules);

  // `host`: the Host header, its port is left out. Paths longer than 8 KiB are refused.
  bool accepts(const std::string& host, const std::string& method, const std::string& path) const;

 private:
  std::vector<std::regex> accept_hosts_, accept_paths_, reject_paths_, reject_methods_;
};

}  // namespace skerry::kubectl
