#include "app/control_plane.h"

#include <sys/stat.h>

#include <filesystem>

#include "app/lifecycle.h"
#include "base/log.h"
#include "base/strings.h"
#include "embedded/version.h"
#include "network/links.h"
#include "store/sqlite_store.h"

namespace skerry::app {
namespace {

Result<std::string> nth_address(const std::string& cidr, uint32_t n) {
  network::Cidr net = TRY(network::parse_cidr(cidr));
  return network::format_ipv4((net.address & net.mask()) + n);
}

std::string metrics_of(const controllers::Manager& manager) {
  std::string out = "# HELP skerry_controller_runs_total Reconciles by controller.\n# TYPE skerry_controller_runs_total counter\n";
  for (auto& s : manager.stats()) out += "skerry_controller_runs_total{controller=\"" + s.name + "\"} " + std::to_string(s.runs) + "\n";
  out += "# HELP workqueue_depth Keys that wait.\n# TYPE workqueue_depth gauge\n";
  for (auto& s : manager.stats()) out += "workqueue_depth{name=\"" + s.name + "\"} " + std::to_string(s.queued) + "\n";
  out += "# HELP skerry_controller_errors_total Reconciles that failed.\n# TYPE skerry_controller_errors_total counter\n";
  for (auto& s : manager.stats()) out += "skerry_controller_errors_total{controller=\"" + s.name + "\"} " + std::to_string(s.errors) + "\n";
  return out;
}

// Once a minute: what the registry does about old events and rings.
void housekeep(Executor& executor, registry::Registry& registry) {
  executor.post_after(std::chrono::minutes(1), [&executor, &registry] {
    registry.tick();
    housekeep(executor, registry);
  });
}

}  // namespace

Result<std::string> cluster_dns(const Options& options) {
  std::string given = options.text("cluster-dns");
  if (!given.empty()) return given;
  return nth_address(options.text("service-cidr"), 10);
}

Result<std::unique_ptr<ControlPlaneProcess>> ControlPlaneProcess::start(const Options& options, const Layout& layout,
                                                                        const std::string& node_ip, const Clock& clock,
                                                                        Random& random) {
  std::unique_ptr<ControlPlaneProcess> p(new ControlPlaneProcess);
  p->cluster_.cluster_cidr = options.text("cluster-cidr");
  p->cluster_.service_cidr = options.text("service-cidr");
  p->cluster_.cluster_domain = options.text("cluster-domain");
  p->cluster_.cluster_dns = TRY(cluster_dns(options));
  p->port_ = static_cast<uint16_t>(options.number("https-listen-port"));
  const std::string service_ip = TRY(nth_address(p->cluster_.service_cidr, 1));
  const std::string advertise = options.text("advertise-address").empty() ? node_ip : options.text("advertise-address");

  p->executor_ = std::make_unique<Executor>(8, clock);
  p->housekeeping_ = std::make_unique<Executor>(1, clock);

  store::SqliteOptions store_options;
  store_options.path = layout.server_dir() + "/state.db";
  p->store_ = TRY(store::open_sqlite_store(store_options, clock));

  registry::Options registry_options;
  registry_options.service_cidr = p->cluster_.service_cidr;
  auto range = split(options.text("service-node-port-range"), '-');
  auto first = parse_int(range[0]), last = parse_int(range.back());
  if (range.size() != 2 || !first || !last || *first < 1 || *last > 65535 || *first > *last)
    return Error(Reason::kBadRequest, "service-node-port-range: \"" + options.text("service-node-port-range") + "\" is no range of ports");
  registry_options.node_port_first = static_cast<int>(*first);
  registry_options.node_port_last = static_cast<int>(*last);
  p->registry_ = TRY(registry::Registry::open(*p->store_, p->catalog_, clock, random, registry_options));
  housekeep(*p->housekeeping_, *p->registry_);

  auth::PkiOptions pki_options;
  pki_options.dir = layout.server_dir() + "/tls";
  pki_options.tls_sans = options.list("tls-san");
  for (const std::string& san : {node_ip, advertise, node_name(options)})
    if (!san.empty()) pki_options.tls_sans.push_back(san);
  pki_options.service_ip = service_ip;
  pki_options.cluster_domain = p->cluster_.cluster_domain;
  p->pki_ = std::make_unique<auth::Pki>(TRY(auth::Pki::open(pki_options, clock)));

  apiserver::ControlPlaneOptions control;
  control.issuer = "https://kubernetes.default.svc." + p->cluster_.cluster_domain;
  control.service_ip = service_ip;
  p->control_plane_ = TRY(apiserver::ControlPlane::create(control, *p->registry_, p->catalog_, *p->pki_, *p->executor_, clock, random));
  TRY(p->control_plane_->start());

  std::string given_token = options.text("token");
  if (given_token.empty() && !options.text("token-file").empty())
    given_token = std::string(trim(TRY(auth::read_secret_file(options.text("token-file")))));
  if (given_token.starts_with("K10")) given_token = TRY(auth::JoinToken::parse(given_token)).secret;

  apiserver::ServerOptions server;
  server.bind_address = options.text("bind-address");
  server.port = p->port_;
  server.git_commit = embedded::kGitCommit;
  server.build_date = embedded::kCommitDate;
  server.cluster = p->cluster_;
  server.server_secret = TRY(auth::load_or_create_secret(layout.token_file(), given_token, random));
  p->server_ = std::make_unique<apiserver::Server>(
      server, apiserver::Server::Parts{p->control_plane_->pipeline(), *p->pki_, p->control_plane_->signer(),
                                       p->control_plane_->tokens(), *p->executor_, clock, random});

  p->controller_client_ = p->control_plane_->client("system:kube-controller-manager");
  controllers::ManagerOptions manager;
  manager.root_ca_pem = p->pki_->server_ca().cert_pem();
  if (!advertise.empty()) manager.api_addresses = {advertise};
  manager.api_port = p->port_;
  manager.cluster_cidr = p->cluster_.cluster_cidr;
  manager.signer = &p->control_plane_->signer();
  manager.token_secret_per_account = options.flag("service-account-token-secrets");
  p->manager_ = TRY(controllers::Manager::create(manager, *p->controller_client_, *p->executor_, clock, p->catalog_));
  p->server_->add_metrics([m = p->manager_.get()] { return metrics_of(*m); });
  p->server_->add_health_check({"store", [store = p->store_.get()]() -> Status {
    auto probe = store->get("/skerry/health");
    if (!probe && !probe.error().is(Reason::kNotFound)) return probe.error();
    return {};
  }, true});
  p->server_->add_health_check({"controllers", [m = p->manager_.get()]() -> Status {
    if (!m->ready()) return Error(Reason::kServiceUnavailable, "the controllers have not read everything yet");
    return {};
  }});
  TRY(p->server_->start());
  TRY(p->write_files(options, layout));

  p->manager_->start();
  p->scheduler_client_ = p->control_plane_->client("system:kube-scheduler");
  p->scheduler_caches_ = std::make_unique<client::CacheSet>(*p->scheduler_client_, *p->executor_);
  p->scheduler_ = std::make_unique<scheduler::Scheduler>(*p->scheduler_client_, p->scheduler_caches_->of(api::kPods),
                                                         p->scheduler_caches_->of(api::kNodes), *p->executor_, random);
  if (!options.flag("disable-agent")) p->label_own_node(node_name(options));
  p->scheduler_caches_->start();
  p->scheduler_->start();
  LOG_INFO("server", "the API answers on port " << p->port_);
  return p;
}

// The administrator's kubeconfig and the token that other machines join with.
Status ControlPlaneProcess::write_files(const Options& options, const Layout& layout) {
  std::string path = options.text("write-kubeconfig");
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
  int mode = 0600;
  try {
    mode = std::stoi(options.text("write-kubeconfig-mode"), nullptr, 8) & 0777;
  } catch (const std::exception&) {
    return Error(Reason::kBadRequest, "write-kubeconfig-mode: \"" + options.text("write-kubeconfig-mode") + "\" is no file mode");
  }
  std::string text = auth::make_kubeconfig("https://127.0.0.1:" + std::to_string(port_), pki_->server_ca().cert_pem(), pki_->admin());
  // Not waited for on the disk: both are made again at each start.
  if (Status written = auth::write_secret_file(path, text, mode, false); !written) {
    if (!auth::read_secret_file(path)) return written;
    // The one of the last start still serves: a full disk must not keep the server, and all that could mend it, from starting.
    LOG_WARN("server", path << " stays as it was: " << written.error().message);
  }
  auth::JoinToken token;
  token.ca_hash = auth::sha256_hex(pki_->server_ca().cert_pem());
  token.user = "server";
  token.secret = std::string(trim(TRY(auth::read_secret_file(layout.token_file()))));
  return auth::write_secret_file(layout.server_dir() + "/node-token", token.format() + "\n", 0600, false);
}

// A node may not give itself a role; the server gives it to the node beside it.
void ControlPlaneProcess::label_own_node(const std::string& name) {
  scheduler_caches_->of(api::kNodes).add_handler([this, name](const api::ObjectPtr&, const api::ObjectPtr& after) {
    static constexpr const char* kRole = "node-role.kubernetes.io/control-plane";
    if (!after || after->meta().name != name || api::find_label(after->meta().labels, kRole) != nullptr) return;
    executor_->post([this, name] {
      Json patch = {{"metadata", {{"labels", {{kRole, "true"}, {"node-role.kubernetes.io/master", "true"}}}}}};
      auto done = controller_client_->patch(api::kNodes, "", name, api::PatchType::kMerge, std::move(patch));
      if (!done) LOG_WARN("server", "the role of node " << name << ": " << done.error().message);
    });
  });
}

bool ControlPlaneProcess::ready() const { return manager_->ready(); }

std::unique_ptr<client::Client> ControlPlaneProcess::node_client(const std::string& name) {
  api::UserInfo identity;
  identity.name = "system:node:" + name;
  identity.groups = {"system:nodes", "system:authenticated"};
  return std::make_unique<apiserver::LocalClient>(control_plane_->pipeline(), *executor_, std::move(identity));
}

ControlPlaneProcess::~ControlPlaneProcess() {
  if (scheduler_) scheduler_->stop();
  if (scheduler_caches_) scheduler_caches_->stop();
  if (manager_) manager_->stop();
  if (server_) server_->stop();
  if (control_plane_) control_plane_->stop();
  scheduler_.reset();
  scheduler_caches_.reset();
  manager_.reset();
  server_.reset();
  housekeeping_->stop();
  executor_->stop();
}

}  // namespace skerry::app
