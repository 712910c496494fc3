#include "runtime/oci_spec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/passwd.h"
#include "runtime/capabilities.h"
#include "runtime/seccomp.h"

namespace skerry::runtime {

namespace {

constexpr char kDefaultPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string read_in_root(const std::string& root, std::string_view path) {
  auto fd = os::open_in_root(root, path, O_RDONLY | O_NONBLOCK);
  if (!fd) return "";
  struct stat st;
  if (fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0) return "";
  std::string out(std::min<size_t>(st.st_size, 4 << 20), '\0');
  ssize_t n = read(fd->get(), out.data(), out.size());
  out.resize(n > 0 ? n : 0);
  return out;
}

// Entrypoint and arguments, by Kubernetes' rules.
std::vector<std::string> arguments(const ContainerConfig& c, const ImageConfig& image) {
  std::vector<std::string> out = c.command.empty() ? image.entrypoint : c.command;
  const std::vector<std::string>& args = !c.args.empty() ? c.args : c.command.empty() ? image.command : c.args;
  out.insert(out.end(), args.begin(), args.end());
  return out;
}

std::vector<std::string> environment(const SpecInput& in) {
  std::vector<std::string> order;
  std::map<std::string, std::string> values;
  auto put = [&](const std::string& name, const std::string& value) {
    if (!values.count(name)) order.push_back(name);
    values[name] = value;
  };
  auto put_text = [&](std::string_view text) {
    size_t equals = text.find('=');
    if (equals != std::string_view::npos) put(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  };
  put_text(kDefaultPath);
  if (in.container.tty) put("TERM", "xterm");
  std::string hostname = in.sandbox.hostname;
  if (hostname.empty()) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    hostname = name;
  }
  put("HOSTNAME", hostname);
  for (const std::string& text : in.image.env) put_text(text);
  for (const auto& [name, value] : in.container.env) put(name, value);
  std::vector<std::string> out;
  for (const std::string& name : order) out.push_back(name + "=" + values[name]);
  return out;
}

Result<Json> user(const SpecInput& in) {
  const User& wanted = in.container.user;
  std::string spec = wanted.uid ? std::to_string(*wanted.uid) : !wanted.name.empty() ? wanted.name : in.image.user;
  auto passwd = os::parse_passwd(read_in_root(in.rootfs, "/etc/passwd"));
  auto group = os::parse_group(read_in_root(in.rootfs, "/etc/group"));
  auto resolved = os::resolve_user(spec, passwd, group);
  if (!resolved) return Error(Reason::kInvalid, "unable to find user " + spec + ": no matching entries in passwd file");
  if (wanted.gid) resolved->gid = static_cast<uint32_t>(*wanted.gid);
  std::set<uint32_t> groups(resolved->groups.begin(), resolved->groups.end());
  for (int64_t gid : wanted.supplemental_groups) groups.insert(static_cast<uint32_t>(gid));
  groups.insert(resolved->gid);
  return Json{{"uid", resolved->uid}, {"gid", resolved->gid}, {"additionalGids", groups}};
}

// Like mkdir -p within the root: runc and crun differ in what they do about a missing working directory.
void make_working_directory(const std::string& root, const std::string& path) {
  if (os::open_in_root(root, path, O_PATH | O_DIRECTORY)) return;
  std::string done = "/";
  for (std::string_view part : split(path, '/')) {
    if (part.empty()) continue;
    auto parent = os::open_in_root(root, done, O_PATH | O_DIRECTORY);
    if (!parent || part == "..") return;
    (void)!mkdirat(parent->get(), std::string(part).c_str(), 0755);
    done += std::string(part) + "/";
  }
}

Json mount(std::string_view destination, std::string_view type, std::string_view source, std::vector<std::string> options) {
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

size_t depth(std::string_view path) { return static_cast<size_t>(std::count(path.begin(), path.end(), '/')); }

void add_cgroup_mounts(const SpecInput& in, Json& mounts) {
  const char* access = in.container.privileged ? "rw" : "ro";
  if (in.cgroups.layout() == os::Cgroups::Layout::kV2) {
    mounts.push_back(mount("/sys/fs/cgroup", "cgroup2", "cgroup", {"nosuid", "noexec", "nodev", "relatime", access}));
    return;
  }
  // The container's own groups where programs look for their limits.
  mounts.push_back(mount("/sys/fs/cgroup", "tmpfs", "tmpfs", {"nosuid", "noexec", "nodev", "mode=755", "size=64k"}));
  for (const os::Cgroups::Hierarchy& h : in.cgroups.hierarchies()) {
    if (h.controllers.empty()) continue;
    mounts.push_back(mount("/sys/fs/cgroup/" + h.name, "bind", in.cgroups.directory(h.controllers[0], in.cgroup),
                           {"bind", "nosuid", "noexec", "nodev", access}));
  }
}

Result<Json> mounts(const SpecInput& in, std::string& rootfs_propagation) {
  const ContainerConfig& c = in.container;
  Json defaults = Json::array();
  defaults.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  defaults.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  defaults.push_back(mount("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  defaults.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  defaults.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", c.privileged ? "rw" : "ro"}));
  add_cgroup_mounts(in, defaults);
  defaults.push_back(mount("/dev/shm", "bind", in.sandbox.host_ipc ? "/dev/shm" : in.shm_directory, {"rbind", "rprivate", "rw"}));

  std::vector<const Mount*> wanted;
  std::set<std::string> taken;
  for (const Mount& m : c.mounts) {
    wanted.push_back(&m);
    std::string path = m.container_path;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    taken.insert(path);
  }
  Json out = Json::array();
  for (Json& m : defaults)
    if (!taken.count(m["destination"].get<std::string>())) out.push_back(std::move(m));
  std::stable_sort(wanted.begin(), wanted.end(), [](const Mount* a, const Mount* b) { return depth(a->container_path) < depth(b->container_path); });
  for (const Mount* m : wanted) {
    if (m->container_path.empty() || m->container_path[0] != '/')
      return Error(Reason::kInvalid, "mount path \"" + m->container_path + "\" is not absolute");
    struct stat st;
    if (stat(m->host_path.c_str(), &st) != 0) TRY(os::make_dirs(m->host_path));
    std::vector<std::string> options = {"rbind"};
    switch (m->propagation) {
      case Mount::Propagation::kPrivate:
        options.push_back("rprivate");
        break;
      case Mount::Propagation::kHostToContainer:
        options.push_back("rslave");
        if (rootfs_propagation.empty()) rootfs_propagation = "rslave";
        break;
      case Mount::Propagation::kBidirectional:
        options.push_back("rshared");
        rootfs_propagation = "rshared";
        break;
    }
    options.push_back(m->recursive_read_only ? "rro" : m->read_only ? "ro" : "rw");
    out.push_back(mount(m->container_path, "bind", m->host_path, std::move(options)));
  }
  return out;
}

Result<Json> device(const std::string& host_path, const std::string& container_path, std::string_view permissions,
                    std::vector<std::string>& rules) {
  struct stat st;
  if (stat(host_path.c_str(), &st) != 0) return Error(Reason::kInvalid, "device " + host_path + " does not exist");
  if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) return Error(Reason::kInvalid, host_path + " is not a device");
  std::string type = S_ISCHR(st.st_mode) ? "c" : "b";
  rules.push_back(type + " " + std::to_string(major(st.st_rdev)) + ":" + std::to_string(minor(st.st_rdev)) + " " + std::string(permissions));
  return Json{{"path", container_path}, {"type", type}, {"major", major(st.st_rdev)}, {"minor", minor(st.st_rdev)},
              {"fileMode", st.st_mode & 0777}, {"uid", st.st_uid}, {"gid", st.st_gid}};
}

// Every device of the host's /dev, but for what a container has of its own.
void host_devices(const std::string& directory, Json& out, int level) {
  auto names = os::list_directory(directory);
  if (!names || level > 4) return;
  std::vector<std::string> unused;
  for (const std::string& name : *names) {
    std::string path = directory + "/" + name;
    struct stat st;
    if (lstat(path.c_str(), &st) != 0) continue;
    if (S_ISDIR(st.st_mode)) {
      if (level == 0 && (name == "pts" || name == "shm" || name == "fd" || name == "mqueue" || name == "hugepages" || starts_with(name, ".")))
        continue;
      host_devices(path, out, level + 1);
    } else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
      static constexpr std::string_view kOwn[] = {"console", "null", "zero", "full", "random", "urandom", "tty", "ptmx"};
      if (level == 0 && std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn)) continue;
      if (auto d = device(path, path, "rwm", unused)) out.push_back(std::move(*d));
    }
  }
}

