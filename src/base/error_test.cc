#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "base/http_reason.h"
#include "base/result.h"

using namespace skerry;

namespace {
Result<int> half(int n) {
  if (n % 2 != 0) return Error(Reason::kInvalid, "odd");
  return n / 2;
}
Result<std::string> quarter(int n) { return std::to_string(TRY(half(TRY(half(n))))); }
Status check_even(int n) {
  (void)TRY(half(n));
  return {};
}
}  // namespace

TEST_CASE("result: TRY hands values down and errors up") {
  CHECK(*quarter(12) == "3");
  CHECK(quarter(6).error().is(Reason::kInvalid));
  CHECK(check_even(2));
  CHECK(check_even(1).error().message == "odd");
  CHECK(half(3).value_or(7) == 7);
  Result<std::unique_ptr<int>> moved = std::make_unique<int>(5);
  std::unique_ptr<int> out = *std::move(moved);
  CHECK(*out == 5);
}

TEST_CASE("reasons: names go both ways and have the codes clients expect") {
  for (int i = 1; i <= static_cast<int>(Reason::kNotImplemented); ++i) {
    auto r = static_cast<Reason>(i);
    CHECK(reason_from_name(reason_name(r)) == r);
  }
  CHECK(reason_from_name("Nonsense") == Reason::kUnknown);
  CHECK(reason_from_name("") == Reason::kUnknown);
  CHECK(reason_code(Reason::kUnknown) == 500);
  CHECK(reason_code(Reason::kExpired) == 410);
  CHECK(reason_code(Reason::kInvalid) == 422);
  CHECK(reason_code(Reason::kNotImplemented) == 501);
  Error e(Reason::kConflict, "x");
  CHECK(e.http_code() == 409);
  e.code = 418;
  CHECK(e.http_code() == 418);
  CHECK(errno_error("open /x", 28).message == "open /x: No space left on device");
}

TEST_CASE("error: a code that stands for several reasons means the one that tells least") {
  CHECK(reason_from_code(409) == Reason::kConflict);
  CHECK(reason_from_code(410) == Reason::kGone);
  CHECK(reason_from_code(500) == Reason::kInternalError);
  CHECK(reason_from_code(504) == Reason::kTimeout);
  CHECK(reason_from_code(418) == Reason::kUnknown);
  for (int i = 1; i <= static_cast<int>(Reason::kNotImplemented); ++i) {
    const int code = reason_code(static_cast<Reason>(i));
    CHECK(reason_code(reason_from_code(code)) == code);
  }
}
