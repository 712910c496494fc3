// `skerry uninstall`: killall, and then removes what install.sh and Skerry wrote: services, data, logs, configuration,
// executable. What others put there stays, and is named.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "app/take_down.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/process.h"

namespace skerry::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxScript = 1 << 20;

// What a data directory holds. By name, so that a data-dir of "/" or "/home" costs nobody's files; in bin, which is also a folder of the
// system's in "/" and "/usr", only the programs that are ours.
constexpr const char* kDataEntries[] = {"server", "agent", "images", "sandboxes", "containers", "bin/crun", "bin/crun.version", "lock"};
constexpr const char* kRunEntries[] = {"netns", "s", "c", "crun", "bpf", "ready"};

class Removal {
 public:
  explicit Removal(Complaints& complaints) : complaints_(complaints) {}

  // A file or a tree, said so. Never crosses into another file system: what is still mounted there is not ours to delete.
  void tree(const std::string& path) {
    if (!os::exists(path)) return;
    if (Status s = os::remove_tree(path); !s) return complaints_.add(s);
    std::cout << "removed " << path << std::endl;
  }
  // Only what install.sh wrote.
  void marked(const std::string& path) {
    auto text = os::read_file(path, kMaxScript);
    if (!text && text.error().is(Reason::kNotFound)) return;
    if (text && text->find(kInstallMark) != std::string::npos) return tree(path);
    std::cout << "kept " << path << ": not written by Skerry" << std::endl;
  }
  // `entries` of a folder, and the folder itself if nothing else is in it.
  template <class Entries>
  void entries(const std::string& dir, const Entries& entries) {
    if (!os::exists(dir)) return;
    bool all = true;
    for (const char* entry : entries) {
      const std::string path = dir + "/" + entry;
      if (!os::exists(path)) continue;
      if (Status s = os::remove_tree(path); !s) complaints_.add(s), all = false;
    }
    if (all) std::cout << "removed " << dir << std::endl;
    empty_folder(dir + "/bin", false);
    empty_folder(dir, true);
  }
  void empty_folder(const std::string& dir, bool say_what_stays) {
    struct stat st {};
    if (::lstat(dir.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) || os::is_mount_point(dir) || ::rmdir(dir.c_str()) == 0) return;
    auto left = os::list_directory(dir);
    if (!say_what_stays || !left || left->empty()) return;
    std::string names;
    for (auto& n : *left) names += (names.empty() ? "" : ", ") + n;
    std::cout << "kept " << dir << ": it holds what Skerry did not write (" << names << ")" << std::endl;
  }

 private:
  Complaints& complaints_;
};

void remove_service(const Service& service, Removal& remove, Complaints& complaints) {
  auto tool = [&](const std::vector<std::string>& argv) {
    if (Status s = run_tool(argv); !s && !s.error().is(Reason::kNotFound)) complaints.add(s);
  };
  if (service.manager == Service::Manager::kSystemd) {
    const std::string unit = service.name + ".service";
    (void)run_tool({"systemctl", "disable", unit});  // fails without a running systemd; the links go below
    std::error_code ec;
    const std::string folder = service.file.empty() ? "/etc/systemd/system" : fs::path(service.file).parent_path().string();
    for (auto& e : fs::directory_iterator(folder, ec))
      if (e.path().extension() == ".wants" && fs::is_symlink(e.path() / unit, ec)) fs::remove(e.path() / unit, ec);
    remove.tree(service.file);
    (void)run_tool({"systemctl", "reset-failed", unit});
    if (os::exists("/run/systemd/system")) tool({"systemctl", "daemon-reload"});
  } else {
    (void)run_tool({"rc-update", "delete", service.name, "default"});
    remove.tree(service.file);
    remove.marked("/etc/logrotate.d/" + service.name);
    remove.tree("/var/log/" + service.name + ".log");
  }
  if (!service.environment_file.empty()) remove.tree(service.environment_file);
}