int oom_score(int wanted, uint64_t capabilities) {
  constexpr uint64_t kSysResource = 1ull << 24;
  auto text = os::read_file("/proc/self/oom_score_adj", 64);
  int own = text ? static_cast<int>(parse_int(trim(*text)).value_or(0)) : 0;
  if (wanted >= own || (capabilities & kSysResource)) return wanted;
  LOG_WARN("runtime", "not permitted to lower oom_score_adj to " << wanted << ": it stays at " << own);
  return own;
}

}  // namespace

Result<Spec> make_spec(const SpecInput& in) {
  const ContainerConfig& c = in.container;
  std::vector<std::string> args = arguments(c, in.image);
  if (args.empty()) return Error(Reason::kInvalid, "no command specified");
  std::string cwd = !c.working_dir.empty() ? c.working_dir : !in.image.working_dir.empty() ? in.image.working_dir : "/";
  if (cwd[0] != '/') return Error(Reason::kInvalid, "working directory \"" + cwd + "\" is not absolute");
  if (cwd != "/") make_working_directory(in.rootfs, cwd);
  std::vector<std::string> capabilities = TRY(capability_set(c.add_capabilities, c.drop_capabilities, c.privileged, in.capabilities));

  Spec spec;
  spec.device_rules = {"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
                       "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm"};
  Json devices = Json::array();
  if (c.privileged) host_devices("/dev", devices, 0);
  for (const Device& d : c.devices)
    devices.push_back(TRY(device(d.host_path, d.container_path.empty() ? d.host_path : d.container_path, d.permissions, spec.device_rules)));
  if (c.privileged) spec.device_rules = {"a"};

  Json namespaces = Json::array({{{"type", "mount"}}});
  if (!in.pid_namespace.empty()) namespaces.push_back({{"type", "pid"}, {"path", in.pid_namespace}});
  else if (!in.sandbox.host_pid) namespaces.push_back({{"type", "pid"}});
  if (in.cgroups.layout() == os::Cgroups::Layout::kV2 && !c.privileged) namespaces.push_back({{"type", "cgroup"}});

  std::string propagation;
  Json all_mounts = TRY(mounts(in, propagation));
  Json linux = {{"namespaces", namespaces}, {"devices", devices}};
  if (!propagation.empty()) linux["rootfsPropagation"] = propagation;
  if (!c.privileged && !c.unmask_proc) {
    linux["maskedPaths"] = {"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                            "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
                            "/sys/firmware"};
    linux["readonlyPaths"] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  }
  if (!c.privileged) {
    Json seccomp = TRY(seccomp_profile(c.seccomp, capabilities));
    if (!seccomp.is_null()) linux["seccomp"] = std::move(seccomp);
  }
  Json process_user = TRY(user(in));  // not within the list below: what stands before it there would leak
  Json process = {{"terminal", c.tty},
                  {"user", process_user},
                  {"args", args},
                  {"env", environment(in)},
                  {"cwd", cwd},
                  {"noNewPrivileges", c.no_new_privileges},
                  {"oomScoreAdj", oom_score(c.resources.oom_score_adj, in.capabilities)},
                  {"capabilities", {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}}};
  spec.config = {{"ociVersion", "1.0.2"},
                 {"process", process},
                 {"root", {{"path", in.rootfs}, {"readonly", c.read_only_rootfs}}},
                 {"mounts", all_mounts},
                 {"linux", linux}};
  return spec;
}

Json make_exec_process(const Json& container_config, const std::vector<std::string>& command, bool tty, TerminalSize size) {
  Json process = json::find(container_config, "process");
  process["args"] = command;
  process["terminal"] = tty;
  if (tty) {
    Json& env = process["env"];
    bool has_term = std::any_of(env.begin(), env.end(), [](const Json& e) { return starts_with(e.get<std::string>(), "TERM="); });
    if (!has_term) env.push_back("TERM=xterm");
    if (size.width > 0 && size.height > 0) process["consoleSize"] = {{"width", size.width}, {"height", size.height}};
  }
  return process;
}

}  // namespace skerry::runtime
