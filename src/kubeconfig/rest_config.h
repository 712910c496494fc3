// RestConfig: everything that is needed to reach an API server, as kubeconfig files, flags and environment say together.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "http/tls.h"

namespace skerry::kubeconfig {

// A program that prints credentials (client.authentication.k8s.io/v1 and v1beta1).
struct ExecPlugin {
  enum class Interactive { kNever, kIfAvailable, kAlways };
  std::string command{};  // a path, or a name looked up in PATH
  std::vector<std::string> args{};
  std::vector<std::pair<std::string, std::string>> env{};
  std::string api_version{};  // "client.authentication.k8s.io/v1"
  std::string install_hint{};
  Interactive interactive = Interactive::kIfAvailable;
  std::string cluster_info{};  // provideClusterInfo: the JSON of spec.cluster; empty: not given to the program
};

struct Impersonation {
  std::string user{};  // empty: nobody is impersonated
  std::string uid{};
  std::vector<std::string> groups{};
  std::map<std::string, std::vector<std::string>> extra{};
};

struct RestConfig {
  std::string server{};            // "https://10.0.0.1:6443", may have a path prefix; never ends with '/'
  http::ClientTls tls{};           // files are read already; cert_pem and key_pem empty: no client certificate
  std::string bearer_token{};      // see Credentials for which of the two counts
  std::string bearer_token_file{};
  std::string username{}, password{};
  Impersonation impersonation{};
  std::optional<ExecPlugin> exec{};
  // "http://user:pw@host:port", "https://...", "socks5://..."; of the cluster, else of the environment (HTTPS_PROXY,
  // NO_PROXY); empty: none.
  std::string proxy{};
  bool disable_compression = false;
  std::chrono::milliseconds timeout{0};  // --request-timeout; 0: none
  std::string user_agent = "kubectl";

  // "10.0.0.1:6443": host and port without the scheme, as messages name the server.
  std::string host() const;
};

// For http::Client and http::StreamClient: TLS and proxy. Authorization is not in it: see Credentials.
http::ClientOptions client_options(const RestConfig& config);

}  // namespace skerry::kubeconfig
