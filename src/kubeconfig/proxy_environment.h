// The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or lower case) ask for, as Go programs read them.
#pragma once

#include <string>

#include "base/result.h"
#include "kubeconfig/environment.h"

namespace skerry::kubeconfig {

// For a URL like "https://10.0.0.1:6443". Empty: none. Loopback addresses and "localhost" never use a proxy.
std::string proxy_from_environment(const std::string& url, const Environment& environment);
// Error unless it is http://, https:// or socks5:// with a host: `unsupported scheme "x", must be http, https, or socks5`.
Status check_proxy_url(const std::string& url);

}  // namespace skerry::kubeconfig
