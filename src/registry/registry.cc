#include "registry/registry.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr std::string_view kRoot = "/registry/";

// "/registry/pods/default/x" -> {"pods", "default/x"}
std::pair<std::string_view, std::string_view> split_store_key(std::string_view key) {
  if (!key.starts_with(kRoot)) return {};
  key.remove_prefix(kRoot.size());
  size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

bool has_volatile(std::string_view name) { return name == "nodes" || name == "leases.coordination.k8s.io"; }

}  // namespace

Result<std::unique_ptr<Registry>> Registry::open(store::Store& store, const api::Catalog& catalog, const Clock& clock,
                                                 Random& random, Options options) {
  auto impl = std::make_unique<Impl>(store, catalog, clock, random, std::move(options));
  impl->services = TRY(ServiceAllocator::make(impl->options.service_cidr, impl->options.node_port_first, impl->options.node_port_last));
  TRY(impl->load());
  return std::unique_ptr<Registry>(new Registry(std::move(impl)));
}

Registry::Registry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->store.set_listener(
      [i = impl_.get()](int64_t revision, const store::Transaction& t) { i->on_commit(revision, t); });
}

Registry::~Registry() { impl_->store.set_listener(nullptr); }

Collection& Registry::Impl::collection(const std::string& name) {
  if (Collection* found = find_collection(name)) return *found;
  std::unique_lock lock(collections_mutex);
  auto& slot = collections[name];
  if (!slot) {
    slot = std::make_unique<Collection>(name, options.hub, has_volatile(name));
    slot->start_at(applied);  // it was empty until now
  }
  return *slot;
}

Collection* Registry::Impl::find_collection(std::string_view name) const {
  std::shared_lock lock(collections_mutex);
  auto it = collections.find(name);
  return it == collections.end() ? nullptr : it->second.get();
}

Status Registry::Impl::load() {
  constexpr size_t kPage = 1000;
  std::string after;
  while (true) {
    store::Page page = TRY(store.read(kRoot, after, kPage));
    for (const store::Value& value : page.values) {
      auto [name, key] = split_store_key(value.key);
      api::ObjectPtr object = name.empty() ? nullptr : load_object(value.value, value.revision);
      if (!object) {
        LOG_ERROR("registry", "ignored an unreadable object in the store: " << value.key);
        continue;
      }
      Collection& c = collection(std::string(name));
      index_owners(c, std::string(key), nullptr, object);
      if (name == "services") services->on_event(nullptr, object);
      if (name == "events") note_event_expiry(*object, clock.mono() + options.event_ttl);
      c.load(std::string(key), std::move(object));
    }
    if (!page.more) break;
    after = page.values.back().key;
  }
  applied = store.revision();
  for (auto& [name, c] : collections) c->start_at(applied);
  return {};
}

// The store's applying thread. Order here is order in memory.
void Registry::Impl::on_commit(int64_t revision, const store::Transaction& transaction) {
  auto given = std::const_pointer_cast<Writes>(std::static_pointer_cast<const Writes>(transaction.context));
  Writes derived;
  if (!given) {  // not ours: written past the registry, or by another server
    for (const store::Operation& op : transaction.operations) {
      auto [name, key] = split_store_key(op.key);
      if (name.empty()) continue;
      Write write{&collection(std::string(name)), std::string(key), op.kind == store::Operation::Kind::kDelete, {}, {}};
      if (!write.deletes) {
        auto object = load_object(op.value, revision);
        if (!object) continue;
        write.after = {object->meta(), op.value, revision_offset(*op.value)};
      }
      derived.writes.push_back(std::move(write));
    }
  }
  const MonoTime mono = clock.mono();
  for (Write& write : (given ? *given : derived).writes) {
    Collection& c = *write.collection;
    api::ObjectPtr after = write.deletes ? nullptr : make_object(write.after, revision);
    Event event = c.apply(revision, write.key, after, transaction.is_volatile, mono,
                          [&](const Event& e) { tell(c, Moment::kFirst, e); });
    write.result = after ? after : event.last;
    index_owners(c, write.key, event.before, after);
    if (c.name() == "services" && (event.before || after)) services->on_event(event.before, after);
    if (c.name() == "events" && after) note_event_expiry(*after, mono + options.event_ttl);
    if (event.after || event.last) tell(c, Moment::kAfter, event);
  }
  applied.store(revision, std::memory_order_release);
  applied.notify_all();
}

