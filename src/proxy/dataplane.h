// Dataplane: what leads packets or sockets from a Service's address to a backend.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "proxy/frontend.h"

namespace skerry::proxy {

class Dataplane {
 public:
  virtual ~Dataplane() = default;  // leaves everything in the kernel: services go on while skerry is not running
  virtual std::string_view name() const = 0;
  // Replaces what `service` has; none: it is gone. One caller at a time.
  virtual Status set(const std::string& service, const std::vector<Frontend>& frontends) = 0;
  // Makes the kernel agree with all that was set; called after a burst of set()s, and removes what an earlier run left.
  virtual Status commit() = 0;
  virtual void set_namespace(uint64_t cookie, bool present) = 0;
};

struct EbpfOptions {
  std::string cgroup_root;  // where cgroup v2 is mounted
  std::string pin_dir;      // on a bpffs; mounted here if it is not one yet
};
// Socket level, by eBPF. Takes cluster IPs (and external IPs, for local clients); node ports stay nftables'.
// NotImplemented with the reason where the kernel cannot.
Result<std::unique_ptr<Dataplane>> make_ebpf_dataplane(const EbpfOptions& options);

struct NftablesOptions {
  std::string table;         // its name
  std::string cluster_cidr;  // what comes from elsewhere is masqueraded on the way to a backend
  bool cluster_ips = false;  // also cluster IPs (where there is no eBPF)
  // The pods' bridge, if the kernel does not show bridged packets to its filters (no br_netfilter): then the answers of a
  // pod to its neighbours on the bridge would not be translated back, so their requests come from the node's address.
  std::string untracked_bridge;
};
Result<std::unique_ptr<Dataplane>> make_nftables_dataplane(const NftablesOptions& options);

// Detaches and unmounts what an instance left; works without a Dataplane. The nftables table goes with the pod network's.
Status remove_ebpf(const std::string& pin_dir);

}  // namespace skerry::proxy
