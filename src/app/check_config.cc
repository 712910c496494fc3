// `skerry check-config`: what this machine has of what Skerry relies on, and how to get the rest.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "app/host_checks.h"
#include "base/log.h"
#include "json/json.h"

namespace skerry::app {
namespace {

const char* word(HostState state) { return state == HostState::kOk ? "ok" : state == HostState::kDegraded ? "degraded" : "missing"; }

void print_text(const std::vector<HostFinding>& findings, int stopping) {
  std::string_view group;
  int lesser = 0;
  for (auto& f : findings) {
    if (f.check->group != group) std::cout << (group.empty() ? "" : "\n") << f.check->group << "\n";
    group = f.check->group;
    std::string state = word(f.state), name(f.check->name);
    std::cout << "  " << state << std::string(10 - state.size(), ' ') << name;
    if (!f.detail.empty()) std::cout << std::string(name.size() < 27 ? 27 - name.size() : 1, ' ') << f.detail;
    std::cout << "\n";
    if (f.state == HostState::kOk) continue;
    if (!f.stops()) ++lesser;
    std::cout << "              " << (f.stops() ? "stops Skerry: " : "without it: ") << f.check->without << "\n              to mend it: " << f.remedy << "\n";
  }
  std::cout << "\n";
  if (stopping > 0) std::cout << stopping << " of these " << (stopping == 1 ? "stops" : "stop") << " Skerry here." << (lesser > 0 ? " " : "\n");
  if (lesser > 0) std::cout << lesser << (lesser == 1 ? " makes" : " make") << " it less than it could be; it starts all the same.\n";
  if (stopping == 0 && lesser == 0) std::cout << "All is well.\n";
}

void print_json(const std::vector<HostFinding>& findings, int stopping) {
  Json checks = Json::array();
  for (auto& f : findings) {
    Json item = {{"name", f.check->name}, {"group", f.check->group}, {"state", word(f.state)}, {"required", f.check->required}, {"detail", f.detail}};
    if (f.state != HostState::kOk) {
      item["without"] = f.check->without;
      item["remedy"] = f.remedy;
    }
    checks.push_back(std::move(item));
  }
  std::cout << Json{{"checks", std::move(checks)}, {"stops", stopping}}.dump(2) << "\n";
}

}  // namespace

int run_check_config(const Args& args) {
  static int stopping;
  stopping = 0;
  int code = run_command({.name = "check-config",
                          .table = check_config_options(),
                          .help = "Tries what Skerry relies on in this machine: kernel, control groups, network, disk, limits. Says what is ok, degraded or\n"
                                  "missing, what that means, and how to mend it. Changes nothing.\n\n"
                                  "Exit code: 0 if Skerry can run here, 1 if something stops it.\n\n"
                                  "Usage: skerry check-config [--disable-agent] [--data-dir DIR] [--output text|json]\n\n"
                                  "It reads the configuration file and variables of server and agent.\n",
                          .forgives_files = true,
                          .run = [](const Options& options) -> Status {
                            log::set_level(log::Level::kError);
                            HostContext context = host_context(options, !options.flag("disable-agent"));
                            context.undo_all = true;
                            // Whoever holds the data directory has the ports too.
                            const int fd = ::open(context.layout.lock_file().c_str(), O_RDONLY | O_CLOEXEC);
                            const bool runs = fd >= 0 && ::flock(fd, LOCK_SH | LOCK_NB) != 0;
                            if (fd >= 0) ::close(fd);
                            if (!runs) {
                              context.api_port = static_cast<uint16_t>(options.given("server") ? 0 : options.number("https-listen-port"));
                              context.node_port = static_cast<uint16_t>(context.with_node ? options.number("kubelet-port") : 0);
                              context.bind_address = options.text("bind-address");
                            }
                            auto findings = check_host(context);
                            for (auto& f : findings) stopping += f.stops();
                            if (options.text("output") == "json") print_json(findings, stopping);
                            else print_text(findings, stopping);
                            return {};
                          }},
                         args);
  return code != 0 ? code : stopping > 0 ? 1 : 0;
}

}  // namespace skerry::app
