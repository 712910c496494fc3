#include "app/take_down.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "app/options.h"
#include "base/strings.h"
#include "network/pod_network.h"
#include "network/sysctls.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/process.h"
#include "proxy/dataplane.h"
#include "runtime/local_runtime.h"

namespace skerry::app {
namespace {

constexpr const char* kDescribing[] = {"data-dir", "run-dir", "instance", "config"};

// The words without --service and its value.
Result<Args> take_service(const Args& args, std::vector<std::string>& names) {
  Args rest;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--service") {
      if (++i == args.size()) return Error(Reason::kBadRequest, "--service needs a value");
      names.push_back(args[i]);
    } else if (starts_with(args[i], "--service=")) {
      names.push_back(args[i].substr(10));
    } else {
      rest.push_back(args[i]);
    }
  }
  return rest;
}

// The flags are good whatever configuration files and variables say.
Result<Options> check_flags(Args args) {
  args.insert(args.end(), {"--config", "/dev/null"});
  Options options(all_options());
  TRY(options.load(args, {}));
  if (!options.rest().empty()) return Error(Reason::kBadRequest, "unexpected argument \"" + options.rest()[0] + "\"");
  return options;
}

bool describes_one(const Args& args, const std::map<std::string, std::string>& environment) {
  for (const char* variable : {"SKERRY_DATA_DIR", "SKERRY_RUN_DIR", "SKERRY_INSTANCE", "SKERRY_CONFIG_FILE"})
    if (environment.contains(variable)) return true;
  for (const std::string& a : args) {
    if (a == "-d" || starts_with(a, "-d=") || a == "-c" || starts_with(a, "-c=")) return true;
    for (const char* name : kDescribing)
      if (a == std::string("--") + name || starts_with(a, std::string("--") + name + "=")) return true;
  }
  return false;
}

// Does the process see the files that we see?
bool same_mounts(const std::string& pid) {
  struct stat theirs {}, ours {};
  return ::stat(("/proc/" + pid + "/ns/mnt").c_str(), &theirs) == 0 && ::stat("/proc/self/ns/mnt", &ours) == 0 && theirs.st_ino == ours.st_ino &&
         theirs.st_dev == ours.st_dev;
}

// Processes that have the lock of the data directory open: the server or agent, and nobody else. The file may be damaged or
// deleted.
std::vector<pid_t> lock_holders(const std::string& lock_file) {
  std::vector<pid_t> out;
  struct stat lock {};
  const bool there = ::stat(lock_file.c_str(), &lock) == 0;
  const std::string deleted = lock_file + " (deleted)";
  auto pids = os::list_directory("/proc");
  if (!pids) return out;
  for (const std::string& name : *pids) {
    auto pid = parse_int(name);
    if (!pid || *pid == getpid()) continue;
    const std::string dir = "/proc/" + name + "/fd";
    auto fds = os::list_directory(dir);
    if (!fds) continue;
    for (const std::string& fd : *fds) {
      char target[4096];
      ssize_t n = ::readlink((dir + "/" + fd).c_str(), target, sizeof target);
      if (n <= 0) continue;
      std::string_view path(target, static_cast<size_t>(n));
      struct stat open {};
      bool same = there && ends_with(path, "/lock") && ::stat((dir + "/" + fd).c_str(), &open) == 0 && open.st_ino == lock.st_ino && open.st_dev == lock.st_dev;
      // A path says something only to those who see the same files.
      if (!same && (path != deleted || !same_mounts(name))) continue;
      out.push_back(static_cast<pid_t>(*pid));
      break;
    }
  }
  return out;
}

void end_process(pid_t pid, Complaints& complaints) {
  auto fd = os::open_pidfd(pid);
  if (!fd) return;  // ended meanwhile
  ::kill(pid, SIGTERM);
  if (os::wait_pidfd(fd->get(), std::chrono::seconds(10))) return;
  ::kill(pid, SIGKILL);
  if (!os::wait_pidfd(fd->get(), std::chrono::seconds(5))) complaints.add("process " + std::to_string(pid) + " does not end");
}

void stop_service(const Service& service, Complaints& complaints) {
  std::cout << "stopping " << service.name << std::endl;
  Status stopped = service.manager == Service::Manager::kSystemd ? run_tool({"systemctl", "stop", service.name + ".service"})
                                                                 : run_tool({"rc-service", "--ifexists", service.name, "stop"});
  // Without a service manager (a chroot, a container) there is nothing to stop; a service without a file may not be known.
  if (!stopped && !stopped.error().is(Reason::kNotFound) && !service.file.empty()) complaints.add(stopped, "stopping " + service.name);
}

}  // namespace