// Logs of containers lie where every kubelet puts them. Another one's stay.
void remove_logs(const std::string& log_dir, const std::vector<Service>& others, Removal& remove) {
  auto used = [&](const Service& s) { return salvage(s).log_dir == log_dir; };
  auto kubelet = os::list_directory("/var/lib/kubelet/pods");
  if (std::any_of(others.begin(), others.end(), used) || (log_dir == "/var/log" && kubelet && !kubelet->empty())) {
    std::cout << "kept " << log_dir << "/pods: another node's pods log there too" << std::endl;
    return;
  }
  remove.tree(log_dir + "/pods");
  remove.tree(log_dir + "/containers");
}

// The executable, the links to it and the scripts beside it.
void remove_programs(const std::string& executable, const std::vector<std::string>& names, bool others, Removal& remove) {
  const std::string folder = fs::path(executable).parent_path();
  bool installed = false;
  for (const std::string& name : names) {
    const std::string script = folder + "/" + name + "-uninstall.sh";
    installed = installed || os::exists(script);
    remove.marked(script);
  }
  if (others) {
    std::cout << "kept " << executable << ": another service needs it" << std::endl;
    return;
  }
  remove.marked(folder + "/skerry-killall.sh");
  std::error_code ec;
  const std::string kubectl = folder + "/kubectl";
  if (fs::is_symlink(kubectl, ec)) {
    fs::path to = fs::read_symlink(kubectl, ec);
    if (to == "skerry" || to == executable) remove.tree(kubectl);
  }
  // One that was put there by other means is its owner's.
  if (installed) {
    remove.tree(executable);
    // What a download left that was cut off by the power.
    if (auto names_there = os::list_directory(folder))
      for (const std::string& name : *names_there)
        if (starts_with(name, ".skerry-") && name.size() == 14) remove.tree(folder + "/" + name);
  }
  if (folder == "/opt/bin") remove.empty_folder(folder, false);
}

int uninstall(const Targets& found) {
  Complaints complaints;
  Removal remove(complaints);
  for (const Target& target : found.targets) {
    if (!target.settings.complaint.empty()) std::cerr << "skerry uninstall: " << target.settings.complaint << "; going on with what is readable\n";
    take_down(target, complaints);
    const Layout& layout = target.settings.layout;
    remove.entries(layout.data_dir, kDataEntries);
    remove.entries(layout.run_dir, kRunEntries);
    remove_logs(target.settings.log_dir, found.others, remove);
  }
  std::string executable = os::own_executable();
  if (!complaints.list().empty()) {
    // The service's files say where things are: another try needs them.
    complaints.add("not everything could be removed; the service and " + executable + " stay for another try");
    return finish("uninstall", complaints);
  }
  std::vector<std::string> names;
  for (const Target& target : found.targets) {
    for (const Service& service : target.services) {
      names.push_back(service.name);
      if (!service.executable.empty() && os::exists(service.executable)) executable = service.executable;
      remove_service(service, remove, complaints);
    }
    remove.tree(target.settings.kubeconfig);
    if (found.others.empty()) {
      const fs::path config = target.settings.config;
      if (config != "/dev/null") remove.marked(config);
      remove.empty_folder(config.parent_path(), true);
    }
  }
  if (names.empty()) names = {"skerry", "skerry-agent"};  // the services are gone already: what they left
  remove_programs(executable, names, !found.others.empty(), remove);
  return finish("uninstall", complaints);
}

}  // namespace

int run_uninstall(const Args& args) {
  if (wants_help(args)) {
    std::cout << "Stops Skerry and every pod of this node, and removes Skerry from this machine: services, data, logs of pods,\n"
                 "configuration that install.sh wrote, the executable. There is no way back: volumes and the cluster's state are\n"
                 "deleted too.\n\n"
                 "Usage: skerry uninstall [--service NAME | --data-dir DIR --run-dir DIR --instance NAME]\n\n"
                 "Without flags: everything of Skerry that is installed here.\n";
    return 0;
  }
  auto found = find_targets(args);
  if (!found) {
    std::cerr << "skerry uninstall: " << found.error().message << "\n";
    return 2;
  }
  if (geteuid() != 0) {
    std::cerr << "skerry uninstall: this needs root\n";
    return 1;
  }
  return uninstall(*found);
}

}  // namespace skerry::app
