#include "client/event_correlator.h"

#include <algorithm>
#include <charconv>

#include "client/events.h"

namespace skerry::client {
namespace {

constexpr size_t kRemembered = 1024;
constexpr size_t kMostSimilar = 10;
constexpr auto kSimilarWindow = std::chrono::minutes(10);
constexpr double kBurst = 25;
constexpr double kTokensPerSecond = 1.0 / 300;
constexpr size_t kLongestMessage = 1024;

std::string hex(uint64_t n) {
  char text[17];
  auto end = std::to_chars(text, text + sizeof text, n, 16).ptr;
  return {text, end};
}

void set_if(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

}  // namespace

EventCorrelator::EventCorrelator(std::string component, std::string host)
    : component_(std::move(component)), host_(std::move(host)) {}

template <class T>
T& EventCorrelator::Recent<T>::at(const std::string& key) {
  auto it = entries.find(key);
  if (it != entries.end()) {
    order.splice(order.begin(), order, it->second.place);
    return it->second.value;
  }
  if (entries.size() >= kRemembered) {
    entries.erase(order.back());
    order.pop_back();
  }
  order.push_front(key);
  auto& entry = entries[key];
  entry.place = order.begin();
  return entry.value;
}

std::optional<EventCorrelator::Write> EventCorrelator::decide(const ObjectReference& about, std::string_view type,
                                                              std::string_view reason, std::string_view message,
                                                              WallTime now) {
  const char kBetween = '\x1f';
  std::string object_key = about.kind + kBetween + about.ns + kBetween + about.name + kBetween + about.uid +
                           kBetween + about.field_path;
  Bucket& bucket = buckets_.at(object_key);
  if (!bucket.used) {
    bucket = {true, kBurst, now};
  } else {
    double passed = std::max(0.0, std::chrono::duration<double>(now - bucket.at).count());
    bucket.tokens = std::min(kBurst, bucket.tokens + passed * kTokensPerSecond);
    bucket.at = now;
  }
  if (bucket.tokens < 1) {
    ++dropped_;
    return std::nullopt;
  }
  bucket.tokens -= 1;

  std::string text(message.substr(0, kLongestMessage));
  std::string similar_key = object_key + kBetween + std::string(type) + kBetween + std::string(reason);
  Similar& similar = similar_.at(similar_key);
  if (now - similar.last > kSimilarWindow) similar.messages.clear();
  similar.last = now;
  std::string written_key = similar_key;
  if (std::find(similar.messages.begin(), similar.messages.end(), text) != similar.messages.end()) {
    written_key += kBetween + text;
  } else if (similar.messages.size() < kMostSimilar) {
    similar.messages.push_back(text);
    written_key += kBetween + text;
  } else {
    text = "(combined from similar events): " + text;
  }

  Written& written = written_.at(written_key);
  Write write;
  write.repeat = !written.name.empty();
  if (!write.repeat) {
    written.first = now;
    written.name = about.name + "." + hex(static_cast<uint64_t>(now.time_since_epoch().count()));
  }
  ++written.count;
  write.ns = about.ns.empty() ? "default" : about.ns;
  write.name = written.name;

  Json involved = Json::object();
  set_if(involved, "kind", about.kind);
  set_if(involved, "namespace", about.ns);
  set_if(involved, "name", about.name);
  set_if(involved, "uid", about.uid);
  set_if(involved, "apiVersion", about.api_version);
  set_if(involved, "resourceVersion", about.resource_version);
  set_if(involved, "fieldPath", about.field_path);
  Json source = Json::object();
  set_if(source, "component", component_);
  set_if(source, "host", host_);
  write.event = {{"apiVersion", "v1"},
                 {"kind", "Event"},
                 {"metadata", {{"name", write.name}, {"namespace", write.ns}}},
                 {"involvedObject", involved},
                 {"reason", reason},
                 {"message", text},
                 {"source", source},
                 {"firstTimestamp", format_rfc3339(written.first)},
                 {"lastTimestamp", format_rfc3339(now)},
                 {"count", written.count},
                 {"type", type},
                 {"eventTime", nullptr},
                 {"reportingComponent", component_},
                 {"reportingInstance", host_}};
  return write;
}

}  // namespace skerry::client
