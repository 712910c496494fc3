#include "base/error.h"

#include <array>
#include <cstring>

namespace skerry {
namespace {

struct Row {
  std::string_view name;
  int code;
};

// Index = Reason.
constexpr std::array<Row, 20> kRows = {{
    {"", 500},
    {"BadRequest", 400},
    {"Unauthorized", 401},
    {"Forbidden", 403},
    {"NotFound", 404},
    {"AlreadyExists", 409},
    {"Conflict", 409},
    {"Gone", 410},
    {"Expired", 410},
    {"Invalid", 422},
    {"ServerTimeout", 500},
    {"Timeout", 504},
    {"TooManyRequests", 429},
    {"MethodNotAllowed", 405},
    {"NotAcceptable", 406},
    {"RequestEntityTooLarge", 413},
    {"UnsupportedMediaType", 415},
    {"InternalError", 500},
    {"ServiceUnavailable", 503},
    {"NotImplemented", 501},
}};

}  // namespace

std::string_view reason_name(Reason reason) { return kRows[static_cast<size_t>(reason)].name; }

int reason_code(Reason reason) { return kRows[static_cast<size_t>(reason)].code; }

Reason reason_from_name(std::string_view name) {
  for (size_t i = 1; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<Reason>(i);
  return Reason::kUnknown;
}

Error internal_error(std::string message) { return {Reason::kInternalError, std::move(message)}; }

Error errno_error(std::string_view what, int err) {
  return internal_error(std::string(what) + ": " + std::strerror(err));
}

}  // namespace skerry
