#include "controllers/manager.h"

#include "client/cache_set.h"
#include "controllers/api_endpoints.h"
#include "controllers/deployment_controller.h"
#include "controllers/endpoints_controllers.h"
#include "controllers/garbage_collector.h"
#include "controllers/namespace_controller.h"
#include "controllers/namespace_defaults.h"
#include "controllers/node_ipam.h"
#include "controllers/pod_gc.h"
#include "controllers/replica_controller.h"
#include "controllers/token_controller.h"

namespace skerry::controllers {

struct Manager::State {
  State(client::Client& client, Executor& executor, const Clock& clock, const api::Catalog& catalog)
      : caches(client, executor), context{client, caches, executor, clock, catalog} {}

  client::CacheSet caches;
  Context context;
  std::vector<std::pair<std::string, std::unique_ptr<Part>>> parts;
  bool started = false, stopped = false;
};

Manager::Manager(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Manager>> Manager::create(ManagerOptions options, client::Client& client, Executor& executor,
                                                 const Clock& clock, const api::Catalog& catalog) {
  auto state = std::make_unique<State>(client, executor, clock, catalog);
  Context& c = state->context;
  auto add = [&](const char* name, std::unique_ptr<Part> part) { state->parts.emplace_back(name, std::move(part)); };
  add("namespace-defaults", std::make_unique<NamespaceDefaults>(c, options.root_ca_pem));
  add("namespace", std::make_unique<NamespaceController>(c));
  add("replicaset", std::make_unique<ReplicaController>(c, replica_set_kind()));
  add("replicationcontroller", std::make_unique<ReplicaController>(c, replication_controller_kind()));
  add("deployment", std::make_unique<DeploymentController>(c));
  add("endpointslice", std::make_unique<EndpointSliceController>(c));
  add("endpoints", std::make_unique<EndpointsController>(c));
  add("endpointslice-mirroring", std::make_unique<EndpointMirrorController>(c));
  add("api-endpoints", std::make_unique<ApiEndpoints>(c, options.api_addresses, options.api_port));
  add("node-lifecycle", std::make_unique<NodeLifecycle>(c, options.nodes));
  if (!options.cluster_cidr.empty())
    add("node-ipam", std::make_unique<NodeIpam>(c, TRY(CidrParts::parse(options.cluster_cidr, options.node_cidr_bits))));
  add("pod-gc", std::make_unique<PodGc>(c, options.most_terminated_pods));
  if (options.signer != nullptr)
    add("serviceaccount-token", std::make_unique<TokenController>(c, *options.signer, options.root_ca_pem, options.token_secret_per_account));
  add("garbage-collector", std::make_unique<GarbageCollector>(c));
  return std::unique_ptr<Manager>(new Manager(std::move(state)));
}

Manager::~Manager() { stop(); }

void Manager::start() {
  if (state_->started) return;
  state_->started = true;
  state_->caches.start();
  for (auto& [name, part] : state_->parts) part->start();
}

void Manager::stop() {
  if (state_->stopped) return;
  state_->stopped = true;
  for (auto& [name, part] : state_->parts) part->stop();
  // Handlers refer to the parts: they end before the parts go.
  state_->caches.stop();
}

bool Manager::ready() const { return state_->caches.synced(); }

std::vector<Manager::ControllerStats> Manager::stats() const {
  std::vector<ControllerStats> all;
  for (auto& [name, part] : state_->parts) {
    auto s = part->stats();
    all.push_back({name, s.runs, s.errors, s.queued});
  }
  return all;
}

}  // namespace skerry::controllers
