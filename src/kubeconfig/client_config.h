// ClientConfig: kubeconfig files, flags and environment put together as kubectl puts them together.
//
// Files are read at the first question and once. Not thread-safe. Messages of Errors are the whole text kubectl prints
// after "error: ", except those for which shown_verbatim() is true: they are the whole line(s).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kubeconfig/config.h"
#include "kubeconfig/environment.h"
#include "kubeconfig/loader.h"
#include "kubeconfig/rest_config.h"

namespace skerry::kubeconfig {

// The global flags; empty: not given.
struct Overrides {
  std::string kubeconfig{};  // --kubeconfig
  std::string context{}, cluster{}, user{}, ns{};
  std::string server{}, certificate_authority{}, tls_server_name{}, proxy_url{};
  bool insecure_skip_tls_verify = false;
  bool disable_compression = false;
  std::string token{}, username{}, password{}, client_certificate{}, client_key{};
  std::string as{}, as_uid{};
  std::vector<std::string> as_groups{};
  std::vector<std::string> as_user_extra{};  // "key=value" each
  std::string request_timeout{};             // "1s", "2", "0"
};

class ClientConfig {
 public:
  ClientConfig(Overrides overrides, Environment environment);
  ~ClientConfig();

  struct Namespace {
    std::string name;    // never empty: "default" if nothing else
    bool given = false;  // by the flag
  };
  // kubectl checks the whole configuration before it names a namespace.
  Result<Namespace> ns();
  Result<RestConfig> rest_config();
  // The merged files, without flags, paths resolved (for completion, `config` commands have their own reader).
  Result<Config> raw();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "Error in configuration: ...", "Unable to connect to the server: ...", "The connection to the server ...": printed without
// a leading "error: ".
bool shown_verbatim(const Error& error);

// "30", "1s", "5m", "1h30m" and "0" of --request-timeout. Error: kubectl's.
Result<std::chrono::milliseconds> parse_timeout(std::string_view text);

}  // namespace skerry::kubeconfig
