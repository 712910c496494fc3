#include "kubectl/globals.h"

namespace skerry::kubectl {

std::vector<Flag> global_flags() {
  using enum FlagType;
  return {
      {"as", 0, kString, "", "Username to impersonate for the operation. User could be a regular user or a service account in a namespace."},
      {"as-group", 0, kArray, "", "Group to impersonate for the operation, this flag can be repeated to specify multiple groups."},
      {"as-uid", 0, kString, "", "UID to impersonate for the operation."},
      {"as-user-extra", 0, kArray, "", "User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key."},
      {"cache-dir", 0, kString, "", "Folder in which what the server offers is remembered (default: $KUBECACHEDIR or ~/.kube/cache)"},
      {"certificate-authority", 0, kString, "", "Path to a cert file for the certificate authority"},
      {"client-certificate", 0, kString, "", "Path to a client certificate file for TLS"},
      {"client-key", 0, kString, "", "Path to a client key file for TLS"},
      {"cluster", 0, kString, "", "The name of the kubeconfig cluster to use"},
      {"context", 0, kString, "", "The name of the kubeconfig context to use"},
      {"disable-compression", 0, kBool, "false", "If true, opt-out of response compression for all requests to the server"},
      {"insecure-skip-tls-verify", 0, kBool, "false",
       "If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure"},
      {"kubeconfig", 0, kString, "", "Path to the kubeconfig file to use for CLI requests."},
      {"kuberc", 0, kString, "", "Path to a file of preferences; \"off\" for none. Preferences are not read by this client yet."},
      {"log-flush-frequency", 0, kDuration, "5s", "Accepted for compatibility: logs are written at once"},
      {"match-server-version", 0, kBool, "false", "Require server version to match client version"},
      {"namespace", 'n', kString, "", "If present, the namespace scope for this CLI request"},
      {"password", 0, kString, "", "Password for basic authentication to the API server"},
      {"profile", 0, kString, "none", "Accepted for compatibility: this client has no profiles"},
      {"profile-output", 0, kString, "profile.pprof", "Accepted for compatibility: this client has no profiles"},
      {"request-timeout", 0, kString, "0",
       "The length of time to wait before giving up on a single server request. Non-zero values should contain a corresponding time "
       "unit (e.g. 1s, 2m, 3h). A value of zero means don't timeout requests."},
      {"server", 's', kString, "", "The address and port of the Kubernetes API server"},
      {"tls-server-name", 0, kString, "",
       "Server name to use for server certificate validation. If it is not provided, the hostname used to contact the server is used"},
      {"token", 0, kString, "", "Bearer token for authentication to the API server"},
      {"user", 0, kString, "", "The name of the kubeconfig user to use"},
      {"username", 0, kString, "", "Username for basic authentication to the API server"},
      {"v", 'v', kInt, "0", "number for the log level verbosity"},
      {"vmodule", 0, kString, "", "Accepted for compatibility: -v counts for all of the client"},
      {"warnings-as-errors", 0, kBool, "false", "Treat warnings received from the server as errors and exit with a non-zero exit code"},
  };
}

}  // namespace skerry::kubectl