void Registry::Impl::tell(const Collection& c, Moment moment, const Event& event) {
  std::lock_guard lock(observers_mutex);
  auto it = observers.find(&c);
  if (it == observers.end()) return;
  for (const auto& [when, observer] : it->second)
    if (when == moment) observer(event);
}

void Registry::Impl::index_owners(Collection& c, const std::string& key, const api::ObjectPtr& before,
                                  const api::ObjectPtr& after) {
  bool had = before && !before->meta().owners.empty(), has = after && !after->meta().owners.empty();
  if (!had && !has) return;
  auto index = owners.lock();
  if (had)
    for (const auto& owner : before->meta().owners) {
      auto it = index->find(owner.uid);
      if (it == index->end()) continue;
      it->second.erase({&c, key});
      if (it->second.empty()) index->erase(it);
    }
  if (has)
    for (const auto& owner : after->meta().owners) (*index)[owner.uid].insert({&c, key});
}

void Registry::Impl::note_event_expiry(const api::Object& event, MonoTime due) {
  event_expiry.lock()->emplace(due, Expiry{event.key(), event.meta().revision});
}

Result<api::ObjectPtr> Registry::Impl::commit_put(Collection& c, const std::string& key, int64_t expected, Json& object,
                                                  bool is_volatile) {
  auto writes = std::make_shared<Writes>();
  writes->writes.push_back({&c, key, false, encode(object), nullptr});
  store::Transaction t;
  t.operations.push_back({store::Operation::Kind::kPut, c.store_key(key), writes->writes[0].after.bytes, expected});
  t.is_volatile = is_volatile;
  t.context = writes;
  TRY(store.commit(std::move(t)));
  return std::move(writes->writes[0].result);
}

Result<api::ObjectPtr> Registry::Impl::commit_delete(Collection& c, const std::string& key, int64_t expected) {
  auto writes = std::make_shared<Writes>();
  writes->writes.push_back({&c, key, true, {}, nullptr});
  store::Transaction t;
  t.operations.push_back({store::Operation::Kind::kDelete, c.store_key(key), nullptr, expected});
  t.context = writes;
  TRY(store.commit(std::move(t)));
  return std::move(writes->writes[0].result);
}

Result<api::Response> Registry::execute(const api::ResourcePtr& row, api::Request request, const Hooks& hooks) {
  if (!row->stored) return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  const api::Resource& stored = stored_row(*row);
  Call call{row, *row, stored, strategy_of(stored), impl_->collection(stored.group_resource()), request, hooks, {}, {}};
  call.validation = TRY(api::parse_field_validation(request.options.field_validation));
  call.warnings = std::move(request.body_warnings);
  Result<api::Response> answer = [&]() -> Result<api::Response> {
    if (!request.subresource.empty()) return impl_->subresource(call);
    switch (request.verb) {
      case api::Verb::kGet: return impl_->get(call);
      case api::Verb::kList: return impl_->list(call);
      case api::Verb::kCreate: return impl_->create(call);
      case api::Verb::kUpdate: return impl_->update(call);
      case api::Verb::kPatch: return impl_->patch(call);
      case api::Verb::kDelete: return impl_->remove(call);
      case api::Verb::kDeleteCollection: return impl_->remove_collection(call);
      case api::Verb::kWatch: break;
    }
    return Error(Reason::kMethodNotAllowed, "watch is not answered here");
  }();
  if (answer)
    answer->warnings.insert(answer->warnings.begin(), call.warnings.begin(), call.warnings.end());
  return answer;
}

api::ObjectPtr Registry::find(const api::Gvr& gvr, std::string_view ns, std::string_view name) const {
  Collection* c = impl_->find_collection(gvr.group_resource());
  return c ? c->find(api::make_key(ns, name)) : nullptr;
}

