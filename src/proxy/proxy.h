// Proxy: keeps the node's data planes in step with Services and EndpointSlices.
//
// A reconciler keyed by Service. Cluster IPs go to the eBPF data plane where the kernel has what it needs, otherwise
// to nftables; node ports and outside addresses are always nftables'. Addresses of its own (the cluster DNS, led to
// the node's DNS server) are given as fixed frontends. The data planes stay as they are when Skerry stops.
// Threads: one reconcile at a time on the executor.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "client/controller.h"
#include "client/object_source.h"
#include "proxy/dataplane.h"

namespace skerry::proxy {

struct ProxyOptions {
  std::string node;
  std::string instance;
  std::string cluster_cidr;
  std::string cgroup_root;  // of cgroup v2; empty: none
  std::string pin_dir;
  std::string mode = "auto";  // "auto", "ebpf" (fail rather than fall back), "nftables"
  std::vector<Frontend> fixed;
  std::vector<std::string> own_services;  // "kube-system/kube-dns": the fixed frontends answer for these
};

class Proxy final : public client::Reconciler {
 public:
  // The sources have not been started. They outlive the proxy.
  static Result<std::unique_ptr<Proxy>> create(ProxyOptions options, client::ObjectSource& services,
                                               client::ObjectSource& endpoint_slices, Executor& executor);
  ~Proxy() override;

  void start();
  void stop();
  // A network namespace in which cluster IPs are to work.
  void set_namespace(uint64_t cookie, bool present);
  // "ebpf" or "nftables", and why not eBPF if so.
  std::string mode() const;
  std::string fallback_reason() const { return fallback_reason_; }

  Result<client::Outcome> reconcile(const client::Key& key) override;

 private:
  Proxy(ProxyOptions options, client::ObjectSource& services, client::ObjectSource& slices, Executor& executor);
  void on_slice(const api::ObjectPtr& before, const api::ObjectPtr& after);

  ProxyOptions options_;
  client::ObjectSource& services_;
  client::ObjectSource& slices_;
  std::unique_ptr<Dataplane> ebpf_;  // may be null
  std::unique_ptr<Dataplane> nftables_;
  std::string fallback_reason_;
  std::mutex mutex_;  // guards slices_of_ and the namespaces given to eBPF
  std::map<std::string, std::set<std::string>> slices_of_;  // service -> slices
  client::Controller controller_;
};

}  // namespace skerry::proxy
