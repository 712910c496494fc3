// `kubectl attach`: input and output of a process that a container runs already.
#include "kubectl/streaming/attach.h"

#include <unistd.h>

#include "kubectl/select.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/pods.h"
#include "kubectl/streaming/remote.h"
#include "kubectl/streaming/terminal.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"container", 'c', kString, "",
              "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be "
              "attached or the first container in the pod will be chosen"},
             {"quiet", 'q', kBool, "false", "Only print output from the remote session"},
             {"stdin", 'i', kBool, "false", "Pass stdin to the container"},
             {"tty", 't', kBool, "false", "Stdin is a TTY"},
         } + std::vector<Flag>{pod_timeout_flag("1m0s")};
}

std::string reattach_hint(const Json& pod, const std::string& name, const AttachOptions& options, bool raw) {
  if (options.quiet || !options.in || !raw || json::str(pod, {"spec", "restartPolicy"}, "Always") != "Always") return "";
  std::string list, how = "'" + options.command_name + " " + pod_name(pod) + " -c " + name + " -i -t'";
  find_container(pod, name, &list);
  if (list == "ephemeralContainers") {
    return "Session ended, the ephemeral container will not be restarted but may be reattached using " + how + " if it is still running\n";
  }
  return "Session ended, resume using " + how + " command when the pod is running\n";
}

Result<int> run(Session& session) {
  const auto& words = session.words();
  if (words.empty()) return plain_error("at least 1 argument is required for attach");
  if (words.size() > 2) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return plain_error("expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw " + std::to_string(words.size()) + ": [" + all + "]");
  }
  auto timeout = TRY(pod_timeout_of(session));
  std::string resource = words.size() == 2 ? words[0] + "/" + words[1] : words[0];
  Target target = TRY(target_of(session, resource, {}, "cannot attach to multiple objects at a time"));
  Json pod = TRY(pod_of(session, target, timeout, PodOrder::kActive));
  std::string phase = json::str(pod, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") {
    return plain_error("cannot attach a container in a completed pod; current phase is " + phase);
  }
  AttachOptions options;
  options.in = session.flags.boolean("stdin");
  options.tty = session.flags.boolean("tty");
  options.quiet = session.flags.boolean("quiet");
  const Json* container = TRY(container_or_default(session, pod, session.flags.text("container"), options.quiet));
  TRY(attach_to(session, pod, *container, options));
  return 0;
}

}  // namespace

TerminalChoice choose_terminal(Session& session, bool in, bool tty, bool quiet) {
  if (!in || !tty) return {in, false};
  if (is_terminal(STDIN_FILENO)) return {true, true};
  if (!quiet) session.err << "Unable to use a TTY - input is not a terminal or the right kind of file\n" << std::flush;
  return {true, false};
}

Status attach_to(Session& session, const Json& pod, const Json& container, const AttachOptions& options) {
  std::string name = json::str(container, "name");
  bool tty = options.tty, has_tty = json::boolean(container, "tty");
  if (tty && !has_tty) {
    tty = false;
    if (!options.quiet) session.err << "error: Unable to use a TTY - container " << name << " did not allocate one\n" << std::flush;
  }
  TerminalChoice terminal = choose_terminal(session, options.in, tty, options.quiet);
  RemoteCommand remote;
  remote.path = pod_path(pod, "attach");
  remote.query.emplace_back("container", name);
  // A container with a terminal has one output; asking for two would be refused.
  remote.tty = terminal.tty || (!tty && has_tty);
  remote.in_fd = terminal.in ? STDIN_FILENO : -1;
  remote.terminal_fd = terminal.tty ? STDIN_FILENO : -1;
  remote.redraw = true;
  remote.on_out = writer_to(session.out);
  remote.on_err = writer_to(session.err);
  if (!options.quiet) {
    session.err << "All commands and output from this session will be recorded in container logs, including credentials and sensitive "
                   "information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n"
                << std::flush;
  }
  int code = TRY(run_remote(session, remote));
  if (code != 0) return plain_error("command terminated with exit code " + std::to_string(code));
  session.out << reattach_hint(pod, name, options, terminal.tty) << std::flush;
  return {};
}

const Command kAttach{
    .use = "attach (POD | TYPE/NAME) -c CONTAINER",
    .brief = "Attach to a running container",
    .text = "Attach to a process that is already running inside an existing container.",
    .examples = R"(  # The output of the running pod mypod
  kubectl attach mypod

  # Of its container ruby-container
  kubectl attach mypod -c ruby-container

  # With input and a terminal
  kubectl attach mypod -c ruby-container -i -t

  # Of the first pod of a replica set
  kubectl attach rs/nginx)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
