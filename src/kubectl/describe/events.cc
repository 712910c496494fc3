#include "kubectl/describe/events.h"

#include <algorithm>

#include "base/strings.h"
#include "kubectl/describe/format.h"

namespace skerry::kubectl {
namespace {

// "3m (x5 over 10m)" of events that came again.
std::string age_of_event(const Json& event, WallTime now) {
  const Json& event_time = json::find(event, "eventTime");
  std::string first = age_text(event_time.is_string() ? event_time : json::find(event, "firstTimestamp"), now);
  auto again = [&](const Json& last, int64_t count) {
    return age_text(last, now) + " (x" + std::to_string(count) + " over " + first + ")";
  };
  if (const Json& series = json::find(event, "series"); series.is_object())
    return again(json::find(series, "lastObservedTime"), json::integer(series, "count"));
  int64_t count = json::integer(event, "count");
  return count > 1 ? again(json::find(event, "lastTimestamp"), count) : first;
}

WallTime last_time(const Json& event) {
  return parse_rfc3339(json::str(event, "lastTimestamp")).value_or(WallTime::min());
}

}  // namespace

std::vector<Json> events_about(const Subject& subject, std::string_view name, std::string_view ns,
                               std::string_view kind, std::string_view uid) {
  std::string selector;
  if (!kind.empty()) selector = "involvedObject.kind=" + std::string(kind) + ",";
  selector += "involvedObject.name=" + std::string(name) + ",involvedObject.namespace=" + std::string(ns);
  if (!uid.empty()) selector += ",involvedObject.uid=" + std::string(uid);
  auto events = subject.list(mapping_of("v1", "events", "Event", true), ns, "", selector);
  return events ? std::move(*events) : std::vector<Json>{};
}

void put_events(Writer& w, std::vector<Json> events, WallTime now) {
  if (events.empty()) return w.field(0, "Events", "<none>");
  w.end_columns();
  std::stable_sort(events.begin(), events.end(),
                   [](const Json& a, const Json& b) { return last_time(a) < last_time(b); });
  w.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
  w.line(1, "----\t------\t----\t----\t-------");
  for (const Json& event : events) {
    std::string source = json::str(event, {"source", "component"});
    if (source.empty()) source = json::str(event, "reportingComponent");
    std::string text = json::str(event, "message");
    std::string message(trim(text));
    std::string field = json::str(event, {"involvedObject", "fieldPath"});
    if (!field.empty()) message = field + ": " + message;
    w.line(1, json::str(event, "type"), "\t", json::str(event, "reason"), "\t", age_of_event(event, now), "\t", source,
           "\t", message);
  }
}

void put_events_of(const Subject& subject, Writer& w) {
  if (!subject.options.show_events) return;
  put_events(w, events_about(subject, subject.name(), subject.ns(), json::str(subject.object, "kind"), subject.uid()),
             subject.now);
}

}  // namespace skerry::kubectl
