#include "kubectl/read/event_rows.h"

#include <algorithm>

#include "base/strings.h"
#include "kubectl/read/typed_json.h"
#include "output/age.h"

namespace skerry::kubectl {

std::string event_interval(const Json& e, WallTime now) {
  const Json& event_time = json::find(e, "eventTime");
  std::string first = output::age_since(event_time.is_string() ? event_time : json::find(e, "firstTimestamp"), now);
  auto times = [&](const Json& last, int64_t count) {
    return output::age_since(last, now) + " (x" + std::to_string(count) + " over " + first + ")";
  };
  if (json::find(e, "series").is_object()) return times(json::find(e, {"series", "lastObservedTime"}), json::integer(e, {"series", "count"}));
  if (json::integer(e, "count") > 1) return times(json::find(e, "lastTimestamp"), json::integer(e, "count"));
  return first;
}

void sort_events(std::vector<Json>& events) {
  auto time = [](const Json& e) {
    std::string text = json::str(e, {"series", "lastObservedTime"});
    if (text.empty()) text = json::str(e, "lastTimestamp");
    if (text.empty()) text = json::str(e, "eventTime");
    return parse_rfc3339(text).value_or(WallTime{});
  };
  std::stable_sort(events.begin(), events.end(), [&](const Json& a, const Json& b) { return time(a) < time(b); });
}

std::string event_row(const Json& e, WallTime now) {
  return event_interval(e, now) + '\t' + json::str(e, "type") + '\t' + json::str(e, "reason") + '\t' + json::str(e, {"involvedObject", "kind"}) + '/' +
         json::str(e, {"involvedObject", "name"}) + '\t' + std::string(trim(json::str(e, "message")));
}

output::OrderedJson typed_event(const Json& event) {
  static constexpr std::string_view kReference[] = {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"};
  static constexpr std::string_view kEvent[] = {"kind", "apiVersion", "metadata", "involvedObject", "reason", "message", "source", "firstTimestamp",
                                                "lastTimestamp", "count", "type", "eventTime", "series", "action", "related"};
  Json e = json::object_or_empty(event);
  e["kind"] = "Event";
  e["apiVersion"] = "v1";
  for (auto key : {"firstTimestamp", "lastTimestamp", "eventTime"}) e.emplace(key, nullptr);
  for (auto key : {"reportingComponent", "reportingInstance"}) e.emplace(key, "");
  for (auto key : {"source", "involvedObject"}) e.emplace(key, Json::object());
  auto out = in_order(e, kEvent);
  out["metadata"] = metadata_in_order(json::find(e, "metadata"));
  out["involvedObject"] = in_order(e["involvedObject"], kReference);
  if (e.contains("related")) out["related"] = in_order(e["related"], kReference);
  return out;
}

}  // namespace skerry::kubectl
