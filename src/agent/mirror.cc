#include "agent/mirror.h"

#include <algorithm>
#include <atomic>

#include "agent/mirror_store.h"
#include "base/log.h"

namespace skerry::agent {
namespace {

std::string table_of(const api::Gvr& gvr) { return gvr.group_resource(); }

// What a node needs to know of a node: who and where it is. Its heartbeats, images and the like change all the time.
Json trim_node(Json node) {
  Json status = Json::object();
  status["addresses"] = json::array_or_empty(json::find(node, {"status", "addresses"}));
  node["status"] = std::move(status);
  if (node.contains("metadata")) node["metadata"].erase("managedFields");
  return node;
}

api::ObjectPtr trimmed(const api::Gvr& gvr, const api::ObjectPtr& object) {
  if (gvr == api::kNodes) return api::Object::from_json(trim_node(object->json()));
  return object;
}

// Equal but for metadata.resourceVersion and managedFields?
bool same_content(const api::ObjectPtr& a, const api::ObjectPtr& b) {
  if (a->bytes() == b->bytes() || *a->bytes() == *b->bytes()) return true;
  if (a->meta().uid != b->meta().uid) return false;
  // Lengths that differ by more than a revision and its managed fields' times can only be a change.
  Json x = a->json(), y = b->json();
  for (Json* j : {&x, &y}) {
    if (!j->contains("metadata")) continue;
    (*j)["metadata"].erase("resourceVersion");
    (*j)["metadata"].erase("managedFields");
  }
  return x == y;
}

}  // namespace

class Mirror::Collection final : public client::ObjectSource {
 public:
  Collection(Mirror& mirror, api::Gvr gvr, client::CacheOptions options)
      : mirror_(mirror), gvr_(std::move(gvr)), cache_(mirror.uplink_, mirror.executor_, gvr_, std::move(options)) {
    cache_.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) {
      if (after) put(trimmed(gvr_, after));
      else if (before) drop(before->key());
    });
    cache_.on_listed([this] { listed(); });
  }

  void add_handler(Handler handler) override {
    std::lock_guard turn(turn_);
    for (auto& object : all()) handler(nullptr, object);
    handlers_.push_back(std::move(handler));
  }
  bool synced() const override { return fresh_ || loaded_some_; }
  bool fresh() const { return fresh_; }
  api::ObjectPtr get(const std::string& key) const override {
    std::lock_guard l(mutex_);
    auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : it->second;
  }
  std::vector<api::ObjectPtr> all() const override {
    std::vector<api::ObjectPtr> found;
    std::lock_guard l(mutex_);
    found.reserve(objects_.size());
    for (auto& [key, object] : objects_) found.push_back(object);
    return found;
  }

  void load() {
    mirror_.store_->for_each(table_of(gvr_), [this](const std::string& key, std::string value) {
      auto object = api::Object::from_bytes(make_bytes(std::move(value)));
      if (!object) {
        LOG_WARN("mirror", "dropped unreadable " << gvr_.resource << " " << key);
        mirror_.store_->put(table_of(gvr_), key, nullptr);
        return;
      }
      loaded_some_ = true;
      put(*object, false);
    });
  }
  void start() { cache_.start(); }
  void stop() { cache_.stop(); }

 private:
  void put(const api::ObjectPtr& object, bool save = true) {
    std::lock_guard turn(turn_);
    std::string key = object->key();
    api::ObjectPtr before = get(key);
    if (before && same_content(before, object)) {
      // Nothing to write or to tell; but the server's own bytes take the place of a copy read from disk.
      std::lock_guard l(mutex_);
      objects_[key] = object;
      return;
    }
    {
      std::lock_guard l(mutex_);
      objects_[key] = object;
    }
    if (save) mirror_.store_->put(table_of(gvr_), key, object->bytes());
    for (auto& h : handlers_) h(before, object);
  }
  void drop(const std::string& key) {
    std::lock_guard turn(turn_);
    api::ObjectPtr before = get(key);
    if (!before) return;
    {
      std::lock_guard l(mutex_);
      objects_.erase(key);
    }
    mirror_.store_->put(table_of(gvr_), key, nullptr);
    for (auto& h : handlers_) h(before, nullptr);
  }
  // What was on disk and is not on the server any more goes.
  void listed() {
    if (!fresh_) {
      for (auto& object : all())
        if (!cache_.get(object->key())) drop(object->key());
      fresh_ = true;
      for (auto& h : mirror_.fresh_handlers_) h(gvr_);
    }
  }

  Mirror& mirror_;
  const api::Gvr gvr_;
  std::atomic<bool> fresh_{false}, loaded_some_{false};
  std::mutex turn_;  // one change at a time, with its handlers; taken before mutex_
  std::vector<Handler> handlers_;  // guarded by turn_
  mutable std::mutex mutex_;
  std::map<std::string, api::ObjectPtr> objects_;  // guarded by mutex_
  client::Cache cache_;
};

