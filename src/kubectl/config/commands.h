// The commands of `kubectl config`: what stands in kubeconfig files, and changes to it.
#pragma once

#include <string>
#include <vector>

#include "kubeconfig/config.h"
#include "kubeconfig/loader.h"
#include "kubeconfig/writer.h"
#include "kubectl/command.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

extern const Command kConfig;

namespace config {

extern const Command kCurrentContext, kDeleteCluster, kDeleteContext, kDeleteUser, kGetClusters, kGetContexts, kGetUsers, kRenameContext,
    kSet, kSetCluster, kSetContext, kSetCredentials, kUnset, kUseContext, kView;

// The files of --kubeconfig, KUBECONFIG or ~/.kube/config.
kubeconfig::Sources sources_of(Session& session);
// What they say together; without any, what the node's own kubeconfig says.
Result<kubeconfig::Config> read_config(Session& session);
Status modify_config(Session& session, kubeconfig::Paths paths, const std::function<Status(kubeconfig::Config&)>& change);
// kubectl's answer to a wrong number of words: the help, then `error: Unexpected args: [a b]`.
Error wrong_words(Session& session, std::string_view text = "Unexpected args");

std::vector<std::string> complete_contexts(Session& session, const std::string& prefix);
std::vector<std::string> complete_clusters(Session& session, const std::string& prefix);
std::vector<std::string> complete_users(Session& session, const std::string& prefix);

// What `config set` and `config unset` do to one property: `path` is "clusters.my-cluster.server". Text for bytes is base64
// unless `raw_bytes`. Errors have kubectl's text.
Status set_property(kubeconfig::Config& config, const std::string& path, const std::string& value, bool raw_bytes);
Status unset_property(kubeconfig::Config& config, const std::string& path);

// What `config view` does to what it shows.
Status minify(kubeconfig::Config& config, const std::string& context);  // only the current context (or `context`, if not empty)
Status flatten(kubeconfig::Config& config);                             // contents of files instead of their names
void redact(kubeconfig::Config& config);                                // REDACTED, DATA+OMITTED

}  // namespace config
}  // namespace skerry::kubectl
