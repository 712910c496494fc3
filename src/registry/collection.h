// Collection: the objects of one stored resource in memory, sorted, with their latest events and watchers.
//
// Threads: apply() and load() by the store's applying thread; all else by anyone. Readers share the lock only to copy
// pointers.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/clock.h"
#include "registry/watch_hub.h"
#include "store/store.h"

namespace skerry::registry {

// A watcher's bell. The hub rings it once after it was armed.
struct Subscriber {
  std::function<void()> wake;
  std::atomic<bool> armed{false};
};

class Collection {
 public:
  // `name`: "deployments.apps". `has_volatile`: heartbeats are written to it.
  Collection(std::string name, const HubOptions& hub, bool has_volatile);

  const std::string& name() const { return name_; }
  std::string prefix() const { return "/registry/" + name_ + "/"; }
  std::string store_key(std::string_view key) const { return prefix().append(key); }

  // Loading, before anyone else uses it.
  void load(std::string key, api::ObjectPtr object);
  void start_at(int64_t revision);

  // Shows the change to `first`, then makes it visible and rings the bells. Null `after`: deleted.
  Event apply(int64_t revision, const std::string& key, api::ObjectPtr after, bool is_volatile, MonoTime now,
              const std::function<void(const Event&)>& first);
  void expire_events(MonoTime now);

  api::ObjectPtr find(std::string_view key) const;
  size_t size() const;
  // The last revision that changed it.
  int64_t last_revision() const;

  struct Slice {
    std::vector<api::ObjectPtr> items;
    int64_t revision = 0;
    bool more = false;
    size_t remaining = 0;  // behind the last item, if `more`
  };
  // Objects with keys of `ns` (empty: all) behind `after`, for which `wanted` holds, at most `limit` (0: all), as
  // they are now, consistent at `revision` >= `applied` (the registry's revision, read before).
  using Filter = std::function<bool(const api::Object&)>;
  Slice slice(std::string_view ns, std::string_view after, size_t limit, const Filter& wanted, int64_t applied) const;
  // The same as of `at`, if the ring still knows; else nothing.
  std::optional<Slice> slice_at(int64_t at, std::string_view ns, std::string_view after, size_t limit,
                                const Filter& wanted) const;

  // Events behind `cursor`. kBehind: the ring does not reach back; `dropped` tells from where it does.
  enum class ReadResult { kOk, kNothing, kBehind, kLost };
  ReadResult read_events(int64_t cursor, size_t max, std::vector<Event>& out, int64_t& dropped, Subscriber& arm) const;

  void subscribe(Subscriber* subscriber);
  // When it returns, the bell is not ringing and never will.
  void unsubscribe(Subscriber* subscriber);

 private:
  using Map = std::map<std::string, api::ObjectPtr, std::less<>>;
  template <class Visit>
  void visit_range(std::string_view ns, std::string_view after, Visit&& visit) const;

  const std::string name_;
  const bool has_volatile_;
  mutable std::shared_mutex mutex_;  // guards objects_, ring_, last_revision_
  Map objects_;
  EventRing ring_;
  int64_t last_revision_ = 0;
  std::mutex subscribers_mutex_;
  std::list<Subscriber*> subscribers_;
};

}  // namespace skerry::registry
