#include "base/error.h"

#include <array>
#include <cstring>

#include "base/http_reason.h"

namespace skerry {
namespace {

struct Row {
  std::string_view name;
  int code;
  bool of_code;  // the code alone means this reason
};

// Index = Reason.
constexpr std::array<Row, 20> kRows = {{
    {"", 500, false},
    {"BadRequest", 400, true},
    {"Unauthorized", 401, true},
    {"Forbidden", 403, true},
    {"NotFound", 404, true},
    {"AlreadyExists", 409, false},
    {"Conflict", 409, true},
    {"Gone", 410, true},
    {"Expired", 410, false},
    {"Invalid", 422, true},
    {"ServerTimeout", 500, false},
    {"Timeout", 504, true},
    {"TooManyRequests", 429, true},
    {"MethodNotAllowed", 405, true},
    {"NotAcceptable", 406, true},
    {"RequestEntityTooLarge", 413, true},
    {"UnsupportedMediaType", 415, true},
    {"InternalError", 500, true},
    {"ServiceUnavailable", 503, true},
    {"NotImplemented", 501, true},
}};

}  // namespace

std::string_view reason_name(Reason reason) { return kRows[static_cast<size_t>(reason)].name; }

int reason_code(Reason reason) { return kRows[static_cast<size_t>(reason)].code; }

Reason reason_from_name(std::string_view name) {
  for (size_t i = 1; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<Reason>(i);
  return Reason::kUnknown;
}

Reason reason_from_code(int http_code) {
  for (size_t i = 1; i < kRows.size(); ++i)
    if (kRows[i].of_code && kRows[i].code == http_code) return static_cast<Reason>(i);
  return Reason::kUnknown;
}

Error internal_error(std::string message) { return {Reason::kInternalError, std::move(message)}; }

Error errno_error(std::string_view what, int err) {
  return internal_error(std::string(what) + ": " + std::strerror(err));
}

}  // namespace skerry
