#include "app/command_table.h"

namespace skerry::app {

std::vector<Option> version_options() {
  return {{"licenses", 0, OptionType::kBool, "false", "General", "print the notices of third-party parts"}};
}

namespace {
// What killall, uninstall and ready read themselves, for completion.
std::vector<Option> with_service(std::vector<Option> more) {
  more.insert(more.begin(), {"service", 0, OptionType::kList, "", "General", "name of a service that install.sh has set up", "NAME"});
  for (Option& o : all_options()) more.push_back(o);
  return more;
}
std::vector<Option> target_options() { return with_service({}); }
std::vector<Option> ready_options() {
  return with_service({{"timeout", 0, OptionType::kInt, "0", "General", "how long to wait", "SECONDS"},
                       {"current", 0, OptionType::kBool, "false", "General", "ask whether what runs is what is installed"}});
}
}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      {"server", "Run a cluster", run_server, "run the control plane, and a node unless told otherwise", server_options},
      {"agent", "Run a cluster", run_agent, "run a node that joins a server", agent_options},
      {"token", "Run a cluster", run_token, "print the token with which nodes join", all_options},

      {"kubectl", "Use a cluster", run_kubectl, "the Kubernetes client; also when this executable is called kubectl", nullptr, "..."},

      {"check-config", "Look after this machine", run_check_config, "tell what this machine has of what Skerry needs, and how to get the rest", check_config_options},
      {"images", "Look after this machine", run_images, "list, import and remove container images of this node", all_options, "list|import|remove"},
      {"killall", "Look after this machine", run_killall, "stop every pod of this node and remove what was set up for them", target_options},
      {"uninstall", "Look after this machine", run_uninstall, "stop everything, and remove Skerry and all its data from this machine", target_options},
      {"ready", "Look after this machine", run_ready, "wait until the node of this machine is ready", ready_options},

      {"completion", "Other", run_completion, "print the completion script of a shell", nullptr, "bash|zsh|fish"},
      {"version", "Other", run_version, "print the version", version_options},
      {"__complete", "", run_complete, "what may follow on a command line; called by completion scripts"},
  };
  return table;
}

const Command* find_command(std::string_view name) {
  for (auto& c : commands())
    if (c.name == name) return &c;
  return nullptr;
}

}  // namespace skerry::app
