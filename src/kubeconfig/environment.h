// Environment: what of the machine decides about the configuration, so that tests can say it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace skerry::kubeconfig {

struct Environment {
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::function<std::vector<std::string>()> all_variables;  // "NAME=value", for the programs we start
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
  // Read when nothing else is configured and it exists: what a Skerry node writes. Empty: never.
  std::string node_kubeconfig = "/etc/skerry/skerry.yaml";
  // Asks the user for "Username" (shown while typed) and "Password" (not shown) where TLS is used and nothing says who the user
  // is; no answer: the Error "EOF". Null: nobody is asked, and requests carry no credentials.
  std::function<std::optional<std::string>(const std::string& what, bool shown)> prompt;

  std::string get(const std::string& name) const { return variable ? variable(name).value_or("") : std::string(); }
  // Of this process: getenv; no warnings, no prompt.
  static Environment of_process();
};

// A `prompt`: "Please enter Username: " on standard output, the answer from standard input; a password is not shown while it
// is typed on a terminal.
std::optional<std::string> prompt_on_terminal(const std::string& what, bool shown);

}  // namespace skerry::kubeconfig
