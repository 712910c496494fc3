// `kubectl exec`: runs a command in a container.
#include <unistd.h>

#include "kubectl/select.h"
#include "kubectl/streaming/attach.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/pods.h"
#include "kubectl/streaming/remote.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"container", 'c', kString, "",
              "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be "
              "attached or the first container in the pod will be chosen"},
             {"filename", 'f', kStrings, "", "to use to exec into the resource"},
             {"quiet", 'q', kBool, "false", "Only print output from the remote session"},
             {"stdin", 'i', kBool, "false", "Pass stdin to the container"},
             {"tty", 't', kBool, "false", "Stdin is a TTY"},
         } + std::vector<Flag>{pod_timeout_flag("1m0s")};
}

Result<int> run(Session& session) {
  const Flags& f = session.flags;
  const auto& words = session.words();
  auto filenames = f.list("filename");
  std::string resource;
  std::vector<std::string> command;
  int dash = f.words_before_dash();
  if (!words.empty() && dash != 0) resource = words[0];
  if (dash > -1) {
    command.assign(words.begin() + dash, words.end());
  } else if (words.size() > 1 || (!words.empty() && !filenames.empty())) {
    return usage_error("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
  }
  auto timeout = TRY(pod_timeout_of(session));
  if (resource.empty() && filenames.empty()) return plain_error("pod, type/name or --filename must be specified");
  if (command.empty()) return plain_error("you must specify at least one command for the container");

  bool quiet = f.boolean("quiet");
  Target target = TRY(target_of(session, resource, filenames, "cannot exec into multiple objects at a time"));
  Json pod = TRY(pod_of(session, target, timeout, PodOrder::kActive));
  std::string phase = json::str(pod, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") {
    return plain_error("cannot exec into a container in a completed pod; current phase is " + phase);
  }
  const Json* container = TRY(container_or_default(session, pod, f.text("container"), quiet));
  TerminalChoice terminal = choose_terminal(session, f.boolean("stdin"), f.boolean("tty"), quiet);
  RemoteCommand remote;
  remote.path = pod_path(pod, "exec");
  remote.query.emplace_back("container", json::str(*container, "name"));
  for (const std::string& word : command) remote.query.emplace_back("command", word);
  remote.tty = terminal.tty;
  remote.in_fd = terminal.in ? STDIN_FILENO : -1;
  remote.terminal_fd = STDIN_FILENO;
  remote.on_out = writer_to(session.out);
  remote.on_err = writer_to(session.err);
  return finish_remote(session, TRY(run_remote(session, remote)));
}

}  // namespace

const Command kExec{
    .use = "exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    .brief = "Execute a command in a container",
    .text = "",
    .examples = R"(  # The date, as the first container of pod mypod sees it
  kubectl exec mypod -- date

  # The same in the container ruby-container
  kubectl exec mypod -c ruby-container -- date

  # A shell with a terminal
  kubectl exec mypod -c ruby-container -i -t -- bash -il

  # Flags of the command stand after the two dashes
  kubectl exec mypod -i -t -- ls -t /usr

  # In the first pod of a deployment, or behind a service
  kubectl exec deploy/mydeployment -- date
  kubectl exec svc/myservice -- date)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
