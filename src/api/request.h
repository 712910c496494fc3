// Request and Response: one API call as a value.
//
// HTTP parses bytes into a Request, the in-process client builds one; both go through the same pipeline
// (apiserver/pipeline.h), so a controller cannot tell where it runs. Verbs are RBAC's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/gvr.h"
#include "api/object.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::api {

enum class Verb { kGet, kList, kWatch, kCreate, kUpdate, kPatch, kDelete, kDeleteCollection };
std::string_view verb_name(Verb verb);  // "get", "list", ..., "deletecollection"

enum class PatchType { kNone, kJson, kMerge, kStrategic, kApply };

// authentication.k8s.io/v1 UserInfo.
struct UserInfo {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

// The query parameters of meta/v1 ListOptions, GetOptions, CreateOptions, UpdateOptions, PatchOptions, and
// meta/v1 DeleteOptions (from query or body). Unset is "not given".
struct Options {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;        // as given: "", "0", "123"
  std::string resource_version_match;  // "", "Exact", "NotOlderThan"
  int64_t limit = 0;
  std::string continue_token;
  int64_t timeout_s = 0;
  bool allow_bookmarks = false;
  bool send_initial_events = false;
  bool dry_run = false;
  std::string field_manager;
  std::string field_validation;  // "", "Ignore", "Warn", "Strict"
  bool force = false;            // server-side apply
  std::optional<int64_t> grace_period_s;
  std::string propagation_policy;  // "", "Orphan", "Background", "Foreground"
  std::string precondition_uid;
  std::string precondition_revision;
};

struct Request {
  Verb verb = Verb::kGet;
  Gvr gvr;
  std::string ns;           // empty: cluster scope, or all namespaces
  std::string name;         // empty for list, watch, create, deletecollection
  std::string subresource;  // "status", "scale", "binding", "log", ...
  PatchType patch_type = PatchType::kNone;
  Options options;
  Json body;                // decoded body; null if none
  std::vector<std::string> body_warnings;  // what decoding noticed: duplicate fields
  UserInfo user;
  std::string user_agent;
};

struct List {
  std::vector<ObjectPtr> items;
  int64_t revision = 0;
  std::string continue_token;
  std::optional<int64_t> remaining;
};

// What a successful call answers: an object (also a Status, Scale, TokenRequest, ...), or a list.
struct Response {
  int code = 200;
  ObjectPtr object;
  std::shared_ptr<const List> list;
  std::vector<std::string> warnings;  // one Warning header each
};

enum class EventType { kAdded, kModified, kDeleted, kBookmark, kError };
std::string_view event_type_name(EventType type);  // "ADDED", ...

struct WatchEvent {
  EventType type = EventType::kAdded;
  ObjectPtr object;  // for kError a metav1.Status
};

// Receives a watch' events in order, never two calls at once. Must not block. After an kError event, or `ended`
// (an empty span), nothing follows.
using WatchHandler = std::function<void(std::span<const WatchEvent>)>;

// A running watch. Destroying it ends it: when the destructor returns, the handler is not running and never will
// (do not destroy it from inside the handler).
class Watch {
 public:
  virtual ~Watch() = default;
};

// metav1.Status, from an Error and back.
Json status_json(const Error& error);
Error error_from_status(const Json& status, int http_code);
Json success_status_json(const ErrorDetails& details);

}  // namespace skerry::api
