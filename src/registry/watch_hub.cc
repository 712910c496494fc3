#include "registry/watch_hub.h"

#include <algorithm>

namespace skerry::registry {

// What the ring keeps alive: the object before is nobody else's any more.
size_t Event::bytes() const {
  size_t n = sizeof(Event);
  if (before) n += before->bytes()->size() + 400;
  if (last) n += last->bytes()->size() + 400;
  return n;
}

bool WatchFilter::matches(const api::Object& object) const {
  const api::Meta& meta = object.meta();
  if (!ns.empty() && meta.ns != ns) return false;
  if (!name.empty() && meta.name != name) return false;
  return (labels.empty() || labels.matches(meta.labels)) && (fields.empty() || fields.matches(object));
}

void EventRing::append(Event event) {
  bytes_ += event.bytes();
  MonoTime now = event.at;
  events_.push_back(std::move(event));
  while (events_.size() > options_.max_events || (bytes_ > options_.max_bytes && events_.size() > 1)) drop_front();
  expire(now);
}

void EventRing::expire(MonoTime now) {
  while (!events_.empty() && now - events_.front().at > options_.max_age) drop_front();
}

void EventRing::drop_front() {
  const Event& event = events_.front();
  bytes_ -= event.bytes();
  dropped_ = event.revision;
  if (event.is_volatile) dropped_volatile_ = event.revision;
  events_.pop_front();
}

void EventRing::read(int64_t revision, size_t max, std::vector<Event>& out) const {
  auto it = std::upper_bound(events_.begin(), events_.end(), revision,
                             [](int64_t r, const Event& e) { return r < e.revision; });
  // A transaction's events are never split.
  for (; it != events_.end() && (out.size() < max || out.back().revision == it->revision); ++it) out.push_back(*it);
}

}  // namespace skerry::registry
