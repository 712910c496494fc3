#include "api/request.h"

#include <array>

#include "base/http_reason.h"

namespace skerry::api {

std::string_view verb_name(Verb verb) {
  constexpr std::array<std::string_view, 8> kNames = {"get",    "list",  "watch",  "create",
                                                      "update", "patch", "delete", "deletecollection"};
  return kNames[static_cast<size_t>(verb)];
}

std::string_view event_type_name(EventType type) {
  constexpr std::array<std::string_view, 5> kNames = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
  return kNames[static_cast<size_t>(type)];
}

namespace {

void put(Json& to, const char* key, const std::string& value) {
  if (!value.empty()) to[key] = value;
}

Json details_json(const ErrorDetails& details) {
  Json j = Json::object();
  put(j, "name", details.name);
  put(j, "group", details.group);
  put(j, "kind", details.kind);
  put(j, "uid", details.uid);
  for (const auto& cause : details.causes) {
    Json c = Json::object();
    put(c, "reason", cause.reason);
    put(c, "message", cause.message);
    put(c, "field", cause.field);
    j["causes"].push_back(std::move(c));
  }
  return j;
}

}  // namespace

Json status_json(const Error& error) {
  Json j = {{"kind", "Status"},        {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Failure"},
            {"code", error.http_code()}};
  put(j, "message", error.message);
  if (auto name = reason_name(error.reason); !name.empty()) j["reason"] = name;
  Json details = error.details ? details_json(*error.details) : Json::object();
  if (error.retry_after_s > 0) details["retryAfterSeconds"] = error.retry_after_s;
  if (!details.empty()) j["details"] = std::move(details);
  if (error.details && !error.details->continue_token.empty()) j["metadata"]["continue"] = error.details->continue_token;
  return j;
}

Error error_from_status(const Json& status, int http_code) {
  Error error;
  error.reason = reason_from_name(json::str(status, "reason"));
  if (int64_t code = json::integer(status, "code"); code >= 400 && code < 600) http_code = static_cast<int>(code);
  if (error.reason == Reason::kUnknown) error.reason = reason_from_code(http_code);
  if (http_code != reason_code(error.reason)) error.code = http_code;
  error.message = json::str(status, "message");
  if (error.message.empty()) error.message = "the server answered with code " + std::to_string(http_code);
  const Json& d = json::find(status, "details");
  error.retry_after_s = static_cast<int>(json::integer(d, "retryAfterSeconds"));
  if (d.is_object()) {
    auto details = std::make_shared<ErrorDetails>();
    details->name = json::str(d, "name");
    details->group = json::str(d, "group");
    details->kind = json::str(d, "kind");
    details->uid = json::str(d, "uid");
    for (const auto& c : json::array_or_empty(json::find(d, "causes")))
      details->causes.push_back({json::str(c, "reason"), json::str(c, "message"), json::str(c, "field")});
    error.details = std::move(details);
  }
  return error;
}

Json success_status_json(const ErrorDetails& details) {
  Json j = {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Success"}};
  if (Json d = details_json(details); !d.empty()) j["details"] = std::move(d);
  return j;
}

}  // namespace skerry::api