// A single object, watched by name.
struct Mirror::Single {
  api::ObjectPtr object;
  bool listed = false;  // the server has answered
  std::unique_ptr<client::Cache> cache;
};

Result<std::unique_ptr<Mirror>> Mirror::open(const std::string& path, const std::string& node_name, client::Client& uplink,
                                             Executor& executor) {
  auto store = TRY(MirrorStore::open(path, executor));
  return std::unique_ptr<Mirror>(new Mirror(std::move(store), node_name, uplink, executor));
}

Mirror::Mirror(std::unique_ptr<MirrorStore> store, std::string node_name, client::Client& uplink, Executor& executor)
    : store_(std::move(store)), node_name_(std::move(node_name)), uplink_(uplink), executor_(executor) {
  add_collection(api::kPods, {.ns = "", .label_selector = "", .field_selector = "spec.nodeName=" + node_name_});
  add_collection(api::kNodes, {});
  add_collection(api::kServices, {});
  add_collection(api::kEndpointSlices, {});
}

Mirror::~Mirror() { stop(); }

void Mirror::add_collection(const api::Gvr& gvr, client::CacheOptions options) {
  collections_[gvr] = std::make_unique<Collection>(*this, gvr, std::move(options));
}

client::ObjectSource& Mirror::source(const api::Gvr& gvr) {
  auto it = collections_.find(gvr);
  assert(it != collections_.end() && "not a mirrored collection");
  return *it->second;
}

bool Mirror::fresh(const api::Gvr& gvr) const {
  auto it = collections_.find(gvr);
  return it != collections_.end() && it->second->fresh();
}

void Mirror::on_fresh(std::function<void(const api::Gvr&)> handler) { fresh_handlers_.push_back(std::move(handler)); }
void Mirror::on_reference(std::function<void(const std::string&)> handler) { reference_handlers_.push_back(std::move(handler)); }

void Mirror::start() {
  {
    std::lock_guard l(mutex_);
    if (started_) return;
    started_ = true;
  }
  for (auto& [gvr, collection] : collections_) collection->load();
  for (auto& [gvr, collection] : collections_) collection->start();
  std::lock_guard l(mutex_);
  for (auto& [reference, single] : singles_) start_single(reference);
}

void Mirror::stop() {
  std::map<Reference, std::unique_ptr<Single>> singles;
  {
    std::lock_guard l(mutex_);
    stopped_ = true;
    for (auto& [reference, single] : singles_)
      if (single->cache) {
        auto gone = std::make_unique<Single>();
        gone->cache = std::move(single->cache);
        singles[reference] = std::move(gone);
      }
  }
  singles.clear();  // stops their watches
  for (auto& [gvr, collection] : collections_) collection->stop();
  store_->flush();
}

