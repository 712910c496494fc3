#include "kubeconfig/rest_config.h"

#include "kubeconfig/url.h"

namespace skerry::kubeconfig {

std::string RestConfig::host() const {
  const auto url = parse_url(server);
  return url ? url->authority() : server;
}

http::ClientOptions client_options(const RestConfig& config) {
  http::ClientOptions options;
  options.tls = config.tls;
  options.proxy = config.proxy;
  options.user_agent = config.user_agent;
  return options;
}

}  // namespace skerry::kubeconfig
