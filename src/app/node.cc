#include "app/node.h"

#include <netinet/in.h>

#include <algorithm>
#include <filesystem>

#include "app/host_checks.h"
#include "app/lifecycle.h"
#include "base/log.h"
#include "base/strings.h"
#include "embedded/version.h"
#include "network/links.h"
#include "os/cgroup.h"
#include "os/files.h"

namespace skerry::app {
namespace {

std::string cgroup2_mount(const std::string& root) {
  auto cgroups = os::Cgroups::detect(root);
  if (cgroups)
    for (auto& h : cgroups->hierarchies())
      if (h.name.empty()) return h.mount_point;
  return "";
}

// "key=value:Effect" or "key:Effect".
Result<Json> parse_taint(const std::string& text) {
  size_t colon = text.rfind(':');
  std::string effect = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute")
    return Error(Reason::kBadRequest, "node-taint: \"" + text + "\" is not key=value:effect");
  std::string key = text.substr(0, colon);
  Json taint = {{"effect", effect}};
  if (size_t eq = key.find('='); eq != std::string::npos) {
    taint["value"] = key.substr(eq + 1);
    key.resize(eq);
  }
  if (!is_qualified_name(key)) return Error(Reason::kBadRequest, "node-taint: \"" + key + "\" is no valid key");
  taint["key"] = key;
  return taint;
}

}  // namespace

NodeProcess::NodeProcess(const Options& options, const Layout& layout, NodeConfig config, const Clock& clock, Random& random)
    : options_(options), layout_(layout), config_(std::move(config)), clock_(clock), random_(random), executor_(2, clock),
      zone_(config_.identity.cluster.cluster_domain) {}

Result<agent::AgentOptions> NodeProcess::agent_options() const {
  agent::AgentOptions o;
  o.node_name = config_.name;
  o.node_ip = config_.ip;
  o.hostname = config_.name;
  o.data_dir = layout_.agent_dir();
  o.log_dir = options_.text("log-dir");
  o.cluster_dns = {config_.identity.cluster.cluster_dns};
  o.cluster_domain = config_.identity.cluster.cluster_domain;
  o.resolv_conf = resolv_conf(options_);
  o.max_pods = options_.number("max-pods");
  o.image_gc_high_percent = static_cast<int>(options_.number("image-gc-high-threshold"));
  o.image_gc_low_percent = static_cast<int>(options_.number("image-gc-low-threshold"));
  o.kubelet_port = static_cast<uint16_t>(options_.number("kubelet-port"));
  o.runtime_version = std::string("skerry://") + embedded::kVersion;
  for (auto& label : options_.list("node-label")) {
    size_t eq = label.find('=');
    std::string key = label.substr(0, eq), value = eq == std::string::npos ? "" : label.substr(eq + 1);
    if (!is_qualified_name(key) || !is_label_value(value)) return Error(Reason::kBadRequest, "node-label: \"" + label + "\" is no label");
    o.node_labels[key] = value;
  }
  for (auto& taint : options_.list("node-taint")) o.register_taints.push_back(TRY(parse_taint(taint)));
  return o;
}

Result<std::unique_ptr<network::PodNetwork>> NodeProcess::make_network(const std::string& pod_cidr) const {
  network::PodNetworkConfig c;
  c.instance = layout_.instance;
  c.state_dir = layout_.agent_dir() + "/network";
  c.pod_cidr = pod_cidr;
  c.cluster_cidr = config_.identity.cluster.cluster_cidr;
  c.node_ip = config_.ip;
  std::error_code ec;
  std::filesystem::create_directories(c.state_dir, ec);
  return network::PodNetwork::create(c);
}

// DNS on the bridge, and the proxy that leads the cluster's DNS address to it.
void NodeProcess::bring_up_services(network::PodNetwork& network) {
  std::lock_guard l(mutex_);
  const std::string bridge = network.bridge_address();
  dns::ServerOptions dns;
  dns.upstreams = dns::read_upstreams(resolv_conf(options_), {bridge, config_.identity.cluster.cluster_dns});
  dns.listen = {bridge + ":53"};
  auto server = dns::Server::start(dns, zone_, clock_, random_);
  if (!server) {
    // Somebody has port 53 on every address; the proxy can lead to any other as well.
    LOG_INFO("node", server.error().message << "; taking another port");
    dns.listen = {bridge + ":0"};
    server = dns::Server::start(dns, zone_, clock_, random_);
  }
  proxy::ProxyOptions proxy;
  proxy.node = config_.name;
  proxy.instance = layout_.instance;
  proxy.cluster_cidr = config_.identity.cluster.cluster_cidr;
  proxy.cgroup_root = cgroup2_mount(runtime::root_cgroup(layout_.runtime_instance()));
  proxy.pin_dir = layout_.pin_dir();
  proxy.mode = options_.text("service-proxy");
  proxy.own_services = {"kube-system/kube-dns"};
  if (server) {
    dns_ = std::move(*server);
    auto vip = network::parse_ipv4(config_.identity.cluster.cluster_dns), ip = network::parse_ipv4(bridge);
    for (int protocol : {IPPROTO_UDP, IPPROTO_TCP})
      if (vip && ip) {
        proxy::Frontend f;
        f.ip = *vip;
        f.port = 53;
        f.protocol = static_cast<uint8_t>(protocol);
        f.backends = {{*ip, dns_->port()}};
        proxy.fixed.push_back(f);
      }
  } else {
    LOG_ERROR("node", "no cluster DNS on this node: " << server.error().message);
  }
  auto made = proxy::Proxy::create(proxy, agent_->source(api::kServices), agent_->source(api::kEndpointSlices), executor_);
  if (!made) {
    LOG_ERROR("node", "no service addresses on this node: " << made.error().message);
    return;
  }
  proxy_ = std::move(*made);
  proxy_->set_namespace(network::netns_cookie(""), true);
  network.on_namespace([p = proxy_.get()](uint64_t cookie, bool added) { p->set_namespace(cookie, added); });
  proxy_->start();
  LOG_INFO("node", "service addresses by " << proxy_->mode() << ", DNS on " << bridge << ":" << (dns_ ? dns_->port() : 0));
}

// What is to be there without a network: archives now, lists once all runs.
void NodeProcess::take_images() {
  std::string dir = options_.text("images-dir");
  if (dir.empty()) {
    dir = layout_.agent_dir() + "/images";
    if (auto made = os::make_dirs(dir, 0755); !made) LOG_WARN("node", made.error().message);
  }
  image_folder_ = std::make_unique<agent::ImageFolder>(*runtime_, std::filesystem::absolute(dir).lexically_normal(), layout_.agent_dir() + "/image-folder.json", clock_,
                                                       [this](const std::string& type, const std::string& reason, const std::string& message) {
                                                         agent_->node_event(type, reason, message);
                                                       });
  image_folder_->import_archives();
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::start(const Options& options, const Layout& layout, NodeConfig config,
                                                        client::Client& uplink, const Clock& clock, Random& random) {
  auto node = begin(options, layout, std::move(config), uplink, clock, random);
  if (!node) {
    auto findings = check_host(host_context(options, true));
    std::erase_if(findings, [](auto& f) { return !f.stops(); });
    log_findings(findings);  // probably why
  }
  return node;
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::begin(const Options& options, const Layout& layout, NodeConfig config,
                                                        client::Client& uplink, const Clock& clock, Random& random) {
  std::unique_ptr<NodeProcess> n(new NodeProcess(options, layout, std::move(config), clock, random));
  runtime::RuntimeOptions runtime;
  runtime.data_dir = layout.data_dir;
  runtime.run_dir = layout.run_dir;
  runtime.instance = layout.runtime_instance();
  runtime.registries_file = options.text("private-registry");
  runtime.registries.default_endpoint = !options.flag("disable-default-registry-endpoint");
  for (auto& host : options.list("insecure-registry")) runtime.registries.plain_http.insert(host);
  n->runtime_ = TRY(runtime::make_runtime(runtime, clock));
  NodeProcess* self = n.get();
  n->agent_ = TRY(agent::Agent::create(TRY(n->agent_options()), *n->runtime_, uplink, clock,
                                       [self](const std::string& cidr) { return self->make_network(cidr); }));
  n->take_images();
  n->zone_.follow(n->agent_->source(api::kServices), n->agent_->source(api::kEndpointSlices));
  n->agent_->on_network([self](network::PodNetwork& network) { self->bring_up_services(network); });

  agent::KubeletServerOptions kubelet;
  kubelet.port = static_cast<uint16_t>(options.number("kubelet-port"));
  kubelet.tls.cert_pem = n->config_.identity.serving.cert_pem;
  kubelet.tls.key_pem = n->config_.identity.serving.key_pem;
  kubelet.tls.client_ca_pem = n->config_.identity.client_ca_pem;
  n->kubelet_ = std::make_unique<agent::KubeletServer>(kubelet, *n->agent_, *n->runtime_);
  TRY(n->kubelet_->start());
  n->agent_->start();
  n->image_folder_->start();
  n->host_checks_ = std::jthread([self] {
    auto findings = check_host(host_context(self->options_, true));
    log_findings(findings);
    std::vector<std::string> lacks;
    for (auto& f : findings)
      if (f.state != HostState::kOk && !f.check->passing) lacks.push_back(summary(f));
    self->agent_->set_host_findings(std::move(lacks));
  });
  return n;
}

NodeProcess::~NodeProcess() {
  if (host_checks_.joinable()) host_checks_.join();
  if (image_folder_) image_folder_->stop();
  if (kubelet_) kubelet_->stop();
  if (auto* network = agent_ ? agent_->network() : nullptr) network->on_namespace(nullptr);
  if (proxy_) proxy_->stop();
  if (agent_) agent_->stop();
  executor_.stop();
  proxy_.reset();
  dns_.reset();
  kubelet_.reset();
  agent_.reset();
}

}  // namespace skerry::app