std::vector<api::ObjectPtr> Registry::objects(const api::Gvr& gvr, std::string_view ns) const {
  Collection* c = impl_->find_collection(gvr.group_resource());
  if (!c) return {};
  return c->slice(ns, "", 0, nullptr, 0).items;
}

int64_t Registry::collection_revision(const api::Gvr& gvr) const {
  Collection* c = impl_->find_collection(gvr.group_resource());
  return c ? c->last_revision() : 0;
}

std::vector<Dependent> Registry::dependents(std::string_view uid) const {
  std::set<Impl::ObjectId> ids;
  {
    auto index = impl_->owners.lock();
    if (auto it = index->find(std::string(uid)); it != index->end()) ids = it->second;
  }
  std::vector<Dependent> found;
  for (const auto& [c, key] : ids) {
    auto object = c->find(key);
    if (!object) continue;
    size_t dot = c->name().find('.');
    std::string plural = c->name().substr(0, dot);
    std::string group = dot == std::string::npos ? "" : c->name().substr(dot + 1);
    api::Gvr gvr{group, "", plural};
    if (auto row = impl_->catalog.find_any_version(group, plural)) gvr = stored_row(*row).gvr();
    found.push_back({std::move(gvr), std::move(object)});
  }
  return found;
}

size_t Registry::count(const api::Gvr& gvr) const {
  Collection* c = impl_->find_collection(gvr.group_resource());
  return c ? c->size() : 0;
}

int64_t Registry::revision() const { return impl_->applied.load(std::memory_order_acquire); }

void Registry::observe(const api::Gvr& gvr, Moment moment, Observer observer) {
  Collection& c = impl_->collection(gvr.group_resource());
  std::lock_guard lock(impl_->observers_mutex);
  impl_->observers[&c].emplace_back(moment, std::move(observer));
}

void Registry::tick() {
  const MonoTime mono = impl_->clock.mono();
  std::vector<Collection*> all;
  {
    std::shared_lock lock(impl_->collections_mutex);
    for (auto& [name, c] : impl_->collections) all.push_back(c.get());
  }
  for (Collection* c : all) c->expire_events(mono);

  // One transaction for many: each is a condition on the revision that was due, so a renewed event stays.
  Collection& events = impl_->collection("events");
  while (true) {
    auto writes = std::make_shared<Writes>();
    store::Transaction t;
    {
      auto due = impl_->event_expiry.lock();
      while (!due->empty() && due->begin()->first <= mono && t.operations.size() < store::Transaction::kMaxOperations) {
        Impl::Expiry expiry = std::move(due->begin()->second);
        due->erase(due->begin());
        auto object = events.find(expiry.key);
        if (!object || object->meta().revision != expiry.revision) continue;
        t.operations.push_back({store::Operation::Kind::kDelete, events.store_key(expiry.key), nullptr, expiry.revision});
        writes->writes.push_back({&events, expiry.key, true, {}, nullptr});
      }
    }
    if (t.operations.empty()) return;
    auto operations = t.operations;
    t.context = writes;
    if (auto done = impl_->store.commit(std::move(t)); !done) {
      // Someone renewed one meanwhile, or the disk is full: those that are left get another try later.
      auto due = impl_->event_expiry.lock();
      for (size_t i = 0; i < operations.size(); ++i)
        due->emplace(mono + std::chrono::minutes(1), Impl::Expiry{writes->writes[i].key, operations[i].expected});
      return;
    }
  }
}

api::Response object_response(api::ObjectPtr object, int code) {
  api::Response response;
  response.code = code;
  response.object = std::move(object);
  return response;
}

Result<int64_t> parse_revision(std::string_view text) {
  if (text.empty()) return int64_t{0};
  auto number = parse_int(text);
  if (!number || *number < 0) return bad_request("invalid resource version \"" + std::string(text) + "\"");
  return *number;
}

Result<int64_t> given_revision(const Json& object) { return parse_revision(json::str(object, {"metadata", "resourceVersion"})); }

}  // namespace skerry::registry
