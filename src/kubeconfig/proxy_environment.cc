#include "kubeconfig/proxy_environment.h"

#include <arpa/inet.h>

#include <cstring>
#include <vector>

#include "base/strings.h"
#include "kubeconfig/url.h"

namespace skerry::kubeconfig {
namespace {

// 16 bytes, IPv4 mapped into IPv6; empty: no address.
std::string address_bytes(const std::string& text) {
  unsigned char bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, text.c_str(), bytes + 12) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1)
    return std::string(reinterpret_cast<char*>(bytes), sizeof bytes);
  return {};
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const std::string bytes = address_bytes(host);
  if (bytes.empty()) return false;
  static const std::string kV4("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f", 13), kV6("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  return bytes.starts_with(kV4) || bytes == kV6;
}

bool in_network(const std::string& address, const std::string& network, int bits) {
  const int whole = bits / 8, rest = bits % 8;
  if (address.compare(0, static_cast<size_t>(whole), network, 0, static_cast<size_t>(whole)) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  const auto i = static_cast<size_t>(whole);
  return (static_cast<unsigned char>(address[i]) & mask) == (static_cast<unsigned char>(network[i]) & mask);
}

// One entry of NO_PROXY: "*", an address or network, or a name with the names below it; all but networks with an optional port.
bool excludes(std::string entry, const Url& url) {
  entry = to_lower(trim(entry));
  if (entry.empty()) return false;
  if (entry == "*") return true;
  const std::string host = to_lower(url.host), bytes = address_bytes(host);
  if (const size_t slash = entry.find('/'); slash != entry.npos) {
    const std::string base = entry.substr(0, slash), network = address_bytes(base);
    auto bits = parse_int(entry.substr(slash + 1));
    const int64_t offset = base.find(':') == base.npos ? 96 : 0;
    if (network.empty() || !bits || *bits < 0 || *bits + offset > 128) return false;
    return !bytes.empty() && in_network(bytes, network, static_cast<int>(*bits + offset));
  }
  std::string port;
  if (entry[0] == '[') {
    const size_t close = entry.find(']');
    if (close == entry.npos) return false;
    if (close + 1 < entry.size() && entry[close + 1] == ':') port = entry.substr(close + 2);
    entry = entry.substr(1, close - 1);
  } else if (const size_t colon = entry.find(':'); colon != entry.npos && entry.find(':', colon + 1) == entry.npos) {
    port = entry.substr(colon + 1);
    entry.erase(colon);
  }
  if (!port.empty() && port != url.port_or_default()) return false;
  if (const std::string wanted = address_bytes(entry); !wanted.empty()) return wanted == bytes;
  if (entry.empty()) return false;
  if (starts_with(entry, "*.")) entry.erase(0, 1);
  if (entry[0] == '.') return ends_with(host, entry);  // only names below
  return host == entry || ends_with(host, "." + entry);
}

}  // namespace

std::string proxy_from_environment(const std::string& url, const Environment& environment) {
  const auto target = parse_url(url);
  if (!target) return {};
  const auto either = [&](const char* upper, const char* lower) {
    std::string value = environment.get(upper);
    return value.empty() ? environment.get(lower) : value;
  };
  std::string proxy;
  if (target->scheme == "https") proxy = either("HTTPS_PROXY", "https_proxy");
  // A CGI program's HTTP_PROXY is a header of the request.
  if (target->scheme == "http" && environment.get("REQUEST_METHOD").empty()) proxy = either("HTTP_PROXY", "http_proxy");
  if (proxy.empty() || is_loopback(target->host)) return {};
  const std::string no_proxy = either("NO_PROXY", "no_proxy");
  for (std::string_view entry : split(no_proxy, ','))
    if (excludes(std::string(entry), *target)) return {};
  if (proxy.find("://") == proxy.npos) proxy = "http://" + proxy;
  return proxy;
}

Status check_proxy_url(const std::string& url) {
  const auto parsed = parse_url(url);
  if (!parsed) return Error(Reason::kBadRequest, "failed to parse: \"" + url + "\" is no URL with a scheme and a host");
  if (parsed->scheme != "http" && parsed->scheme != "https" && parsed->scheme != "socks5")
    return Error(Reason::kBadRequest, "unsupported scheme \"" + parsed->scheme + "\", must be http, https, or socks5");
  return {};
}

}  // namespace skerry::kubeconfig
