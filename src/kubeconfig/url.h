// Url: an absolute URL's parts, as far as servers and proxies need them. Internal to kubeconfig.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skerry::kubeconfig {

struct Url {
  std::string scheme{};     // lower case
  std::string user_info{};  // before '@', as written
  std::string host{};       // without brackets
  std::string port{};       // empty: none given
  std::string path{};       // "/x/y", without query and fragment

  // "[::1]:6443"
  std::string authority() const;
  std::string port_or_default() const;  // 443, 80, 1080
};

// None if it has no scheme or is malformed (no host, a port that is no number, blanks).
std::optional<Url> parse_url(std::string_view text);

}  // namespace skerry::kubeconfig
