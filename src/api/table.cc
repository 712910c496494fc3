#include "api/table.h"

#include "api/selector.h"
#include "api/table_rows.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr Column kDefaultColumns[] = {{"Name", "string", "name"}, {"Age"}};

void default_cells(const Json& object, WallTime now, Json& cells) {
  cells.push_back(name_of(object));
  cells.push_back(age_of(object, now));
}

constexpr TableKind kDefault = {"", "", kDefaultColumns, default_cells};

const TableKind& kind_of(const Resource& resource) {
  for (auto kinds : {core_table_kinds(), workload_table_kinds(), other_table_kinds()})
    for (const TableKind& kind : kinds)
      if (resource.is(kind.group, kind.kind)) return kind;
  return kDefault;
}

Json table_start(const TableKind& kind, const TableOptions& options) {
  Json table = {{"kind", "Table"}, {"apiVersion", "meta.k8s.io/" + std::string(options.version)}, {"metadata", Json::object()}};
  table["columnDefinitions"] = options.headers ? Json::array() : Json();
  if (options.headers)
    for (const Column& column : kind.columns)
      table["columnDefinitions"].push_back({{"name", column.name},
                                            {"type", column.type},
                                            {"format", column.format},
                                            {"description", "kubectl's column " + std::string(column.name)},
                                            {"priority", column.priority}});
  table["rows"] = Json::array();
  return table;
}

void add_row(Json& table, const TableKind& kind, const Object& object, WallTime now, const TableOptions& options) {
  Json value = object.json();
  Json cells = Json::array();
  kind.cells(value, now, cells);
  Json row = {{"cells", std::move(cells)}};
  if (options.include == IncludeObject::kObject) row["object"] = std::move(value);
  else if (options.include == IncludeObject::kMetadata) row["object"] = partial_metadata(value, options.version);
  else row["object"] = nullptr;
  table["rows"].push_back(std::move(row));
}

}  // namespace

std::string name_of(const Json& object) { return json::str(object, {"metadata", "name"}); }

std::string age_since(const Json& timestamp, WallTime now) {
  auto since = timestamp.is_string() ? parse_rfc3339(timestamp.get_ref<const std::string&>()) : std::nullopt;
  return since ? human_duration(now - *since) : "<unknown>";
}

std::string age_of(const Json& object, WallTime now) {
  return age_since(json::find(object, {"metadata", "creationTimestamp"}), now);
}

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

std::string labels_text(const Json& map) {
  std::string text;
  for (const auto& [key, value] : json::object_or_empty(map).items()) {
    if (!text.empty()) text += ",";
    text += key + "=" + (value.is_string() ? value.get<std::string>() : "");
  }
  return or_none(text);
}

std::string selector_text(const Json& label_selector) {
  auto selector = LabelSelector::from_json(label_selector);
  return selector && !selector->matches_nothing() ? or_none(selector->to_string()) : "<none>";
}

namespace {
std::string container_field(const Json& pod_spec, const char* key) {
  std::vector<std::string> values;
  for (const auto& c : json::array_or_empty(json::find(pod_spec, "containers"))) values.push_back(json::str(c, key));
  return join(values, ",");
}
}  // namespace

std::string container_names(const Json& pod_spec) { return container_field(pod_spec, "name"); }
std::string container_images(const Json& pod_spec) { return container_field(pod_spec, "image"); }

Result<IncludeObject> parse_include_object(std::string_view text) {
  if (text.empty() || text == "Metadata") return IncludeObject::kMetadata;
  if (text == "None") return IncludeObject::kNone;
  if (text == "Object") return IncludeObject::kObject;
  return Error(Reason::kBadRequest, "unrecognized includeObject value: \"" + std::string(text) + "\"");
}

Json table_of(const Resource& resource, const Object& object, WallTime now, const TableOptions& options) {
  const TableKind& kind = kind_of(resource);
  Json table = table_start(kind, options);
  if (object.meta().revision > 0) table["metadata"]["resourceVersion"] = std::to_string(object.meta().revision);
  add_row(table, kind, object, now, options);
  return table;
}

Json table_of_list(const Resource& resource, const List& list, WallTime now, const TableOptions& options) {
  const TableKind& kind = kind_of(resource);
  Json table = table_start(kind, options);
  Json& meta = table["metadata"];
  meta["resourceVersion"] = std::to_string(list.revision);
  if (!list.continue_token.empty()) meta["continue"] = list.continue_token;
  if (list.remaining) meta["remainingItemCount"] = *list.remaining;
  for (const auto& object : list.items) add_row(table, kind, *object, now, options);
  return table;
}

Json partial_metadata(const Json& object, std::string_view version) {
  const Json& meta = json::find(object, "metadata");
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/" + std::string(version)},
          {"metadata", meta.is_object() ? meta : Json::object()}};
}

std::string human_duration(std::chrono::nanoseconds duration) {
  int64_t s = std::chrono::duration_cast<seconds>(duration).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  auto two = [](int64_t a, const char* au, int64_t b, const char* bu) {
    std::string text = std::to_string(a) + au;
    return b == 0 ? text : text + std::to_string(b) + bu;
  };
  int64_t minutes = s / 60, hours = s / 3600, days = hours / 24;
  if (s < 120) return std::to_string(s) + "s";
  if (minutes < 10) return two(minutes, "m", s % 60, "s");
  if (minutes < 180) return std::to_string(minutes) + "m";
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return std::to_string(hours) + "h";
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 365 * 2) return std::to_string(days) + "d";
  if (days < 365 * 8) return two(days / 365, "y", days % 365, "d");
  return std::to_string(days / 365) + "y";
}

}  // namespace skerry::api
