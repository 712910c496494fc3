#include "kubectl/objects.h"

#include "base/strings.h"

namespace skerry::kubectl {

namespace {

// One line of a watch may be as large as the largest object.
constexpr size_t kMaxEventBytes = 64 << 20;

Query write_query(const WriteOptions& o) {
  Query q;
  if (o.dry_run) q.emplace_back("dryRun", "All");
  if (!o.field_manager.empty()) q.emplace_back("fieldManager", o.field_manager);
  if (!o.field_validation.empty()) q.emplace_back("fieldValidation", o.field_validation);
  return q;
}

Query list_query(const ListOptions& o) {
  Query q;
  if (!o.field_selector.empty()) q.emplace_back("fieldSelector", o.field_selector);
  if (!o.label_selector.empty()) q.emplace_back("labelSelector", o.label_selector);
  return q;
}

}  // namespace

Error list_error(Error error, const Mapping& mapping, const std::string& label_selector, const std::string& field_selector) {
  if (error.code == 0 || !(error.is(Reason::kBadRequest) || error.is(Reason::kNotFound))) return error;
  auto quoted = [](const std::string& text) { return json::dump(Json(text)); };
  std::string subject = quoted(mapping.group + "/" + mapping.version + ", Resource=" + mapping.resource);
  if (label_selector.empty() && field_selector.empty()) error.message = "Unable to list " + subject + ": " + error.message;
  else error.message = "Unable to find " + subject + " that match label selector " + quoted(label_selector) + ", field selector " + quoted(field_selector) + ": " + error.message;
  return error;
}

std::string_view content_type(PatchKind kind) {
  switch (kind) {
    case PatchKind::kJson: return "application/json-patch+json";
    case PatchKind::kMerge: return "application/merge-patch+json";
    case PatchKind::kStrategic: return "application/strategic-merge-patch+json";
    case PatchKind::kApply: return "application/apply-patch+yaml";
  }
  return "";
}

Result<Json> Objects::get(const Mapping& mapping, std::string_view ns, std::string_view name, std::string_view subresource) {
  return rest_.json({.path = mapping.path(ns, name, subresource)});
}

Result<Json> Objects::list(const Mapping& mapping, std::string_view ns, const ListOptions& options) {
  Json all;
  std::string next;
  do {
    RestRequest request{.path = mapping.path(ns), .query = list_query(options)};
    if (options.chunk > 0) request.query.emplace_back("limit", std::to_string(options.chunk));
    if (!options.resource_version.empty() && next.empty()) request.query.emplace_back("resourceVersion", options.resource_version);
    if (!next.empty()) request.query.emplace_back("continue", next);
    Json page = TRY(rest_.json(request));
    next = json::str(page, {"metadata", "continue"});
    // Lists of built-in kinds leave out what all their items have in common.
    if (!mapping.kind.empty() && page.contains("items"))
      for (auto& item : page["items"]) {
        if (!item.is_object() || item.contains("kind")) continue;
        item["apiVersion"] = mapping.api_version();
        item["kind"] = mapping.kind;
      }
    if (all.is_null()) {
      all = std::move(page);
    } else {
      for (auto& item : page["items"]) all["items"].push_back(std::move(item));
    }
  } while (!next.empty());
  if (all.contains("metadata") && all["metadata"].is_object()) {
    all["metadata"].erase("continue");
    all["metadata"].erase("remainingItemCount");
  }
  return all;
}

Result<Json> Objects::create(const Mapping& mapping, std::string_view ns, const Json& object, const WriteOptions& options) {
  std::string name = options.subresource.empty() ? "" : json::str(object, {"metadata", "name"});
  return rest_.json({.method = "POST", .path = mapping.path(ns, name, options.subresource), .query = write_query(options), .body = json::dump(object)});
}

Result<Json> Objects::replace(const Mapping& mapping, std::string_view ns, std::string_view name, const Json& object, const WriteOptions& options) {
  return rest_.json({.method = "PUT", .path = mapping.path(ns, name, options.subresource), .query = write_query(options), .body = json::dump(object)});
}

Result<Json> Objects::patch(const Mapping& mapping, std::string_view ns, std::string_view name, PatchKind kind, const std::string& patch,
                            const WriteOptions& options, bool force) {
  RestRequest request{.method = "PATCH", .path = mapping.path(ns, name, options.subresource), .query = write_query(options), .body = patch};
  request.content_type = content_type(kind);
  if (kind == PatchKind::kApply) request.query.emplace_back("force", force ? "true" : "false");
  return rest_.json(request);
}

Result<Json> Objects::remove(const Mapping& mapping, std::string_view ns, std::string_view name, const Json& delete_options, bool dry_run) {
  RestRequest request{.method = "DELETE", .path = mapping.path(ns, name)};
  Json options = delete_options.is_object() ? delete_options : Json::object();
  if (dry_run) options["dryRun"] = {"All"};
  if (!options.empty()) {
    options["kind"] = "DeleteOptions";
    options["apiVersion"] = "v1";
    request.body = json::dump(options);
  }
  return rest_.json(request);
}

Status Objects::watch(const Mapping& mapping, std::string_view ns, const ListOptions& options, const OnEvent& on_event, int timeout_s,
                      std::string_view accept) {
  RestRequest request{.path = mapping.path(ns), .query = list_query(options), .accept = std::string(accept)};
  request.query.emplace_back("watch", "true");
  if (!options.resource_version.empty()) request.query.emplace_back("resourceVersion", options.resource_version);
  if (timeout_s > 0) request.query.emplace_back("timeoutSeconds", std::to_string(timeout_s));
  std::string buffer;
  Status failure;
  TRY(rest_.stream(request, [&](std::string_view chunk) {
    buffer.append(chunk);
    size_t begin = 0;
    for (size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
      std::string_view line = trim(std::string_view(buffer).substr(begin, end - begin));
      if (line.empty()) continue;
      auto event = json::parse_json(line);
      if (!event) {
        failure = Error(Reason::kUnknown, "unable to decode an event from the watch stream: " + event.error().message);
        return false;
      }
      if (!on_event(json::str(*event, "type"), std::move((*event)["object"]))) return false;
    }
    buffer.erase(0, begin);
    if (buffer.size() <= kMaxEventBytes) return true;
    failure = Error(Reason::kUnknown, "an event of the watch stream is too large");
    return false;
  }));
  return failure;
}

}  // namespace skerry::kubectl
