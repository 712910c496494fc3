#include "kubeconfig/url.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::kubeconfig {

std::string Url::authority() const {
  std::string text = host.find(':') == host.npos ? host : "[" + host + "]";
  return port.empty() ? text : text + ":" + port;
}

std::string Url::port_or_default() const {
  if (!port.empty()) return port;
  return scheme == "https" ? "443" : scheme == "http" ? "80" : "1080";
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const size_t colon = text.find("://");
  if (colon == text.npos || colon == 0) return std::nullopt;
  for (unsigned char c : text)
    if (c <= 0x20 || c == 0x7f) return std::nullopt;
  url.scheme = to_lower(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view rest = text.substr(end);
  url.path = std::string(rest.substr(0, std::min(rest.find_first_of("?#"), rest.size())));
  if (size_t at = authority.rfind('@'); at != authority.npos) {
    url.user_info = std::string(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  if (starts_with(authority, "[")) {
    const size_t close = authority.find(']');
    if (close == authority.npos) return std::nullopt;
    url.host = std::string(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority[0] != ':') return std::nullopt;
  } else {
    const size_t port = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, port));
    authority.remove_prefix(port);
  }
  if (!authority.empty()) url.port = std::string(authority.substr(1));
  if (url.host.empty() || url.port.size() > 5) return std::nullopt;
  if (!std::all_of(url.port.begin(), url.port.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return url;
}

}  // namespace skerry::kubeconfig
