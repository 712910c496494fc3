#include "registry/messages.h"

namespace skerry::registry {
namespace {

std::string quoted(const api::Resource& row, std::string_view name) {
  return row.group_resource() + " \"" + std::string(name) + "\"";
}

Error make(Reason reason, const api::Resource& row, std::string_view name, std::string message) {
  Error error(reason, std::move(message));
  ErrorDetails details;
  details.name = name;
  details.group = row.group;
  details.kind = row.plural;
  error.details = std::make_shared<const ErrorDetails>(std::move(details));
  return error;
}

}  // namespace

Error not_found(const api::Resource& row, std::string_view name) {
  return make(Reason::kNotFound, row, name, quoted(row, name) + " not found");
}

Error already_exists(const api::Resource& row, std::string_view name) {
  return make(Reason::kAlreadyExists, row, name, quoted(row, name) + " already exists");
}

Error conflict(const api::Resource& row, std::string_view name, std::string_view why) {
  return make(Reason::kConflict, row, name, "Operation cannot be fulfilled on " + quoted(row, name) + ": " + std::string(why));
}

Error stale(const api::Resource& row, std::string_view name) {
  return conflict(row, name,
                  "the object has been modified; please apply your changes to the latest version and try again");
}

Error forbidden(const api::Resource& row, std::string_view name, std::string_view why) {
  return make(Reason::kForbidden, row, name, quoted(row, name) + " is forbidden: " + std::string(why));
}

Error bad_request(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Error too_old(int64_t asked, int64_t oldest) {
  return {Reason::kExpired, "too old resource version: " + std::to_string(asked) + " (" + std::to_string(oldest) + ")"};
}

Error too_large(int64_t asked, int64_t current) {
  Error error(Reason::kTimeout,
              "Timeout: Too large resource version: " + std::to_string(asked) + ", current: " + std::to_string(current));
  error.retry_after_s = 1;
  return with_cause(std::move(error), "ResourceVersionTooLarge", "Too large resource version", "");
}

Error with_cause(Error error, std::string reason, std::string message, std::string field) {
  ErrorDetails details = error.details ? *error.details : ErrorDetails();
  details.causes.push_back({std::move(reason), std::move(message), std::move(field)});
  error.details = std::make_shared<const ErrorDetails>(std::move(details));
  return error;
}

}  // namespace skerry::registry
