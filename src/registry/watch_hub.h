// WatchHub: what changed lately, per collection, and the watchers that wait for more. A watcher costs no thread.
//
// A watcher is a cursor (the revision it has seen) and a wake-up function. Each collection keeps a bounded ring of its
// last events; a watcher whose cursor has fallen off it is served from the store's log, and gets Expired where that is
// compacted or does not know (volatile writes).
//
// The bells and the lock are the collection's (registry/collection.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "api/request.h"
#include "api/selector.h"
#include "base/clock.h"
#include "base/result.h"

namespace skerry::registry {

// One change of one object. `before` null: created; `after` null: deleted, then `last` is the final state, carrying
// the revision of the deletion.
struct Event {
  int64_t revision = 0;
  bool is_volatile = false;
  MonoTime at;
  api::ObjectPtr before;
  api::ObjectPtr after;
  api::ObjectPtr last;

  const api::Object& object() const { return after ? *after : *last; }
  size_t bytes() const;
};

struct HubOptions {
  size_t max_events = 4096;         // per collection
  size_t max_bytes = 4 << 20;       // per collection, previous objects counted
  std::chrono::nanoseconds max_age = std::chrono::minutes(5);
};

// What a watcher wants to see of a collection.
struct WatchFilter {
  std::string ns;    // empty: all
  std::string name;  // empty: all
  api::LabelSelector labels;
  api::FieldSelector fields;

  bool matches(const api::Object& object) const;
};

// A running watch, for whoever writes to the connection. Not thread-safe itself: one caller at a time. Destroying it
// ends it; afterwards `wake` is not running and never will (so do not destroy it while holding a lock that wake takes).
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // The next events, at most about `max`. Empty: there are none now; `wake` will be called once when there are (or
  // spuriously). Error (Expired): the watch is over; send it as an ERROR event and close.
  virtual Result<std::vector<api::WatchEvent>> next(size_t max = 100) = 0;
  // A BOOKMARK event with the revision up to which next() has delivered everything. To be sent only if the caller
  // asked for bookmarks (next() itself adds the one that ends the initial events).
  virtual api::WatchEvent bookmark() = 0;
};

// The ring of one collection. Guarded by the collection's lock (registry/collection.h).
class EventRing {
 public:
  explicit EventRing(const HubOptions& options) : options_(options) {}

  void append(Event event);
  // Drops what is older than max_age at `now`.
  void expire(MonoTime now);
  // Events after `revision`, oldest first, at most `max`. The caller has checked covers().
  void read(int64_t revision, size_t max, std::vector<Event>& out) const;
  // All events after `revision` are here.
  bool covers(int64_t revision) const { return revision >= dropped_; }
  // The last revision of a volatile event that is no longer here: the store's log cannot replace it.
  int64_t dropped_volatile() const { return dropped_volatile_; }
  int64_t dropped() const { return dropped_; }
  // Before anything was appended: events up to `revision` are not here, and if `has_volatile` not all are in the log.
  void start_at(int64_t revision, bool has_volatile) {
    dropped_ = revision;
    if (has_volatile) dropped_volatile_ = revision;
  }
  const std::deque<Event>& events() const { return events_; }

 private:
  void drop_front();

  const HubOptions& options_;
  std::deque<Event> events_;
  size_t bytes_ = 0;
  int64_t dropped_ = 0;
  int64_t dropped_volatile_ = 0;
};

}  // namespace skerry::registry
