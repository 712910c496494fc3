#include "apiserver/route.h"

#include <vector>

#include "base/strings.h"

namespace skerry::apiserver {
namespace {

constexpr size_t kMaxSegments = 64;

struct Segments {
  std::vector<std::string> decoded;
  std::vector<size_t> offset;  // of each in the raw path
  bool ok = true;
};

Segments cut(std::string_view path) {
  Segments s;
  size_t at = 0;
  while (at < path.size() && path[at] == '/') ++at;
  while (at < path.size()) {
    size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    auto decoded = url_decode(path.substr(at, end - at));
    if (!decoded || s.decoded.size() == kMaxSegments) {
      s.ok = s.decoded.size() == kMaxSegments;  // deep proxy paths are fine: only the head matters
      return s;
    }
    s.offset.push_back(at);
    s.decoded.push_back(std::move(*decoded));
    at = end + 1;
  }
  return s;
}

bool truthy(const http::Query& query, std::string_view name) {
  if (!query.has(name)) return false;
  std::string v = query.get(name);
  return v != "false" && v != "0" && v != "f" && v != "F" && v != "False" && v != "FALSE";
}

Result<bool> parse_bool(const http::Query& query, std::string_view name) {
  std::string v = query.get(name);
  if (v.empty() || v == "1" || v == "t" || v == "T" || v == "true" || v == "TRUE" || v == "True") return query.has(name);
  if (v == "0" || v == "f" || v == "F" || v == "false" || v == "FALSE" || v == "False") return false;
  return true;  // Kubernetes takes any other value as true
}

Result<int64_t> parse_number(const http::Query& query, std::string_view name) {
  std::string v = query.get(name);
  if (v.empty()) return int64_t{0};
  auto n = parse_int(v);
  if (!n) return Error(Reason::kBadRequest, "strconv.ParseInt: parsing \"" + v + "\": invalid syntax");
  return *n;
}

bool is_proxy(const std::string& subresource) { return subresource == "proxy"; }

Status set_dry_run(const std::vector<std::string>& values, api::Options& options) {
  for (const auto& v : values) {
    if (v == "All") {
      options.dry_run = true;
      continue;
    }
    if (v.empty()) continue;
    return Error(Reason::kBadRequest, "invalid dryRun: \"" + v + "\": supported values: \"All\"");
  }
  return {};
}

}  // namespace

Route parse_route(std::string_view method, std::string_view raw_path, const http::Query& query) {
  Route route;
  Segments all = cut(raw_path);
  auto& parts = all.decoded;
  bool core = !parts.empty() && parts[0] == "api";
  size_t head = core ? 2 : 3;
  if (!all.ok || (!core && (parts.empty() || parts[0] != "apis")) || parts.size() <= head) return route;
  route.gvr.group = core ? "" : parts[1];
  route.gvr.version = core ? parts[1] : parts[2];
  size_t i = head;
  bool watch_path = parts[i] == "watch";
  if (watch_path && ++i == parts.size()) return route;

  size_t left = parts.size() - i;
  if (parts[i] == "namespaces" && left > 1) {
    route.ns = parts[i + 1];
    // /namespaces/<name>/status is about the namespace itself, /namespaces/<name>/pods is not.
    if (left > 2 && parts[i + 2] != "status" && parts[i + 2] != "finalize") {
      i += 2;
      left -= 2;
    } else {
      route.ns.clear();
    }
  }
  route.gvr.resource = parts[i];
  if (left > 1) route.name = parts[i + 1];
  if (left > 2) route.subresource = parts[i + 2];
  if (left > 3) {
    if (!is_proxy(route.subresource)) return {};
    route.rest = std::string(raw_path.substr(all.offset[i + 3] - 1));
  } else if (is_proxy(route.subresource) && !raw_path.empty() && raw_path.back() == '/') {
    route.rest = "/";
  }
  if (route.gvr.resource.empty() || (left > 1 && route.name.empty())) return {};

  route.is_resource = true;
  bool collection = route.name.empty();
  if (method == "GET" || method == "HEAD") {
    route.wants_watch = watch_path || (collection && truthy(query, "watch"));
    route.verb = route.wants_watch ? api::Verb::kWatch : collection ? api::Verb::kList : api::Verb::kGet;
  } else if (method == "POST") {
    route.verb = api::Verb::kCreate;
  } else if (method == "PUT") {
    route.verb = api::Verb::kUpdate;
  } else if (method == "PATCH") {
    route.verb = api::Verb::kPatch;
  } else if (method == "DELETE") {
    route.verb = collection ? api::Verb::kDeleteCollection : api::Verb::kDelete;
  } else {
    return {};
  }
  return route;
}

Result<api::Options> parse_options(const http::Query& query) {
  api::Options o;
  o.label_selector = query.get("labelSelector");
  o.field_selector = query.get("fieldSelector");
  o.resource_version = query.get("resourceVersion");
  o.resource_version_match = query.get("resourceVersionMatch");
  o.limit = TRY(parse_number(query, "limit"));
  o.continue_token = query.get("continue");
  o.timeout_s = TRY(parse_number(query, "timeoutSeconds"));
  o.allow_bookmarks = TRY(parse_bool(query, "allowWatchBookmarks"));
  o.send_initial_events = TRY(parse_bool(query, "sendInitialEvents"));
  o.field_manager = query.get("fieldManager");
  o.field_validation = query.get("fieldValidation");
  o.force = TRY(parse_bool(query, "force"));
  TRY(set_dry_run(query.all("dryRun"), o));
  if (query.has("gracePeriodSeconds")) o.grace_period_s = TRY(parse_number(query, "gracePeriodSeconds"));
  o.propagation_policy = query.get("propagationPolicy");
  if (query.has("orphanDependents") && o.propagation_policy.empty())
    o.propagation_policy = TRY(parse_bool(query, "orphanDependents")) ? "Orphan" : "Background";
  return o;
}

Status apply_delete_options(const Json& body, api::Options& options) {
  if (body.is_null()) return {};
  if (!body.is_object()) return Error(Reason::kBadRequest, "the body of a deletion must be DeleteOptions");
  const std::string kind = json::str(body, "kind");
  if (!kind.empty() && kind != "DeleteOptions")
    return Error(Reason::kBadRequest, "decoded object cannot be converted to DeleteOptions");
  const Json& grace = json::find(body, "gracePeriodSeconds");
  if (grace.is_number_integer()) options.grace_period_s = grace.get<int64_t>();
  else if (!grace.is_null()) return Error(Reason::kBadRequest, "gracePeriodSeconds must be an integer");
  if (json::find(body, "propagationPolicy").is_string()) options.propagation_policy = json::str(body, "propagationPolicy");
  if (const Json& orphan = json::find(body, "orphanDependents"); orphan.is_boolean()) {
    if (!options.propagation_policy.empty())
      return Error(Reason::kInvalid, "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"" + options.propagation_policy +
                                         "\": orphanDependents and deletionPropagation cannot be both set");
    options.propagation_policy = orphan.get<bool>() ? "Orphan" : "Background";
  }
  if (json::find(body, {"preconditions", "uid"}).is_string()) options.precondition_uid = json::str(body, {"preconditions", "uid"});
  if (json::find(body, {"preconditions", "resourceVersion"}).is_string())
    options.precondition_revision = json::str(body, {"preconditions", "resourceVersion"});
  std::vector<std::string> dry_run;
  for (const auto& v : json::array_or_empty(json::find(body, "dryRun")))
    if (v.is_string()) dry_run.push_back(v.get<std::string>());
  return set_dry_run(dry_run, options);
}

}  // namespace skerry::apiserver
