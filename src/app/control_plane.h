// ControlPlaneProcess: store, API server, controllers and scheduler of one server, built in order.
#pragma once

#include <memory>
#include <string>

#include "api/catalog.h"
#include "app/layout.h"
#include "app/options.h"
#include "apiserver/control_plane.h"
#include "apiserver/server.h"
#include "auth/pki.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "client/cache_set.h"
#include "controllers/manager.h"
#include "registry/registry.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

namespace skerry::app {

class ControlPlaneProcess {
 public:
  // Opens everything and serves the API; controllers follow.
  static Result<std::unique_ptr<ControlPlaneProcess>> start(const Options& options, const Layout& layout,
                                                            const std::string& node_ip, const Clock& clock, Random& random);
  ~ControlPlaneProcess();

  // Have the controllers read everything? The API answers before.
  bool ready() const;

  const auth::Pki& pki() const { return *pki_; }
  const apiserver::ClusterConfig& cluster() const { return cluster_; }
  // For the node in this process: its identity is the node's, like a remote one's.
  std::unique_ptr<client::Client> node_client(const std::string& node_name);

 private:
  ControlPlaneProcess() = default;
  void label_own_node(const std::string& name);
  Status write_files(const Options& options, const Layout& layout);

  apiserver::ClusterConfig cluster_;
  uint16_t port_ = 6443;
  // In the order they are built; destroyed the other way round.
  std::unique_ptr<Executor> executor_, housekeeping_;
  api::Catalog catalog_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<auth::Pki> pki_;
  std::unique_ptr<apiserver::ControlPlane> control_plane_;
  std::unique_ptr<apiserver::Server> server_;
  std::unique_ptr<client::Client> controller_client_, scheduler_client_;
  std::unique_ptr<controllers::Manager> manager_;
  std::unique_ptr<client::CacheSet> scheduler_caches_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
};

// The tenth address of the service network, unless --cluster-dns says otherwise.
Result<std::string> cluster_dns(const Options& options);

}  // namespace skerry::app
