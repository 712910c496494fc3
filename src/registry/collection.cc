#include "registry/collection.h"

#include <algorithm>

#include "registry/encoding.h"

namespace skerry::registry {

Collection::Collection(std::string name, const HubOptions& hub, bool has_volatile)
    : name_(std::move(name)), has_volatile_(has_volatile), ring_(hub) {}

void Collection::load(std::string key, api::ObjectPtr object) {
  last_revision_ = std::max(last_revision_, object->meta().revision);
  objects_.insert_or_assign(std::move(key), std::move(object));
}

void Collection::start_at(int64_t revision) { ring_.start_at(revision, has_volatile_); }

Event Collection::apply(int64_t revision, const std::string& key, api::ObjectPtr after, bool is_volatile, MonoTime now,
                        const std::function<void(const Event&)>& first) {
  Event event;
  event.revision = revision;
  event.is_volatile = is_volatile;
  event.at = now;
  // Only this thread changes objects_, so it may look without the lock.
  auto it = objects_.lower_bound(key);
  const bool exists = it != objects_.end() && it->first == key;
  if (exists) event.before = it->second;
  event.after = after;
  if (!after && exists) event.last = with_revision(*event.before, revision);
  if (after || exists) first(event);
  {
    std::unique_lock lock(mutex_);
    last_revision_ = revision;
    if (!after && !exists) return event;
    if (!after) objects_.erase(it);
    else if (exists) it->second = std::move(after);
    else objects_.emplace_hint(it, key, std::move(after));
    ring_.append(event);
  }
  std::lock_guard lock(subscribers_mutex_);
  for (Subscriber* s : subscribers_)
    if (s->armed.exchange(false)) s->wake();
  return event;
}

void Collection::expire_events(MonoTime now) {
  std::unique_lock lock(mutex_);
  ring_.expire(now);
}

api::ObjectPtr Collection::find(std::string_view key) const {
  std::shared_lock lock(mutex_);
  auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : it->second;
}

size_t Collection::size() const {
  std::shared_lock lock(mutex_);
  return objects_.size();
}

int64_t Collection::last_revision() const {
  std::shared_lock lock(mutex_);
  return last_revision_;
}

// visit(key, object) until it returns false. The lock is held.
template <class Visit>
void Collection::visit_range(std::string_view ns, std::string_view after, Visit&& visit) const {
  std::string start = ns.empty() ? std::string() : std::string(ns) + "/";
  auto it = after.empty() || after < std::string_view(start) ? objects_.lower_bound(start) : objects_.upper_bound(after);
  for (; it != objects_.end() && (ns.empty() || it->first.starts_with(start)); ++it)
    if (!visit(it->first, it->second)) return;
}

Collection::Slice Collection::slice(std::string_view ns, std::string_view after, size_t limit, const Filter& wanted,
                                    int64_t applied) const {
  Slice out;
  std::vector<api::ObjectPtr> candidates;  // filtered outside the lock
  {
    std::shared_lock lock(mutex_);
    out.revision = std::max(applied, last_revision_);
    visit_range(ns, after, [&](const std::string&, const api::ObjectPtr& object) {
      if (!wanted && limit != 0 && candidates.size() == limit) {
        out.more = true;
        ++out.remaining;
        return true;
      }
      candidates.push_back(object);
      return true;
    });
  }
  if (!wanted) {
    out.items = std::move(candidates);
    return out;
  }
  for (auto& object : candidates) {
    if (!wanted(*object)) continue;
    if (limit != 0 && out.items.size() == limit) {
      out.more = true;
      break;
    }
    out.items.push_back(std::move(object));
  }
  return out;
}

std::optional<Collection::Slice> Collection::slice_at(int64_t at, std::string_view ns, std::string_view after,
                                                      size_t limit, const Filter& wanted) const {
  Slice out;
  out.revision = at;
  Map then;
  {
    std::shared_lock lock(mutex_);
    if (last_revision_ > at && !ring_.covers(at)) return std::nullopt;
    visit_range(ns, after, [&](const std::string& key, const api::ObjectPtr& object) {
      then.emplace_hint(then.end(), key, object);
      return true;
    });
    // Undo what happened since, latest first.
    std::string start = ns.empty() ? std::string() : std::string(ns) + "/";
    const auto& events = ring_.events();
    for (auto it = events.rbegin(); it != events.rend() && it->revision > at; ++it) {
      std::string key = it->object().key();
      if (!key.starts_with(start) || (!after.empty() && key <= after)) continue;
      if (it->before) then.insert_or_assign(key, it->before);
      else then.erase(key);
    }
  }
  for (auto& [key, object] : then) {
    if (wanted && !wanted(*object)) continue;
    if (limit != 0 && out.items.size() == limit) {
      out.more = true;
      if (wanted) break;
      ++out.remaining;
      continue;
    }
    out.items.push_back(object);
  }
  return out;
}

Collection::ReadResult Collection::read_events(int64_t cursor, size_t max, std::vector<Event>& out, int64_t& dropped,
                                               Subscriber& arm) const {
  std::shared_lock lock(mutex_);
  dropped = ring_.dropped();
  if (!ring_.covers(cursor)) return cursor < ring_.dropped_volatile() ? ReadResult::kLost : ReadResult::kBehind;
  ring_.read(cursor, max, out);
  if (!out.empty()) return ReadResult::kOk;
  // Still under the lock: whatever is appended from now on rings.
  arm.armed.store(true);
  return ReadResult::kNothing;
}

void Collection::subscribe(Subscriber* subscriber) {
  std::lock_guard lock(subscribers_mutex_);
  subscribers_.push_back(subscriber);
}

void Collection::unsubscribe(Subscriber* subscriber) {
  std::lock_guard lock(subscribers_mutex_);
  subscribers_.remove(subscriber);
}

}  // namespace skerry::registry
