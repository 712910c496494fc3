#include "client/cache.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "base/random.h"

namespace skerry::client {
namespace {

constexpr auto kFirstDelay = milliseconds(800);
constexpr auto kLongestDelay = seconds(10);  // a node notices within that time that its server is back
// A watch that lived this long was healthy: it is resumed at once.
constexpr auto kHealthy = seconds(5);
constexpr auto kResumeDelay = milliseconds(20);
constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

struct Name {
  std::string_view ns, name;
};
Name name_of(const api::ObjectPtr& o) { return {o->meta().ns, o->meta().name}; }
Name name_of(const Name& n) { return n; }

// Objects ordered by namespace and name, found without a key of their own: the set holds pointers only.
struct ByName {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    Name x = name_of(a), y = name_of(b);
    return x.ns != y.ns ? x.ns < y.ns : x.name < y.name;
  }
};
using ObjectSet = std::set<api::ObjectPtr, ByName>;

struct Index {
  std::string name;
  Cache::IndexFunction keys_of;
  std::unordered_map<std::string, ObjectSet> found;
};

}  // namespace

struct Cache::State : std::enable_shared_from_this<Cache::State> {
  State(Client& c, Executor& e, api::Gvr g, CacheOptions o)
      : client(c), executor(e), gvr(std::move(g)), options(std::move(o)) {}

  Client& client;
  Executor& executor;
  const api::Gvr gvr;
  const CacheOptions options;
  std::vector<Handler> handlers;  // fixed at start()
  std::vector<std::function<void()>> listed_handlers;  // likewise

  // Held while a watch is begun or ended; taken before `mutex`.
  std::mutex turn;
  std::unique_ptr<api::Watch> watch;  // guarded by turn

  mutable std::mutex mutex;  // guards all below
  bool started = false, stopped = false;
  bool synced = false;
  ObjectSet objects;
  std::vector<Index> indexes;
  uint64_t generation = 0;   // of the watch whose events count
  int64_t revision = 0;      // all up to here has been applied
  int64_t listed = 0;        // highest one of the initial events, which come in no order
  bool relist = true;        // the next watch begins with a list
  bool listing = false;      // initial events are arriving
  bool had_objects = false;  // ... and there were objects before, of which some may be gone:
  std::set<std::string> seen;  // the keys that arrived
  MonoTime watch_since{};
  milliseconds delay = kFirstDelay;
  bool turn_posted = false;

  void post_turn(std::chrono::nanoseconds after);
  void begin();
  Status begin_by_list(uint64_t my_generation);
  void on_events(uint64_t my_generation, std::span<const api::WatchEvent> events);
  void ended(bool expired, bool healthy);
  void put(const api::ObjectPtr& object);
  void drop(const api::ObjectPtr& object);
  void drop_unseen(const std::set<std::string>& kept);
  void finish_listing(std::unique_lock<std::mutex>& l);
  void dispatch(const api::ObjectPtr& before, const api::ObjectPtr& after) {
    for (auto& h : handlers) h(before, after);
  }
  api::Request request(api::Verb verb) const {
    api::Request r;
    r.verb = verb;
    r.gvr = gvr;
    r.ns = options.ns;
    r.options.label_selector = options.label_selector;
    r.options.field_selector = options.field_selector;
    return r;
  }
};

void Cache::State::post_turn(std::chrono::nanoseconds after) {
  auto self = shared_from_this();
  auto work = [self] { self->begin(); };
  if (after.count() <= 0) executor.post(work);
  else executor.post_after(after, work);
}

