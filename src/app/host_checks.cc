#include "app/host_checks.h"

#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>

#include "app/host_probes.h"
#include "app/lifecycle.h"
#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"

namespace skerry::app {
namespace {

// The table. Order: what stops a start first, within each group.
constexpr const char *kKernel = "Kernel", *kGroups = "Control groups", *kNetwork = "Network", *kDisk = "Disk", *kLimits = "Limits and settings";

const std::vector<HostCheck> kChecks = {
    {"privileges", kKernel, true, true, "pods cannot be started", probes::privileges,
     "run Skerry as root, outside of containers or in a privileged one"},
    {"namespaces", kKernel, true, true, "pods cannot be started", probes::namespaces,
     "use a kernel with CONFIG_NAMESPACES, UTS_NS, IPC_NS, PID_NS and NET_NS", "", "NAMESPACES"},
    {"safe paths", kKernel, true, true, "images cannot be unpacked", probes::safe_paths, "use Linux 5.6 or newer (openat2)"},
    {"process handles", kKernel, true, true, "pods cannot be watched", probes::process_handles, "use Linux 5.3 or newer (pidfd_open)"},
    {"system call filter", kKernel, true, false, "containers with the seccomp profile RuntimeDefault or Localhost do not start", probes::system_call_filter,
     "use a kernel with CONFIG_SECCOMP_FILTER", "", "SECCOMP_FILTER"},

    {"control groups", kGroups, true, true, "pods cannot be started", probes::control_groups,
     "mount them: mount -t cgroup2 none /sys/fs/cgroup (systemd and OpenRC do it at boot)"},
    {"memory limits", kGroups, true, false, "memory limits of pods are not enforced, and their use of memory is not known", probes::memory_limits,
     "add cgroup_enable=memory cgroup_memory=1 to the one line of /boot/firmware/cmdline.txt (Raspberry Pi OS; older: /boot/cmdline.txt) or to the "
     "kernel's command line in the boot loader, and reboot",
     "", "MEMCG"},
    {"cpu limits", kGroups, true, false, "CPU requests and limits of pods are not enforced", probes::cpu_limits,
     "use a kernel with CONFIG_CGROUP_SCHED and CONFIG_CFS_BANDWIDTH", "", "CFS_BANDWIDTH"},
    {"process limits", kGroups, true, false, "a pod can use up all process numbers", probes::process_limits, "use a kernel with CONFIG_CGROUP_PIDS", "", "CGROUP_PIDS"},
    {"device rules", kGroups, true, false, "containers are not kept from devices of the host by the kernel", probes::device_rules,
     "use a kernel with CONFIG_CGROUP_DEVICE and, for control groups version 2, CONFIG_CGROUP_BPF", "", "CGROUP_BPF"},

    {"pod links", kNetwork, true, true, "pods have no network", probes::pod_links, "use a kernel with CONFIG_VETH and CONFIG_BRIDGE", "veth", "VETH"},
    {"masquerade", kNetwork, true, true, "pods have no network", probes::masquerade, "use a kernel with nf_tables, NFT_NAT and NFT_MASQ", "nft_masq", "NF_TABLES"},
    {"own address", kNetwork, true, true, "the node cannot tell its address", probes::address,
     "give the machine a default route, or say its address: --node-ip, or node-ip in the configuration file"},
    {"ports", kNetwork, false, true, "neither the API nor the node can be reached", probes::ports,
     "stop the program that has them (ss -ltnp), or choose others: --https-listen-port, --kubelet-port"},
    {"forwarding", kNetwork, true, false, "pods reach nothing beyond this node", probes::forwarding, "sysctl -w net.ipv4.ip_forward=1"},
    {"tunnel", kNetwork, true, false, "pods do not reach pods of other nodes", probes::tunnel, "use a kernel with CONFIG_VXLAN", "vxlan", "VXLAN"},
    {"service rules", kNetwork, true, false, "node ports, host ports and outside addresses of Services do not work", probes::service_rules,
     "use a kernel with NFT_FIB_IPV4, NFT_NUMGEN, NFT_CT, NFT_REJECT and NFT_REDIR", "nft_numgen", "NFT_NUMGEN"},
    {"service addresses by eBPF", kNetwork, true, false, "cluster addresses are led by nftables, which costs more for each connection", probes::service_ebpf,
     "use Linux 5.12 or newer with CONFIG_CGROUP_BPF, and mount control groups version 2", "", "CGROUP_BPF"},
    {"bridge filter", kNetwork, true, false, "while cluster addresses are led by nftables, pods see the node's address where a neighbour on the same node calls them",
     probes::bridge_filter, "sysctl -w net.bridge.bridge-nf-call-iptables=1", "br_netfilter", "BRIDGE_NETFILTER"},
    {"firewall", kNetwork, true, false, "packets of pods, or those of other nodes to this one, may be dropped", probes::firewall,
     "let it accept what comes from and goes to cluster-cidr and service-cidr, and from other nodes TCP 6443 and 10250 and UDP 8472"},
    {"name servers", kNetwork, true, false, "names outside the cluster are not found", probes::name_servers,
     "put a nameserver line into /etc/resolv.conf, or name another file with --resolv-conf", "", "", true},

    {"data directory", kDisk, false, true, "nothing can be kept", probes::data_dir, "make it writable, or choose another with --data-dir"},
    {"disk space", kDisk, false, true, "nothing can be kept", probes::disk_space, "make room, or choose another place with --data-dir", "", "", true},
    {"executables", kDisk, true, true, "containers cannot be started", probes::executables, "mount the file system of --data-dir without noexec"},
    {"durable disk", kDisk, false, false, "what is acknowledged may be lost with the power, or by another machine's writes", probes::data_file_system,
     "put --data-dir on a local file system such as ext4, xfs, btrfs or f2fs"},
    {"overlay", kDisk, true, false, "each container gets a full copy of its image: starts are slow and take room", probes::overlay,
     "put --data-dir on a file system that overlayfs takes (ext4, xfs, btrfs, f2fs)", "overlay", "OVERLAY_FS"},
    {"run directory", kDisk, true, false, "after a power cut, leftovers of pods are in the way of the next start for a moment", probes::run_dir,
     "put --run-dir on a tmpfs such as /run"},
    {"shared mounts", kDisk, true, false, "volumes with mountPropagation do not propagate", probes::shared_mounts, "mount --make-rshared /"},

    {"clock", kLimits, false, false, "certificates are not valid yet for others, and those made now expire wrongly", probes::clock_sane,
     "set it: timedatectl set-ntp true, or date -s", "", "", true},
    {"randomness", kLimits, false, false, "a start waits until the kernel has gathered enough", probes::randomness, "install rng-tools or haveged, or use a newer kernel", "", "", true},
    {"memory", kLimits, false, false, "pods may be killed for lack of it", probes::memory, "add memory"},
    {"open files", kLimits, false, false, "many pods or many watches fail with \"too many open files\"", probes::open_files,
     "LimitNOFILE=1048576 in the unit; with OpenRC rc_ulimit=\"-n 1048576\""},
    {"file watches", kLimits, true, false, "what changes in the images directory is seen late; programs in pods fail with \"no space left\"", probes::file_watches,
     "sysctl -w fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536"},
    {"process numbers", kLimits, true, false, "many pods fail to start", probes::process_numbers, "sysctl -w kernel.pid_max=4194304 kernel.threads-max=126000"},
    {"certificate authorities", kLimits, true, false, "images cannot be pulled from public registries", probes::authorities, "install the package ca-certificates"},
    {"node name", kLimits, true, true, "the node cannot register", probes::host_name, "give the machine a name of [a-z0-9.-], or say one with --node-name"},
};

// 'y', 'm', 'n', or 0 where the kernel does not tell.
char kernel_option(std::string_view name) {
  utsname system{};
  uname(&system);
  std::string text;
  for (const std::string& path : {std::string("/proc/config.gz"), std::string("/boot/config-") + system.release}) {
    gzFile file = gzopen(path.c_str(), "rbe");  // reads plain files too
    if (file == nullptr) continue;
    char buffer[65536];
    for (int n; text.size() < (4u << 20) && (n = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    gzclose(file);
    if (!text.empty()) break;
  }
  if (text.empty()) return 0;
  const std::string set = "\nCONFIG_" + std::string(name) + "=";
  size_t at = text.find(set);
  if (at == std::string::npos) return text.find("CONFIG_") == std::string::npos ? 0 : 'n';
  return text[at + set.size()];
}

// What is known of this kernel beats what holds for all.
std::string kernel_remedy(const HostCheck& check) {
  const char have = check.option.empty() ? 0 : kernel_option(check.option);
  if (have == 'n') return "this kernel was built without CONFIG_" + std::string(check.option) + ": use your distribution's standard kernel";
  if (check.module.empty() || have == 'y') return "";
  utsname system{};
  uname(&system);
  const std::string modules = std::string("/lib/modules/") + system.release;
  if (os::exists("/proc/modules") && !os::exists(modules))
    return "the modules of the running kernel (" + modules + ") are not there: reboot if the kernel was upgraded";
  auto known = os::read_file(modules + "/modules.dep");
  if (known && known->find("/" + std::string(check.module) + ".ko") == std::string::npos)
    return "install the module " + std::string(check.module) + " for " + system.release + " (Ubuntu: linux-modules-extra-" +
           (std::string_view(system.release).find("raspi") == std::string_view::npos ? std::string(system.release) : "raspi") + ")";
  std::string out = "modprobe " + std::string(check.module) + ", and for the next boots: echo " + std::string(check.module) + " > /etc/modules-load.d/skerry-" +
                    std::string(check.module) + ".conf";
  return out;
}

}  // namespace

HostContext host_context(const Options& options, bool with_node) {
  HostContext c;
  c.layout = layout_of(options);
  c.with_node = with_node;
  c.node_ip_given = !options.text("node-ip").empty();
  c.service_proxy = options.text("service-proxy");
  c.resolv_conf = resolv_conf(options);
  c.node_name = node_name(options);
  return c;
}

const std::vector<HostCheck>& host_checks() { return kChecks; }

std::vector<HostFinding> check_host(const HostContext& context) {
  std::vector<HostFinding> out;
  for (const HostCheck& check : kChecks) {
    if (check.node_only && !context.with_node) continue;
    Probe probe = check.probe(context);
    HostFinding f{&check, probe.state, std::move(probe.detail), std::move(probe.remedy)};
    // Without rights nothing can be tried: that is no news about the kernel.
    const bool refused = f.detail.find("Operation not permitted") != std::string::npos || f.detail.find("Permission denied") != std::string::npos;
    if (f.state != HostState::kOk && f.remedy.empty() && refused && geteuid() != 0) f.remedy = "try again as root";
    if (f.state != HostState::kOk && f.remedy.empty()) f.remedy = kernel_remedy(check);
    if (f.state != HostState::kOk && f.remedy.empty()) f.remedy = check.remedy;
    out.push_back(std::move(f));
  }
  return out;
}

void log_findings(const std::vector<HostFinding>& findings) {
  for (auto& f : findings) {
    if (f.state == HostState::kOk) continue;
    std::string line = "this machine: " + summary(f) + "; to mend it: " + f.remedy;
    if (f.stops()) LOG_ERROR("host", line);
    else LOG_WARN("host", line);
  }
}

std::string summary(const HostFinding& f) {
  return std::string(f.check->name) + (f.state == HostState::kMissing ? " missing" : " degraded") + " (" + std::string(f.check->without) + ")" +
         (f.detail.empty() ? "" : ": " + f.detail);
}

}  // namespace skerry::app