void Mirror::set_references(const std::string& pod_uid, const std::set<Reference>& wanted) {
  std::vector<std::unique_ptr<client::Cache>> ended;
  {
    std::lock_guard l(mutex_);
    auto& mine = references_[pod_uid];
    std::set<Reference> before = std::move(mine);
    mine = wanted;
    for (auto& reference : wanted) {
      auto& single = singles_[reference];
      if (single) continue;
      single = std::make_unique<Single>();
      if (auto bytes = store_->get(table_of(reference.gvr), api::make_key(reference.ns, reference.name)))
        if (auto object = api::Object::from_bytes(*bytes)) single->object = *object;
      if (started_ && !stopped_) start_single(reference);
    }
    if (wanted.empty()) references_.erase(pod_uid);
    for (auto& reference : before) {
      if (wanted.contains(reference)) continue;
      bool used = std::any_of(references_.begin(), references_.end(), [&](auto& r) { return r.second.contains(reference); });
      if (used) continue;
      auto it = singles_.find(reference);
      if (it == singles_.end()) continue;
      ended.push_back(std::move(it->second->cache));
      singles_.erase(it);
      store_->put(table_of(reference.gvr), api::make_key(reference.ns, reference.name), nullptr);
    }
  }
  ended.clear();  // waits for their handlers: not under the lock
}

// Called with mutex_ held.
void Mirror::start_single(const Reference& reference) {
  auto& single = *singles_[reference];
  if (single.cache) return;
  single.cache = std::make_unique<client::Cache>(
      uplink_, executor_, reference.gvr,
      client::CacheOptions{.ns = reference.ns, .label_selector = "", .field_selector = "metadata.name=" + reference.name});
  single.cache->add_handler([this, reference](const api::ObjectPtr&, const api::ObjectPtr& after) {
    single_changed(reference, after, false);
  });
  client::Cache* cache = single.cache.get();
  single.cache->on_listed([this, reference, cache] {
    single_changed(reference, cache->get(api::make_key(reference.ns, reference.name)), true);
  });
  single.cache->start();
}

void Mirror::single_changed(const Reference& reference, const api::ObjectPtr& object, bool listed) {
  std::vector<std::string> tell;
  {
    std::lock_guard l(mutex_);
    auto it = singles_.find(reference);
    if (it == singles_.end() || stopped_) return;
    Single& single = *it->second;
    bool news = listed && !single.listed;
    if (listed) single.listed = true;
    const bool same = object ? single.object && same_content(single.object, object) : !single.object;
    single.object = object;
    if (!same) store_->put(table_of(reference.gvr), api::make_key(reference.ns, reference.name), object ? object->bytes() : nullptr);
    if (same && !news) return;
    for (auto& [uid, references] : references_)
      if (references.contains(reference)) tell.push_back(uid);
  }
  for (auto& uid : tell)
    for (auto& h : reference_handlers_) h(uid);
}

Result<api::ObjectPtr> Mirror::lookup(const Reference& reference) const {
  std::lock_guard l(mutex_);
  auto it = singles_.find(reference);
  if (it != singles_.end() && it->second->object) return it->second->object;
  // A placeholder of the collection's singular: messages name it as Kubernetes does.
  const std::string what = reference.gvr.resource.substr(0, reference.gvr.resource.size() - 1);
  if (it != singles_.end() && it->second->listed)
    return Error(Reason::kNotFound, what + " \"" + reference.name + "\" not found");
  return Error(Reason::kServiceUnavailable,
               what + " \"" + reference.ns + "/" + reference.name + "\" is not known yet: waiting for the API server");
}

std::optional<std::string> Mirror::load_note(const std::string& key) const {
  auto bytes = store_->get("note", key);
  if (!bytes) return std::nullopt;
  return **bytes;
}

std::vector<std::pair<std::string, std::string>> Mirror::load_notes(const std::string& prefix) const {
  std::vector<std::pair<std::string, std::string>> found;
  store_->for_each("note", [&](const std::string& key, std::string value) {
    if (key.starts_with(prefix)) found.emplace_back(key, std::move(value));
  });
  return found;
}

void Mirror::save_note(const std::string& key, std::optional<std::string> value) {
  store_->put("note", key, value ? make_bytes(std::move(*value)) : nullptr);
}

void Mirror::flush() { store_->flush(); }

}  // namespace skerry::agent