void Cache::State::begin() {
  std::lock_guard turn_lock(turn);
  uint64_t my_generation;
  bool with_list;
  int64_t from;
  {
    std::lock_guard l(mutex);
    turn_posted = false;
    if (stopped) return;
    my_generation = ++generation;
    with_list = relist;
    from = revision;
    listing = with_list;
    had_objects = !objects.empty();
    seen.clear();
    listed = 0;
    watch_since = executor.clock().mono();
  }
  watch.reset();  // not under `mutex`: waits for its handler

  api::Request r = request(api::Verb::kWatch);
  r.options.allow_bookmarks = true;
  if (with_list) {
    r.options.send_initial_events = true;
    r.options.resource_version_match = "NotOlderThan";
  } else {
    r.options.resource_version = std::to_string(from);
  }
  auto self = shared_from_this();
  auto result = client.watch(r, [self, my_generation](std::span<const api::WatchEvent> events) {
    self->on_events(my_generation, events);
  });
  if (!result && with_list &&
      (result.error().is(Reason::kInvalid) || result.error().is(Reason::kBadRequest) ||
       result.error().is(Reason::kNotImplemented))) {
    // A server that knows no initial events: list, then watch from there.
    if (Status s = begin_by_list(my_generation); !s) result = s.error();
    else {
      {
        std::lock_guard l(mutex);
        from = revision;
      }
      r.options.send_initial_events = false;
      r.options.resource_version_match.clear();
      r.options.resource_version = std::to_string(from);
      result = client.watch(r, [self, my_generation](std::span<const api::WatchEvent> events) {
        self->on_events(my_generation, events);
      });
    }
  }
  if (result) {
    watch = std::move(*result);
    return;
  }
  const Error& e = result.error();
  LOG_DEBUG("cache", "watch of " << gvr.group_resource() << ": " << e.message);
  std::lock_guard l(mutex);
  if (generation == my_generation) ended(e.is(Reason::kExpired) || e.is(Reason::kGone), false);
}

Status Cache::State::begin_by_list(uint64_t my_generation) {
  api::Response response = TRY(client.send(request(api::Verb::kList)));
  if (!response.list) return internal_error("a list request was answered without a list");
  const bool compare = [&] { std::lock_guard l(mutex); return had_objects; }();
  std::set<std::string> kept;
  for (auto& object : response.list->items) {
    if (compare) kept.insert(object->key());
    put(object);
  }
  if (compare) drop_unseen(kept);
  {
    std::lock_guard l(mutex);
    if (generation != my_generation) return {};
    revision = response.list->revision;
    relist = listing = false;
    synced = true;
  }
  for (auto& h : listed_handlers) h();
  return {};
}

// Called with `mutex` held: plans the next watch.
void Cache::State::ended(bool expired, bool healthy) {
  if (stopped || turn_posted) return;
  ++generation;  // whatever the old watch still says does not count
  if (expired || listing) relist = true;
  turn_posted = true;
  if (healthy) delay = kFirstDelay;
  const milliseconds base = healthy ? kResumeDelay : delay;
  SystemRandom random;
  post_turn(base + milliseconds(random.below(static_cast<uint64_t>(base.count()))));
  if (!healthy) delay = std::min<milliseconds>(delay * 2, kLongestDelay);
}

void Cache::State::on_events(uint64_t my_generation, std::span<const api::WatchEvent> events) {
  if (events.empty()) {
    std::lock_guard l(mutex);
    if (generation != my_generation || stopped) return;
    ended(false, !listing && executor.clock().mono() - watch_since > kHealthy);
    return;
  }
  for (auto& event : events) {
    {
      std::unique_lock l(mutex);
      if (generation != my_generation || stopped) return;
      if (event.type == api::EventType::kError) {
        Error e = api::error_from_status(event.object->json(), 0);
        ended(e.is(Reason::kExpired) || e.is(Reason::kGone),
              !listing && executor.clock().mono() - watch_since > kHealthy);
        return;
      }
      if (listing) listed = std::max(listed, event.object->meta().revision);
      if (event.type == api::EventType::kBookmark) {
        if (!listing) revision = std::max(revision, event.object->meta().revision);
        if (listing && json::str(event.object->json(), {"metadata", "annotations", kInitialEventsEnd}) == "true")
          finish_listing(l);
        continue;
      }
      if (listing && had_objects && event.type != api::EventType::kDeleted)
        seen.insert(event.object->key());
    }
    if (event.type == api::EventType::kDeleted) drop(event.object);
    else put(event.object);
  }
}

void Cache::State::finish_listing(std::unique_lock<std::mutex>& l) {
  std::set<std::string> kept;
  kept.swap(seen);
  listing = relist = false;
  delay = kFirstDelay;
  l.unlock();
  if (had_objects) drop_unseen(kept);
  l.lock();
  revision = listed;
  synced = true;
  if (listed_handlers.empty()) return;
  l.unlock();
  for (auto& h : listed_handlers) h();
  l.lock();
}

void Cache::State::drop_unseen(const std::set<std::string>& kept) {
  std::vector<api::ObjectPtr> gone;
  {
    std::lock_guard l(mutex);
    for (auto& o : objects)
      if (!kept.contains(o->key())) gone.push_back(o);
  }
  for (auto& o : gone) drop(o);
}

