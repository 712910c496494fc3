#include "kubectl/describe/format.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>

#include "api/selector.h"
#include "api/table.h"
#include "base/strings.h"
#include "output/go_format.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxAnnotation = 140;
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

std::optional<std::tm> local_time(const Json& timestamp, int& nanos) {
  if (!timestamp.is_string()) return std::nullopt;
  auto time = parse_rfc3339_civil(timestamp.get_ref<const std::string&>());
  if (!time) return std::nullopt;
  nanos = time->nanos;
  std::time_t seconds = time->unix_seconds;
  std::tm tm{};
  if (!localtime_r(&seconds, &tm)) return std::nullopt;
  return tm;
}

std::string strftime_text(const char* format, const std::tm& tm) {
  char buffer[64];
  return {buffer, std::strftime(buffer, sizeof buffer, format, &tm)};
}

}  // namespace

bool has(const Json& object, std::string_view key) { return !json::find(object, key).is_null(); }

std::string go_value(const Json& value) { return output::go_text(value); }

std::string int_or_string(const Json& value) { return value.is_null() ? "<nil>" : go_value(value); }

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

std::string or_unset(const Json& object, std::string_view key) {
  const Json& value = json::find(object, key);
  return value.is_null() ? "<unset>" : go_value(value);
}

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& element : json::array_or_empty(list)) texts.push_back(go_value(element));
  return texts;
}

std::string joined_list(const Json& list, std::string_view separator) { return join(strings(list), separator); }

std::string true_false(bool value) { return value ? "True" : "False"; }

std::string true_false_or_unset(const Json& value) {
  return value.is_boolean() ? true_false(value.get<bool>()) : "<unset>";
}

std::string quantity_text(const Json& value) { return api::Quantity::from_json(value).to_string(); }

std::string time_text(const Json& timestamp) {
  int nanos = 0;
  auto tm = local_time(timestamp, nanos);
  return tm ? strftime_text("%a, %d %b %Y %H:%M:%S %z", *tm) : "Mon, 01 Jan 0001 00:00:00 +0000";
}

std::string time_with_zone(const Json& timestamp) {
  int nanos = 0;
  auto tm = local_time(timestamp, nanos);
  if (!tm) return "0001-01-01 00:00:00 +0000 UTC";
  std::string fraction;
  if (nanos != 0) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, ".%09d", nanos);
    fraction = buffer;
    fraction.erase(fraction.find_last_not_of('0') + 1);
  }
  return strftime_text("%Y-%m-%d %H:%M:%S", *tm) + fraction + strftime_text(" %z %Z", *tm);
}

std::string age_text(const Json& timestamp, WallTime now) {
  auto time = timestamp.is_string() ? parse_rfc3339(timestamp.get_ref<const std::string&>()) : std::nullopt;
  return time ? api::human_duration(now - *time) : "<unknown>";
}

std::string equals_selector(const Json& map) {
  std::string text;
  for (const auto& [key, value] : json::object_or_empty(map).items())
    text += (text.empty() ? "" : ",") + key + "=" + go_value(value);
  return text;
}

std::string labels_text(const Json& map) { return or_none(equals_selector(map)); }

std::string selector_text(const Json& selector) {
  auto parsed = api::LabelSelector::from_json(selector);
  return parsed ? parsed->to_string() : "<error>";
}

std::string selector_or_none(const Json& selector) { return or_none(selector_text(selector)); }

std::string short_access_modes(const Json& modes) {
  static constexpr std::pair<std::string_view, std::string_view> kModes[] = {
      {"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
  std::vector<std::string> present = strings(modes);
  std::string text;
  for (const auto& [mode, brief] : kModes)
    if (std::find(present.begin(), present.end(), mode) != present.end())
      text += (text.empty() ? "" : ",") + std::string(brief);
  return text;
}

std::string controller_text(const Json& object) {
  for (const Json& owner : json::array_or_empty(json::find(object, {"metadata", "ownerReferences"})))
    if (json::boolean(owner, "controller")) return json::str(owner, "kind") + "/" + json::str(owner, "name");
  return "";
}

void put_labels(Writer& w, std::string_view title, const Json& map, std::string_view indent) {
  w.put(0, indent, title, ":\t");
  const Json& labels = json::object_or_empty(map);
  if (labels.empty()) return w.line(0, "<none>");
  bool first = true;
  for (const auto& [key, value] : labels.items()) {
    if (!first) {
      w.put(0, indent);
      w.put(0, "\t");
    }
    first = false;
    w.line(0, key, "=", go_value(value));
  }
}

void put_annotations(Writer& w, std::string_view title, const Json& map) {
  w.put(0, title, ":\t");
  bool first = true;
  for (const auto& [key, annotation] : json::object_or_empty(map).items()) {
    if (key == kLastApplied) continue;
    if (!first) w.put(0, "\t");
    first = false;
    std::string value = go_value(annotation);
    if (value.ends_with('\n')) value.pop_back();
    if (value.size() + key.size() + 2 <= kMaxAnnotation && value.find('\n') == std::string::npos) {
      w.line(0, key, ": ", value);
      continue;
    }
    w.line(0, key, ":");
    for (std::string_view part : split(value, '\n')) {
      bool too_long = part.size() > kMaxAnnotation - 2;
      w.line(0, "\t  ", part.substr(0, kMaxAnnotation - 2), too_long ? "..." : "");
    }
  }
  if (first) w.line(0, "<none>");
}

void put_condition_table(Writer& w, const Json& conditions) {
  w.line(0, "Conditions:");
  w.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
  w.line(1, "----\t------\t------------------\t------\t-------");
  for (const Json& c : json::array_or_empty(conditions))
    w.line(1, json::str(c, "type"), "\t", json::str(c, "status"), "\t", time_text(json::find(c, "lastTransitionTime")),
           "\t", json::str(c, "reason"), "\t", json::str(c, "message"));
}

void put_short_conditions(Writer& w, const Json& status) {
  const Json& conditions = json::array_or_empty(json::find(status, "conditions"));
  if (conditions.empty()) return;
  w.line(0, "Conditions:\n  Type\tStatus\tReason");
  w.line(1, "----\t------\t------");
  for (const Json& c : conditions)
    w.line(1, json::str(c, "type"), " \t", json::str(c, "status"), "\t", json::str(c, "reason"));
}

void put_name(Writer& w, const Json& object, bool with_namespace) {
  w.field(0, "Name", json::str(object, {"metadata", "name"}));
  if (with_namespace) w.field(0, "Namespace", json::str(object, {"metadata", "namespace"}));
}

void put_metadata(Writer& w, const Json& object, bool with_namespace) {
  put_name(w, object, with_namespace);
  put_labels(w, "Labels", json::find(object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(object, {"metadata", "annotations"}));
}

}  // namespace skerry::kubectl