Status run_tool(const std::vector<std::string>& argv) {
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::string_view folder : split(folders, ':')) {
    if (folder.empty() || folder[0] != '/') continue;
    os::SpawnOptions spawn;
    spawn.program = std::string(folder) + "/" + argv[0];
    if (::access(spawn.program.c_str(), X_OK) != 0) continue;
    spawn.argv = argv;
    spawn.env = {"PATH=" + folders, "LC_ALL=C"};
    auto result = TRY(os::run_command(spawn, std::chrono::minutes(2)));
    if (result.exit_code != 0) {
      std::string output(trim(result.output));
      return internal_error(argv[0] + " ended with " + std::to_string(result.exit_code) + (output.empty() ? "" : ": " + output));
    }
    return {};
  }
  return Error(Reason::kNotFound, "no program " + argv[0]);
}

bool wants_help(const Args& args) {
  return std::any_of(args.begin(), args.end(), [](const std::string& a) { return a == "--help" || a == "-h"; });
}

Result<Targets> find_targets(const Args& all_args) {
  std::vector<std::string> names;
  const Args args = TRY(take_service(all_args, names));
  TRY(check_flags(args));
  const auto environment = process_environment();
  std::vector<Service> services = find_services();

  Targets out;
  auto target_for = [&](Salvaged settings) -> Target& {
    for (Target& t : out.targets)
      if (t.settings.layout.data_dir == settings.layout.data_dir) return t;
    out.targets.push_back({{}, std::move(settings)});
    return out.targets.back();
  };
  const bool described = describes_one(args, environment);
  if (described || names.empty()) {
    Salvaged settings = salvage(args, environment);
    // By default: whatever is configured, if there is anything of it.
    if (described || os::exists(settings.layout.data_dir) || os::exists(settings.layout.run_dir)) target_for(std::move(settings));
  }
  for (const std::string& name : names) {
    if (std::any_of(services.begin(), services.end(), [&](const Service& s) { return s.name == name; })) continue;
    Target& target = target_for(salvage(args, environment));
    std::cerr << "skerry: the file of the service " << name << " is gone; going on with the settings in " << target.settings.config << "\n";
    // Its manager may still know it.
    Service lost;
    lost.name = name;
    lost.manager = os::exists("/run/systemd/system") ? Service::Manager::kSystemd : Service::Manager::kOpenrc;
    lost.environment_file = "/etc/skerry/" + name + ".env";
    target.services.push_back(std::move(lost));
  }
  for (Service& service : services) {
    Salvaged settings = salvage(service);
    bool meant = std::find(names.begin(), names.end(), service.name) != names.end();
    if (!meant && names.empty()) {
      meant = !described;
      for (const Target& t : out.targets) meant = meant || t.settings.layout.data_dir == settings.layout.data_dir;
    }
    if (meant) target_for(std::move(settings)).services.push_back(std::move(service));
    else out.others.push_back(std::move(service));
  }
  return out;
}

void take_down(const Target& target, Complaints& complaints) {
  for (const Service& service : target.services) stop_service(service, complaints);
  const Layout& layout = target.settings.layout;
  for (pid_t pid : lock_holders(layout.lock_file())) end_process(pid, complaints);
  if (!valid_instance(layout.instance)) {
    complaints.add("\"" + layout.instance + "\" is no instance; its pods and network are not looked for");
    return;
  }
  runtime::RuntimeOptions runtime;
  runtime.data_dir = layout.data_dir;
  runtime.run_dir = layout.run_dir;
  runtime.instance = layout.runtime_instance();
  complaints.add(proxy::remove_ebpf(layout.pin_dir()));
  complaints.add(runtime::remove_everything(runtime));
  complaints.add(network::remove_all(layout.instance));
  complaints.add(network::restore_sysctls(layout.network_dir()));
  // Volumes in memory.
  complaints.add(os::unmount_below(layout.agent_dir() + "/pods"));
  complaints.add(os::remove_file(layout.network_dir() + "/addresses"));
  complaints.add(os::remove_file(layout.ready_file()));
}

int finish(const std::string& command, const Complaints& complaints) {
  for (const std::string& c : complaints.list()) std::cerr << "skerry " << command << ": " << c << "\n";
  return complaints.list().empty() ? 0 : 1;
}

}  // namespace skerry::app
