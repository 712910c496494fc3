// Objects: reading and writing API objects of any kind.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/mapping.h"
#include "kubectl/rest.h"

namespace skerry::kubectl {

struct WriteOptions {
  bool dry_run = false;  // ?dryRun=All
  std::string field_manager{};
  std::string field_validation{};  // "Strict", "Warn", "Ignore"; empty: not said
  std::string subresource{};
};

enum class PatchKind { kJson, kMerge, kStrategic, kApply };
std::string_view content_type(PatchKind kind);

struct ListOptions {
  std::string label_selector{};
  std::string field_selector{};
  int64_t chunk = 500;  // ?limit=; 0: all at once
  std::string resource_version{};
};

class Objects {
 public:
  explicit Objects(RestClient& rest) : rest_(rest) {}

  Result<Json> get(const Mapping& mapping, std::string_view ns, std::string_view name, std::string_view subresource = "");
  // The whole list (all chunks joined), as one list object. Empty `ns`: all namespaces.
  Result<Json> list(const Mapping& mapping, std::string_view ns, const ListOptions& options = {});
  Result<Json> create(const Mapping& mapping, std::string_view ns, const Json& object, const WriteOptions& options = {});
  Result<Json> replace(const Mapping& mapping, std::string_view ns, std::string_view name, const Json& object,
                       const WriteOptions& options = {});
  Result<Json> patch(const Mapping& mapping, std::string_view ns, std::string_view name, PatchKind kind, const std::string& patch,
                     const WriteOptions& options = {}, bool force = false);
  // `delete_options`: a DeleteOptions object, or null. The answer: the object being deleted, or a Status.
  Result<Json> remove(const Mapping& mapping, std::string_view ns, std::string_view name, const Json& delete_options = nullptr,
                      bool dry_run = false);

  // Events {"type":..., "object":...} until the handler returns false, the server ends the watch (then ok) or `timeout_s`
  // (sent to the server; 0: not said) is over. An ERROR event is passed on like the others. Lists and single objects
  // (fieldSelector metadata.name=x). `accept`: for events that carry Tables.
  using OnEvent = std::function<bool(const std::string& type, Json object)>;
  Status watch(const Mapping& mapping, std::string_view ns, const ListOptions& options, const OnEvent& on_event, int timeout_s = 0,
               std::string_view accept = "application/json");

  // An object by api version and kind without discovery, for kinds every server has: {"", "v1", "pods", ...}.
  RestClient& rest() { return rest_; }

 private:
  RestClient& rest_;
};

// A refused list names what was asked for, as the stock client's does: `Unable to list "/v1, Resource=pods": ...`.
Error list_error(Error error, const Mapping& mapping, const std::string& label_selector, const std::string& field_selector);

// Kinds that commands name themselves, without asking the server: mapping_of("v1", "pods", "Pod", true).
Mapping mapping_of(std::string_view api_version, std::string_view resource, std::string_view kind, bool namespaced);

}  // namespace skerry::kubectl
