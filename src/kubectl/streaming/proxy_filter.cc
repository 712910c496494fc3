#include "kubectl/streaming/proxy_filter.h"

#include <algorithm>

#include "base/strings.h"
#include "kubectl/session.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxText = 8 << 10;  // std::regex recurses

Result<std::vector<std::regex>> expressions(const std::string& list, const char* flag) {
  std::vector<std::regex> out;
  if (list.empty()) return out;
  for (std::string_view text : split(list, ',')) {
    try {
      out.emplace_back(std::string(text), std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& e) {
      return plain_error("invalid regular expression \"" + std::string(text) + "\" in --" + flag + ": " + e.what());
    }
  }
  return out;
}

bool any(const std::vector<std::regex>& expressions, const std::string& text) {
  return std::any_of(expressions.begin(), expressions.end(), [&](const std::regex& e) { return std::regex_search(text, e); });
}

// Without the port; brackets of an address stay, as kubectl's default expects them.
std::string without_port(const std::string& host) {
  size_t close = host.rfind(']'), colon = host.rfind(':');
  if (colon == std::string::npos || (close != std::string::npos && colon < close)) return host;
  return host.substr(0, colon);
}

}  // namespace

Result<ProxyFilter> ProxyFilter::parse(const Rules& rules) {
  ProxyFilter filter;
  filter.accept_hosts_ = TRY(expressions(rules.accept_hosts, "accept-hosts"));
  filter.accept_paths_ = TRY(expressions(rules.accept_paths, "accept-paths"));
  filter.reject_paths_ = TRY(expressions(rules.reject_paths, "reject-paths"));
  filter.reject_methods_ = TRY(expressions(rules.reject_methods, "reject-methods"));
  return filter;
}

bool ProxyFilter::accepts(const std::string& host, const std::string& method, const std::string& path) const {
  if (host.size() > kMaxText || path.size() > kMaxText || method.size() > kMaxText) return false;
  if (any(reject_paths_, path) || any(reject_methods_, method)) return false;
  return any(accept_paths_, path) && any(accept_hosts_, without_port(host));
}

}  // namespace skerry::kubectl
