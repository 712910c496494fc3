// Exec plugins: running a program that prints credentials. Internal to kubeconfig.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "json/json.h"
#include "kubeconfig/environment.h"
#include "kubeconfig/rest_config.h"

namespace skerry::kubeconfig {

struct PluginCredentials {
  std::string token{};
  std::string cert_pem{}, key_pem{};
  std::optional<WallTime> expires{};
};

// A user's "exec" with the cluster it is for (both checked before). Error: `exec plugin: invalid apiVersion "x"`.
Result<ExecPlugin> read_exec_plugin(const Json& exec, const Json& cluster, const std::string& ca_pem);

// Runs it to its end; its standard error is ours. Errors have kubectl's text, without "getting credentials: ".
Result<PluginCredentials> run_exec_plugin(const ExecPlugin& plugin, const Environment& environment);

// Its answer. Error as above.
Result<PluginCredentials> parse_exec_credential(std::string_view text, const std::string& api_version);

}  // namespace skerry::kubeconfig
