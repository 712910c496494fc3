// kubectl config: the group, and what its commands share.
#include "base/strings.h"
#include "kubectl/config/commands.h"
#include "kubectl/help.h"

namespace skerry::kubectl {
namespace config {

namespace {

std::vector<std::string> names(Session& session, kubeconfig::Entries kubeconfig::Config::*list, const std::string& prefix) {
  std::vector<std::string> out;
  auto config = read_config(session);
  if (!config) return out;
  for (const auto& [name, entry] : (*config).*list)
    if (starts_with(name, prefix)) out.push_back(name);
  return out;
}

}  // namespace

kubeconfig::Sources sources_of(Session& session) { return kubeconfig::find_sources(session.flags.text("kubeconfig"), kubeconfig::Environment::of_process()); }

Result<kubeconfig::Config> read_config(Session& session) {
  const kubeconfig::Sources sources = sources_of(session);
  kubeconfig::Config config = TRY(kubeconfig::load_for_change(sources));
  if (!config.empty() || sources.is_explicit || sources.from_variable) return config;
  auto node = kubeconfig::load_file(kubeconfig::Environment::of_process().node_kubeconfig);
  return node ? *node : config;
}

Status modify_config(Session& session, kubeconfig::Paths paths, const std::function<Status(kubeconfig::Config&)>& change) {
  return kubeconfig::modify(sources_of(session), paths, change);
}

Error wrong_words(Session& session, std::string_view text) {
  print_help(session.command, session.path, session.out);
  return plain_error(std::string(text) + ": [" + join(session.words(), " ") + "]");
}

std::vector<std::string> complete_contexts(Session& s, const std::string& prefix) { return names(s, &kubeconfig::Config::contexts, prefix); }
std::vector<std::string> complete_clusters(Session& s, const std::string& prefix) { return names(s, &kubeconfig::Config::clusters, prefix); }
std::vector<std::string> complete_users(Session& s, const std::string& prefix) { return names(s, &kubeconfig::Config::users, prefix); }

namespace {

constexpr const Command* kCommands[] = {&kCurrentContext, &kDeleteCluster, &kDeleteContext, &kDeleteUser,     &kGetClusters,
                                        &kGetContexts,    &kGetUsers,      &kRenameContext, &kSet,            &kSetCluster,
                                        &kSetContext,     &kSetCredentials, &kUnset,        &kUseContext,     &kView};

Result<int> run(Session& s) {
  if (!s.words().empty()) return usage_error("unknown command \"" + join(s.words(), " ") + "\"");
  print_help(s.command, s.path, s.err);
  return 1;
}

}  // namespace
}  // namespace config

constexpr Command kConfig{
    .use = "config SUBCOMMAND [options]",
    .brief = "Modify kubeconfig files",
    .text = "Show and change what kubeconfig files say about clusters, users and contexts.\n\n"
            " Which files count: the one that --kubeconfig names, alone; else those in the list of the environment variable KUBECONFIG, together: a "
            "change is written to the file an entry came from, a new entry to the first file that exists; else ~/.kube/config.",
    .examples = "  # The contexts there are\n  kubectl config get-contexts\n\n  # Choose one\n  kubectl config use-context edge\n",
    .run = config::run,
    .children = config::kCommands,
};

}  // namespace skerry::kubectl
