// WatchStream: one watch on a collection.
#include <algorithm>

#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

constexpr size_t kLogPage = 500;

class Stream final : public WatchStream {
 public:
  Stream(Registry::Impl& registry, Collection& collection, api::ResourcePtr row, WatchFilter filter,
         std::function<void()> wake)
      : registry_(registry), collection_(collection), row_(std::move(row)), filter_(std::move(filter)) {
    bell_.wake = std::move(wake);
    collection_.subscribe(&bell_);
  }
  ~Stream() override { collection_.unsubscribe(&bell_); }

  void start_at(int64_t revision) { cursor_ = revision; }
  // A revision nobody has given out: it is another store's, from before this one was set up anew. Waiting for it would
  // show the client nothing for a long time; it must list.
  void start_nowhere(int64_t revision) {
    cursor_ = revision;
    lost_ = true;
  }
  // Everything there is now comes first, as ADDED; then, if `mark`, the bookmark that says so.
  void start_with_state(bool mark) {
    auto slice = collection_.slice(filter_.ns, "", 0, nullptr, registry_.applied.load(std::memory_order_acquire));
    initial_ = std::move(slice.items);
    cursor_ = slice.revision;
    mark_initial_end_ = mark;
  }

  Result<std::vector<api::WatchEvent>> next(size_t max) override {
    if (lost_) return too_old(cursor_, registry_.applied);
    std::vector<api::WatchEvent> out;
    while (out.empty()) {
      if (initial_at_ < initial_.size()) {
        take_initial(max, out);
        continue;
      }
      if (mark_initial_end_) {
        mark_initial_end_ = false;
        initial_ = {};
        initial_at_ = 0;
        out.push_back(make_bookmark(true));
        break;
      }
      if (!TRY(take_events(max, out))) break;
    }
    return out;
  }

  api::WatchEvent bookmark() override { return make_bookmark(false); }

 private:
  void take_initial(size_t max, std::vector<api::WatchEvent>& out) {
    for (; initial_at_ < initial_.size() && out.size() < max; ++initial_at_) {
      const api::ObjectPtr& object = initial_[initial_at_];
      api::ObjectPtr shown = shown_as(object);
      if (filter_.matches(*shown)) out.push_back({api::EventType::kAdded, std::move(shown)});
    }
    if (initial_at_ == initial_.size() && !mark_initial_end_) {
      initial_ = {};
      initial_at_ = 0;
    }
  }

  // False: nothing is there; the bell is armed.
  Result<bool> take_events(size_t max, std::vector<api::WatchEvent>& out) {
    // Read before looking: if nothing is found then, all up to here has been delivered.
    int64_t applied = registry_.applied.load(std::memory_order_acquire);
    std::vector<Event> events;
    int64_t dropped = 0;
    switch (collection_.read_events(cursor_, max, events, dropped, bell_)) {
      case Collection::ReadResult::kNothing:
        cursor_ = std::max(cursor_, applied);
        return false;
      case Collection::ReadResult::kLost:
        return too_old(cursor_, dropped);
      case Collection::ReadResult::kBehind:
        TRY(read_log(dropped, out));
        return true;
      case Collection::ReadResult::kOk:
        break;
    }
    for (const Event& event : events) deliver(event, out);
    cursor_ = events.back().revision;
    return true;
  }

  // Catches up from the store's log to where the ring begins.
  Status read_log(int64_t until, std::vector<api::WatchEvent>& out) {
    auto changes = TRY(registry_.store.changes_since(cursor_, collection_.prefix(), kLogPage));
    bool full = changes.size() >= kLogPage;
    for (const store::Change& change : changes) {
      if (change.revision > until) {
        full = false;
        break;
      }
      Event event;
      event.revision = change.revision;
      if (change.previous) event.before = load_object(change.previous, change.previous_revision);
      if (change.value) event.after = load_object(change.value, change.revision);
      else if (event.before) event.last = with_revision(*event.before, change.revision);
      cursor_ = change.revision;
      if (event.after || event.last) deliver(event, out);
    }
    if (!full) cursor_ = std::max(cursor_, until);
    return {};
  }

  // An object that moves into or out of the selection is added or deleted for this watcher.
  void deliver(const Event& event, std::vector<api::WatchEvent>& out) {
    const api::Meta& meta = event.object().meta();
    if ((!filter_.ns.empty() && meta.ns != filter_.ns) || (!filter_.name.empty() && meta.name != filter_.name)) return;
    api::ObjectPtr after = event.after ? shown_as(event.after) : nullptr;
    bool is = after && filter_.matches(*after);
    bool was = event.before && filter_.matches(*shown_as(event.before));
    if (is) out.push_back({was ? api::EventType::kModified : api::EventType::kAdded, std::move(after)});
    else if (was && event.after) out.push_back({api::EventType::kDeleted, shown_as(with_revision(*event.before, event.revision))});
    else if (was) out.push_back({api::EventType::kDeleted, shown_as(event.last)});
  }

  api::ObjectPtr shown_as(const api::ObjectPtr& object) const { return view_as(*row_, object); }

  api::WatchEvent make_bookmark(bool ends_initial) const {
    Json metadata = {{"resourceVersion", std::to_string(cursor_)}, {"creationTimestamp", nullptr}};
    if (ends_initial) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
    return {api::EventType::kBookmark,
            api::Object::from_json({{"apiVersion", row_->api_version()}, {"kind", std::string(row_->kind)}, {"metadata", metadata}})};
  }

  Registry::Impl& registry_;
  Collection& collection_;
  const api::ResourcePtr row_;
  const WatchFilter filter_;
  Subscriber bell_;
  int64_t cursor_ = 0;  // everything up to it is delivered or in initial_
  std::vector<api::ObjectPtr> initial_;
  size_t initial_at_ = 0;
  bool mark_initial_end_ = false;
  bool lost_ = false;
};

}  // namespace

Result<std::unique_ptr<WatchStream>> Registry::watch(const api::ResourcePtr& row, const api::Request& request,
                                                     std::function<void()> wake) {
  if (!row->stored) return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  const api::Options& o = request.options;
  auto invalid = [](std::string_view field, std::string_view why) {
    Error error(Reason::kInvalid, "ListOptions.meta.k8s.io \"\" is invalid: " + std::string(field) + ": Forbidden: " + std::string(why));
    return with_cause(std::move(error), "FieldValueForbidden", "Forbidden: " + std::string(why), std::string(field));
  };
  if (o.send_initial_events && o.resource_version_match != "NotOlderThan")
    return invalid("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (!o.continue_token.empty()) return invalid("continue", "continue is forbidden for watch");
  int64_t revision = TRY(parse_revision(o.resource_version));
  WatchFilter filter = TRY(impl_->filter_of(*row, request));
  Collection& collection = impl_->collection(stored_row(*row).group_resource());
  const bool reached = impl_->reaches(revision);
  if (o.send_initial_events && !reached) return too_large(revision, impl_->applied);

  auto stream = std::make_unique<Stream>(*impl_, collection, row, std::move(filter), std::move(wake));
  if (o.send_initial_events) stream->start_with_state(o.allow_bookmarks);
  else if (revision == 0) stream->start_with_state(false);
  else if (reached) stream->start_at(revision);
  else stream->start_nowhere(revision);
  return std::unique_ptr<WatchStream>(std::move(stream));
}

}  // namespace skerry::registry
