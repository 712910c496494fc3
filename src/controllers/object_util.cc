#include "controllers/object_util.h"

#include "base/clock.h"

namespace skerry::controllers {

Json controller_reference(std::string_view api_version, std::string_view kind, const api::Meta& owner) {
  return {{"apiVersion", api_version},    {"kind", kind},         {"name", owner.name}, {"uid", owner.uid},
          {"controller", true}, {"blockOwnerDeletion", true}};
}

bool set_condition(Json& conditions, std::string_view type, std::string_view status, std::string_view reason,
                   std::string_view message, const std::string& now) {
  if (!conditions.is_array()) conditions = Json::array();
  for (Json& c : conditions) {
    if (json::str(c, "type") != type) continue;
    const bool same_status = json::str(c, "status") == status;
    if (same_status && json::str(c, "reason") == reason && json::str(c, "message") == message) return false;
    if (!same_status) c["lastTransitionTime"] = now;
    c["status"] = status;
    c["reason"] = reason;
    c["message"] = message;
    return true;
  }
  conditions.push_back({{"type", type},
                        {"status", status},
                        {"reason", reason},
                        {"message", message},
                        {"lastTransitionTime", now}});
  return true;
}

void remove_condition(Json& conditions, std::string_view type) {
  if (!conditions.is_array()) return;
  for (auto it = conditions.begin(); it != conditions.end();)
    it = json::str(*it, "type") == type ? conditions.erase(it) : it + 1;
}

std::string annotation(const Json& object, std::string_view key) {
  return json::str(object, {"metadata", "annotations", key});
}

std::optional<int64_t> time_s(const Json& object, std::initializer_list<std::string_view> keys) {
  const Json& v = json::find(object, keys);
  if (!v.is_string()) return std::nullopt;
  auto t = parse_rfc3339(v.get_ref<const std::string&>());
  if (!t) return std::nullopt;
  return std::chrono::floor<seconds>(*t).time_since_epoch().count();
}

bool is_namespace_terminating(const Error& error) {
  if (!error.is(Reason::kForbidden)) return false;
  if (error.details)
    for (auto& cause : error.details->causes)
      if (cause.reason == "NamespaceTerminating") return true;
  return error.message.find("being terminated") != std::string::npos;
}

Status ignore_not_found(Status status) {
  if (!status && status.error().is(Reason::kNotFound)) return {};
  return status;
}

std::string safe_hash(std::string_view text) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint32_t hash = 2166136261u;
  for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
  std::string digits = std::to_string(hash);
  for (char& c : digits) c = kAlphabet[static_cast<size_t>(c) % kAlphabet.size()];
  return digits;
}

}  // namespace skerry::controllers
