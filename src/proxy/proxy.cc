#include "proxy/proxy.h"

#include <algorithm>
#include <fstream>

#include "base/log.h"
#include "network/names.h"

namespace skerry::proxy {
namespace {

// Rewrites the nftables table once after a burst of changes; not a service, as names have a '/'.
constexpr const char* kCommit = "commit";

std::string service_of(const api::Object& slice) {
  const std::string* name = api::find_label(slice.meta().labels, "kubernetes.io/service-name");
  return name == nullptr ? "" : api::make_key(slice.meta().ns, *name);
}

// Does the kernel show packets that a bridge switches to its filters (br_netfilter)?
bool bridges_are_filtered() {
  char value = 0;
  std::ifstream("/proc/sys/net/bridge/bridge-nf-call-iptables") >> value;
  return value == '1';
}

}  // namespace

Proxy::Proxy(ProxyOptions options, client::ObjectSource& services, client::ObjectSource& slices, Executor& executor)
    : options_(std::move(options)), services_(services), slices_(slices), controller_("proxy", *this, executor, 1) {}

Proxy::~Proxy() { stop(); }

Result<std::unique_ptr<Proxy>> Proxy::create(ProxyOptions options, client::ObjectSource& services,
                                             client::ObjectSource& slices, Executor& executor) {
  std::unique_ptr<Proxy> p(new Proxy(std::move(options), services, slices, executor));
  const ProxyOptions& o = p->options_;
  if (o.mode != "nftables") {
    auto ebpf = make_ebpf_dataplane({o.cgroup_root, o.pin_dir});
    if (ebpf) {
      p->ebpf_ = std::move(*ebpf);
    } else {
      if (o.mode == "ebpf") return ebpf.error();
      p->fallback_reason_ = ebpf.error().message;
      LOG_WARN("proxy", "cluster addresses by nftables, as eBPF is not to be had: " << ebpf.error().message);
    }
  }
  if (!p->ebpf_) TRY(remove_ebpf(o.pin_dir));
  NftablesOptions nftables{network::service_table(o.instance), o.cluster_cidr, p->ebpf_ == nullptr, ""};
  if (!bridges_are_filtered()) nftables.untracked_bridge = network::bridge_name(o.instance);
  p->nftables_ = TRY(make_nftables_dataplane(nftables));

  if (p->ebpf_) TRY(p->ebpf_->set("", o.fixed));
  TRY(p->nftables_->set("", o.fixed));
  Proxy* self = p.get();
  services.add_handler([self](const api::ObjectPtr& before, const api::ObjectPtr& after) {
    self->controller_.enqueue((after ? after : before)->key());
  });
  slices.add_handler([self](const api::ObjectPtr& before, const api::ObjectPtr& after) { self->on_slice(before, after); });
  return p;
}

void Proxy::start() {
  controller_.start([this] { return services_.synced() && slices_.synced(); });
  controller_.enqueue_after(kCommit, std::chrono::milliseconds(50));
}

void Proxy::stop() { controller_.stop(); }

std::string Proxy::mode() const { return std::string(ebpf_ ? ebpf_->name() : nftables_->name()); }

void Proxy::set_namespace(uint64_t cookie, bool present) {
  std::lock_guard l(mutex_);
  if (ebpf_ && cookie != 0) ebpf_->set_namespace(cookie, present);
}

void Proxy::on_slice(const api::ObjectPtr& before, const api::ObjectPtr& after) {
  const std::string key = (after ? after : before)->key();
  std::set<std::string> touched;
  {
    std::lock_guard l(mutex_);
    if (before)
      if (std::string s = service_of(*before); !s.empty()) {
        touched.insert(s);
        slices_of_[s].erase(key);
        if (slices_of_[s].empty()) slices_of_.erase(s);
      }
    if (after)
      if (std::string s = service_of(*after); !s.empty()) {
        touched.insert(s);
        slices_of_[s].insert(key);
      }
  }
  for (auto& s : touched) controller_.enqueue(s);
}

Result<client::Outcome> Proxy::reconcile(const client::Key& key) {
  if (key == kCommit) {
    if (ebpf_) TRY(ebpf_->commit());
    TRY(nftables_->commit());
    return client::Outcome{};
  }
  if (std::find(options_.own_services.begin(), options_.own_services.end(), key) != options_.own_services.end())
    return client::Outcome{};
  std::vector<Frontend> frontends;
  if (auto service = services_.get(key)) {
    std::set<std::string> names;
    {
      std::lock_guard l(mutex_);
      if (auto it = slices_of_.find(key); it != slices_of_.end()) names = it->second;
    }
    std::vector<Json> slices;
    for (auto& name : names)
      if (auto slice = slices_.get(name)) slices.push_back(slice->json());
    frontends = plan_frontends(service->json(), slices, options_.node);
  }
  if (ebpf_) TRY(ebpf_->set(key, frontends));
  TRY(nftables_->set(key, frontends));
  controller_.enqueue_after(kCommit, std::chrono::milliseconds(ebpf_ ? 50 : 10));
  return client::Outcome{};
}

}  // namespace skerry::proxy
