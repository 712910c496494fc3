// Error: the one failure value of Skerry.
//
// Here failure is the protocol: not-found, conflict and expired are everyday input to a controller and
// reach clients as a Kubernetes Status. An Error carries that Status' reason; one table (error.cc) maps
// reasons to HTTP codes, as documented for metav1.StatusReason.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skerry {

// metav1.StatusReason. The order is that of the table in error.cc.
enum class Reason {
  kUnknown,
  kBadRequest,
  kUnauthorized,
  kForbidden,
  kNotFound,
  kAlreadyExists,
  kConflict,
  kGone,
  kExpired,
  kInvalid,
  kServerTimeout,
  kTimeout,
  kTooManyRequests,
  kMethodNotAllowed,
  kNotAcceptable,
  kRequestEntityTooLarge,
  kUnsupportedMediaType,
  kInternalError,
  kServiceUnavailable,
  kNotImplemented,  // 501; not a StatusReason of Kubernetes: says what Skerry does not do yet
};

// The name on the wire ("NotFound"), empty for kUnknown.
std::string_view reason_name(Reason reason);
// kUnknown for a name that is not in the table.
Reason reason_from_name(std::string_view name);
// HTTP status code; 500 for kUnknown.
int reason_code(Reason reason);

// metav1.StatusCause.
struct ErrorCause {
  std::string reason;   // "FieldValueInvalid", ...
  std::string message;
  std::string field;    // "spec.containers[0].name"
};

// metav1.StatusDetails.
struct ErrorDetails {
  std::string name;
  std::string group;
  std::string kind;  // for most reasons the plural resource name, for Invalid the kind
  std::string uid;
  std::vector<ErrorCause> causes;
  std::string continue_token;  // Status metadata.continue: how to go on after an expired list
};

struct Error {
  Reason reason = Reason::kUnknown;
  std::string message;
  int retry_after_s = 0;                        // > 0: Retry-After
  std::shared_ptr<const ErrorDetails> details;  // may be null
  int code = 0;                                 // 0: reason_code(reason)

  Error() = default;
  Error(Reason r, std::string m) : reason(r), message(std::move(m)) {}

  int http_code() const { return code != 0 ? code : reason_code(reason); }
  bool is(Reason r) const { return reason == r; }
};

// An InternalError for failures of the system below: "open /x: No space left on device".
Error internal_error(std::string message);
// From errno: `what` is put before strerror(err).
Error errno_error(std::string_view what, int err);

}  // namespace skerry
