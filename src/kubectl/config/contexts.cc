// kubectl config: names of contexts, clusters and users: showing, choosing, renaming, deleting.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/config/commands.h"
#include "kubectl/help.h"
#include "output/tab_writer.h"

namespace skerry::kubectl::config {

namespace {

using kubeconfig::Config;
using kubeconfig::Entries;
using kubeconfig::Paths;

// The file messages name.
std::string named_file(Session& s) { return sources_of(s).file_for_new(); }

Result<int> current_context(Session& s) {
  const Config config = TRY(read_config(s));
  if (config.current_context.empty()) return plain_error("current-context is not set");
  s.out << config.current_context << '\n';
  return 0;
}

Result<int> list_names(Session& s, const Entries& entries) {
  s.out << "NAME\n";
  for (const auto& [name, entry] : entries) s.out << name << '\n';
  return 0;
}

Result<int> get_clusters(Session& s) {
  const Config config = TRY(read_config(s));
  return list_names(s, config.clusters);
}

Result<int> get_users(Session& s) {
  const Config config = TRY(read_config(s));
  return list_names(s, config.users);
}

std::vector<Flag> get_contexts_flags() {
  using enum FlagType;
  return {{"no-headers", 0, kBool, "false", "Do not print the headings."}, {"output", 'o', kString, "", "Output format. One of: (name)."}};
}

Result<int> get_contexts(Session& s) {
  const std::string format = s.flags.text("output");
  if (!format.empty() && format != "name")
    return plain_error("--output " + format + " is not available in kubectl config get-contexts; resetting to default output format");
  const Config config = TRY(read_config(s));
  std::vector<std::string> names;
  for (const std::string& word : s.words())
    if (config.contexts.contains(word)) names.push_back(word);
  if (s.words().empty())
    for (const auto& [name, context] : config.contexts) names.push_back(name);
  std::sort(names.begin(), names.end());
  auto table = output::TabWriter::for_tables();
  if (format.empty() && !s.flags.boolean("no-headers")) table.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
  for (const std::string& name : names) {
    if (format == "name") {
      s.out << name << '\n';
      continue;
    }
    const Json& context = config.contexts.at(name).value;
    const char* mark = name == config.current_context ? "*" : "";
    table.write(mark + ("\t" + name) + "\t" + json::str(context, "cluster") + "\t" + json::str(context, "user") + "\t" +
                json::str(context, "namespace") + "\n");
  }
  s.out << table.flush();
  std::vector<std::string> missing;
  for (const std::string& word : s.words())
    if (!config.contexts.contains(word)) s.fail(plain_error("context " + word + " not found"));
  return 0;
}

Result<int> use_context(Session& s) {
  if (s.words().size() != 1) return wrong_words(s);
  const std::string& name = s.words()[0];
  TRY(modify_config(s, Paths::kRelative, [&](Config& config) -> Status {
    if (name.empty()) return plain_error("empty context names are not allowed");
    if (!config.contexts.contains(name)) return plain_error("no context exists with the name: \"" + name + "\"");
    config.current_context = name;
    return {};
  }));
  s.out << "Switched to context \"" << name << "\".\n";
  return 0;
}

Result<int> rename_context(Session& s) {
  if (s.words().size() != 2) return wrong_words(s);
  const std::string &from = s.words()[0], &to = s.words()[1];
  const std::string file = named_file(s);
  TRY(modify_config(s, Paths::kRelative, [&](Config& config) -> Status {
    auto found = config.contexts.find(from);
    if (found == config.contexts.end()) return plain_error("cannot rename the context \"" + from + "\", it's not in " + file);
    if (to.empty()) return plain_error("cannot rename the context \"" + from + "\" to an empty name");
    if (config.contexts.contains(to))
      return plain_error("cannot rename the context \"" + from + "\", the context \"" + to + "\" already exists in " + file);
    kubeconfig::Entry entry = found->second;
    config.contexts.erase(found);
    config.contexts[to] = std::move(entry);
    if (config.current_context == from) config.current_context = to;
    return {};
  }));
  s.out << "Context \"" << from << "\" renamed to \"" << to << "\".\n";
  return 0;
}

Result<int> remove(Session& s, Entries Config::*list, const std::string& what) {
  const std::string name = s.words()[0], file = named_file(s);
  bool active = false;
  TRY(modify_config(s, Paths::kRelative, [&](Config& config) -> Status {
    if ((config.*list).erase(name) == 0) return plain_error("cannot delete " + what + " " + name + ", not in " + file);
    active = list == &Config::contexts && config.current_context == name;
    return {};
  }));
  if (active) s.err << "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n";
  s.out << "deleted " << what << " " << name << " from " << file << "\n";
  return 0;
}

Result<int> help_only(Session& s) {
  print_help(s.command, s.path, s.out);
  return 0;
}

Result<int> delete_cluster(Session& s) { return s.words().size() != 1 ? help_only(s) : remove(s, &Config::clusters, "cluster"); }
Result<int> delete_context(Session& s) { return s.words().size() != 1 ? help_only(s) : remove(s, &Config::contexts, "context"); }
Result<int> delete_user(Session& s) {
  if (s.words().size() != 1) return usage_error("user to delete is required");
  return remove(s, &Config::users, "user");
}

}  // namespace

constexpr Command kCurrentContext{
    .use = "current-context [flags] [options]",
    .brief = "Display the current-context",
    .text = "Print the name of the current context.",
    .examples = "  # Which context counts\n  kubectl config current-context\n",
    .run = current_context,
};

constexpr Command kGetClusters{
    .use = "get-clusters [flags] [options]",
    .brief = "Display clusters defined in the kubeconfig",
    .text = "Print the names of all clusters.",
    .examples = "  # The clusters that are known\n  kubectl config get-clusters\n",
    .run = get_clusters,
};

constexpr Command kGetUsers{
    .use = "get-users [flags] [options]",
    .brief = "Display users defined in the kubeconfig",
    .text = "Print the names of all users.",
    .examples = "  # The users that are known\n  kubectl config get-users\n",
    .run = get_users,
};

constexpr Command kGetContexts{
    .use = "get-contexts [(-o|--output=)name)] [options]",
    .brief = "Describe one or many contexts",
    .text = "List contexts with their cluster, user and namespace. The current one has a star.",
    .examples = "  # All contexts\n  kubectl config get-contexts\n\n  # One of them\n  kubectl config get-contexts my-context\n",
    .flags = get_contexts_flags,
    .run = get_contexts,
    .complete = complete_contexts,
};

constexpr std::string_view kUseAliases[] = {"use"};
constexpr Command kUseContext{
    .use = "use-context CONTEXT_NAME [options]",
    .brief = "Set the current-context in a kubeconfig file",
    .text = "Make a context the one that counts when no --context is given.",
    .examples = "  # Talk to the cluster of this context from now on\n  kubectl config use-context edge\n",
    .run = use_context,
    .aliases = kUseAliases,
    .complete = complete_contexts,
};

constexpr Command kRenameContext{
    .use = "rename-context CONTEXT_NAME NEW_NAME [options]",
    .brief = "Rename a context from the kubeconfig file",
    .text = "Give a context another name. If it is the current one it stays so.",
    .examples = "  # Another name for 'default'\n  kubectl config rename-context default edge\n",
    .run = rename_context,
    .complete = complete_contexts,
};

constexpr Command kDeleteCluster{
    .use = "delete-cluster NAME [options]",
    .brief = "Delete the specified cluster from the kubeconfig",
    .text = "Delete a cluster entry. Contexts that name it stay as they are.",
    .examples = "  # Forget a cluster\n  kubectl config delete-cluster edge\n",
    .run = delete_cluster,
    .complete = complete_clusters,
};

constexpr Command kDeleteContext{
    .use = "delete-context NAME [options]",
    .brief = "Delete the specified context from the kubeconfig",
    .text = "Delete a context entry. Its cluster and user stay.",
    .examples = "  # Forget a context\n  kubectl config delete-context edge\n",
    .run = delete_context,
    .complete = complete_contexts,
};

constexpr Command kDeleteUser{
    .use = "delete-user NAME [options]",
    .brief = "Delete the specified user from the kubeconfig",
    .text = "Delete a user entry. Contexts that name it stay as they are.",
    .examples = "  # Forget a user\n  kubectl config delete-user edge-admin\n",
    .run = delete_user,
    .complete = complete_users,
};

}  // namespace skerry::kubectl::config