void Cache::State::put(const api::ObjectPtr& object) {
  api::ObjectPtr before;
  {
    std::lock_guard l(mutex);
    if (auto it = objects.find(object); it != objects.end()) {
      before = *it;
      if (before->meta().revision == object->meta().revision && before->meta().uid == object->meta().uid) return;
      for (auto& index : indexes)
        for (auto& value : index.keys_of(*before))
          if (auto at = index.found.find(value); at != index.found.end()) {
            if (auto o = at->second.find(before); o != at->second.end()) at->second.erase(o);
            if (at->second.empty()) index.found.erase(at);
          }
      objects.erase(it);
    }
    objects.insert(object);
    for (auto& index : indexes)
      for (auto& value : index.keys_of(*object)) index.found[value].insert(object);
    // Before the handlers hear of it: whoever they wake must find it so.
    if (!listing) revision = std::max(revision, object->meta().revision);
  }
  dispatch(before, object);
}

void Cache::State::drop(const api::ObjectPtr& object) {
  api::ObjectPtr before;
  {
    std::lock_guard l(mutex);
    if (!listing) revision = std::max(revision, object->meta().revision);
    auto it = objects.find(object);
    if (it == objects.end()) return;
    before = *it;
    for (auto& index : indexes)
      for (auto& value : index.keys_of(*before))
        if (auto at = index.found.find(value); at != index.found.end()) {
          if (auto o = at->second.find(before); o != at->second.end()) at->second.erase(o);
          if (at->second.empty()) index.found.erase(at);
        }
    objects.erase(it);
  }
  dispatch(before, nullptr);
}

Cache::Cache(Client& client, Executor& executor, api::Gvr gvr, CacheOptions options)
    : state_(std::make_shared<State>(client, executor, std::move(gvr), std::move(options))) {}

Cache::~Cache() { stop(); }

void Cache::add_handler(Handler handler) { state_->handlers.push_back(std::move(handler)); }

void Cache::add_index(std::string name, IndexFunction keys_of) {
  for (auto& index : state_->indexes)
    if (index.name == name) return;
  state_->indexes.push_back({std::move(name), std::move(keys_of), {}});
}

void Cache::on_listed(std::function<void()> handler) { state_->listed_handlers.push_back(std::move(handler)); }

void Cache::start() {
  {
    std::lock_guard l(state_->mutex);
    if (state_->started || state_->stopped) return;
    state_->started = state_->turn_posted = true;
  }
  state_->post_turn({});
}

void Cache::stop() {
  {
    std::lock_guard l(state_->mutex);
    state_->stopped = true;
  }
  // Waits for a beginning watch; later turns see `stopped`.
  std::lock_guard turn_lock(state_->turn);
  state_->watch.reset();
}

bool Cache::synced() const {
  std::lock_guard l(state_->mutex);
  return state_->synced;
}

int64_t Cache::revision() const {
  std::lock_guard l(state_->mutex);
  return state_->revision;
}

api::ObjectPtr Cache::get(const std::string& key) const {
  auto slash = key.find('/');
  std::string_view all = key;
  Name name = slash == std::string::npos ? Name{"", all} : Name{all.substr(0, slash), all.substr(slash + 1)};
  std::lock_guard l(state_->mutex);
  auto it = state_->objects.find(name);
  return it == state_->objects.end() ? nullptr : *it;
}

std::vector<api::ObjectPtr> Cache::all() const {
  std::lock_guard l(state_->mutex);
  return {state_->objects.begin(), state_->objects.end()};
}

std::vector<api::ObjectPtr> Cache::in_namespace(std::string_view ns) const {
  std::vector<api::ObjectPtr> found;
  std::lock_guard l(state_->mutex);
  for (auto it = state_->objects.lower_bound(Name{ns, ""}); it != state_->objects.end() && (*it)->meta().ns == ns; ++it)
    found.push_back(*it);
  return found;
}

std::vector<api::ObjectPtr> Cache::by_index(const std::string& index, const std::string& value) const {
  std::lock_guard l(state_->mutex);
  for (auto& i : state_->indexes) {
    if (i.name != index) continue;
    auto it = i.found.find(value);
    if (it == i.found.end()) return {};
    return {it->second.begin(), it->second.end()};
  }
  return {};
}

const api::Gvr& Cache::gvr() const { return state_->gvr; }

}  // namespace skerry::client
