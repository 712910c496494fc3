// The probes of host_checks.cc. Each does what Skerry will do, and says how it went.
#pragma once

#include <functional>

#include "app/host_checks.h"

namespace skerry::app::probes {

inline Probe ok(std::string detail = "") { return {HostState::kOk, std::move(detail), ""}; }
inline Probe degraded(std::string detail, std::string remedy = "") { return {HostState::kDegraded, std::move(detail), std::move(remedy)}; }
inline Probe missing(std::string detail, std::string remedy = "") { return {HostState::kMissing, std::move(detail), std::move(remedy)}; }

// Runs `probe` on a thread of its own with namespaces of its own (CLONE_NEWNET, CLONE_NEWNS); with CLONE_NEWNS, mounts do
// not propagate. Missing where they cannot be made.
Probe apart(int namespaces, const std::function<Probe()>& probe);

// host_probes_kernel.cc
Probe privileges(const HostContext&);
Probe namespaces(const HostContext&);
Probe safe_paths(const HostContext&);
Probe process_handles(const HostContext&);
Probe system_call_filter(const HostContext&);
Probe control_groups(const HostContext&);
Probe cpu_limits(const HostContext&);
Probe memory_limits(const HostContext&);
Probe process_limits(const HostContext&);
Probe device_rules(const HostContext&);

// host_probes_network.cc
Probe pod_links(const HostContext&);
Probe tunnel(const HostContext&);
Probe masquerade(const HostContext&);
Probe service_rules(const HostContext&);
Probe service_ebpf(const HostContext&);
Probe bridge_filter(const HostContext&);
Probe forwarding(const HostContext&);
Probe address(const HostContext&);
Probe name_servers(const HostContext&);
Probe ports(const HostContext&);
Probe firewall(const HostContext&);

// host_probes_disk.cc
Probe data_dir(const HostContext&);
Probe data_file_system(const HostContext&);
Probe disk_space(const HostContext&);
Probe executables(const HostContext&);
Probe overlay(const HostContext&);
Probe run_dir(const HostContext&);
Probe shared_mounts(const HostContext&);

// host_probes_limits.cc
Probe open_files(const HostContext&);
Probe file_watches(const HostContext&);
Probe process_numbers(const HostContext&);
Probe memory(const HostContext&);
Probe clock_sane(const HostContext&);
Probe randomness(const HostContext&);
Probe authorities(const HostContext&);
Probe host_name(const HostContext&);

// An existing folder on the file system where `path` will stand: itself or its nearest parent.
std::string nearest_folder(std::string path);

}  // namespace skerry::app::probes
