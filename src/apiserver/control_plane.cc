#include "apiserver/control_plane.h"

#include "admission/plugins.h"
#include "apiserver/defaults.h"
#include "auth/default_roles.h"
#include "auth/node_authorizer.h"
#include "base/guarded.h"
#include "client/controller.h"

namespace skerry::apiserver {
namespace {

// Fills cluster roles that collect others' rules. One key: all of them.
class Aggregator final : public client::Reconciler {
 public:
  Aggregator(registry::Registry& registry, client::Client& client) : registry_(registry), client_(client) {}

  Result<client::Outcome> reconcile(const client::Key&) override {
    const auto all = registry_.objects(api::kClusterRoles);
    for (const auto& object : all) {
      if (object->bytes()->find("\"aggregationRule\"") == std::string::npos) continue;
      Json role = object->json();
      auto rules = auth::aggregate(role, all);
      if (!rules) continue;
      role["rules"] = std::move(*rules);
      TRY(client_.update(api::kClusterRoles, "", std::move(role)));
    }
    return client::Outcome{};
  }

 private:
  registry::Registry& registry_;
  client::Client& client_;
};

// What observers use: may outlive the control plane, as the registry keeps its observers.
struct Indexes {
  auth::Rbac rbac;
  auth::NodeAuthorizer nodes;
  Guarded<std::function<void()>> cluster_roles_changed;
};

const api::Gvr kRbacKinds[] = {api::kRoles, api::kRoleBindings, api::kClusterRoles, api::kClusterRoleBindings};

admission::Reader make_reader(registry::Registry& registry) {
  return {[&registry](const api::Gvr& gvr, const std::string& ns, const std::string& name) { return registry.find(gvr, ns, name); },
          [&registry](const api::Gvr& gvr, const std::string& ns) { return registry.objects(gvr, ns); }};
}

auth::ObjectLookup make_lookup(registry::Registry& registry) {
  return [&registry](const api::Gvr& gvr, const std::string& ns, const std::string& name) -> Result<api::ObjectPtr> {
    auto object = registry.find(gvr, ns, name);
    if (!object) return Error(Reason::kNotFound, gvr.resource + " \"" + name + "\" not found");
    return object;
  };
}

}  // namespace

struct ControlPlane::State {
  State(ControlPlaneOptions o, registry::Registry& r, const api::Catalog& c, const auth::Pki& p, Executor& e, const Clock& clock,
        Random& random, auth::TokenSigner s)
      : options(std::move(o)), registry(r), pki(p), executor(e), signer(std::move(s)), tokens(signer, clock, make_lookup(r)),
        indexes(std::make_shared<Indexes>()), authorizer({&indexes->nodes, &indexes->rbac}),
        admission(admission::make_default_chain(make_reader(r), random)),
        pipeline({r, c, authorizer, indexes->rbac, admission, signer, tokens, clock, random}),
        own_client(pipeline, e, component_identity("system:apiserver")), aggregator(r, own_client),
        controller("clusterrole-aggregation", aggregator, e) {}

  const ControlPlaneOptions options;
  registry::Registry& registry;
  const auth::Pki& pki;
  Executor& executor;
  auth::TokenSigner signer;
  auth::TokenAuthenticator tokens;
  std::shared_ptr<Indexes> indexes;
  auth::AuthorizerChain authorizer;
  admission::Chain admission;
  Pipeline pipeline;
  LocalClient own_client;
  Aggregator aggregator;
  client::Controller controller;
};

ControlPlane::ControlPlane(std::unique_ptr<State> state) : state_(std::move(state)) {}

ControlPlane::~ControlPlane() { stop(); }

Result<std::unique_ptr<ControlPlane>> ControlPlane::create(ControlPlaneOptions options, registry::Registry& registry,
                                                           const api::Catalog& catalog, const auth::Pki& pki,
                                                           Executor& executor, const Clock& clock, Random& random) {
  auth::TokenSigner signer = TRY(auth::TokenSigner::create(pki.token_key_pem(), options.issuer));
  auto state = std::make_unique<State>(std::move(options), registry, catalog, pki, executor, clock, random, std::move(signer));
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(state)));
}

Status ControlPlane::start() {
  using Moment = registry::Registry::Moment;
  State& s = *state_;
  *s.indexes->cluster_roles_changed.lock() = [&controller = s.controller] { controller.enqueue("all"); };
  for (const auto& gvr : kRbacKinds) {
    s.registry.observe(gvr, Moment::kFirst, [indexes = s.indexes, gvr](const registry::Event& event) {
      if (event.after) indexes->rbac.set(gvr, event.after);
      else indexes->rbac.erase(gvr, event.object().key());
    });
    if (gvr == api::kClusterRoles)
      s.registry.observe(gvr, Moment::kAfter, [indexes = s.indexes](const registry::Event&) {
        if (auto changed = indexes->cluster_roles_changed.lock(); *changed) (*changed)();
      });
    for (const auto& object : s.registry.objects(gvr)) s.indexes->rbac.set(gvr, object);
  }
  s.registry.observe(api::kPods, Moment::kFirst, [indexes = s.indexes](const registry::Event& event) {
    if (event.after) indexes->nodes.set_pod(event.after);
    else indexes->nodes.erase_pod(event.object().key());
  });
  for (const auto& pod : s.registry.objects(api::kPods)) s.indexes->nodes.set_pod(pod);

  DefaultsOptions defaults;
  defaults.service_ip = s.options.service_ip;
  defaults.advertise_address = s.options.advertise_address;
  defaults.advertise_port = s.options.advertise_port;
  defaults.client_ca_pem = s.pki.client_ca().cert_pem();
  TRY(ensure_defaults(s.own_client, defaults));
  s.controller.enqueue("all");
  s.controller.start();
  return {};
}

void ControlPlane::stop() {
  *state_->indexes->cluster_roles_changed.lock() = nullptr;
  state_->controller.stop();
}

Pipeline& ControlPlane::pipeline() { return state_->pipeline; }
const auth::TokenSigner& ControlPlane::signer() const { return state_->signer; }
const auth::TokenAuthenticator& ControlPlane::tokens() const { return state_->tokens; }

std::unique_ptr<LocalClient> ControlPlane::client(const std::string& name) {
  return std::make_unique<LocalClient>(state_->pipeline, state_->executor, component_identity(name));
}

}  // namespace skerry::apiserver
