// Result<T>: a value or an Error, with the member names of std::expected. TRY passes the Error upward.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"

namespace skerry {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}         // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}     // NOLINT
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Error> && !std::is_same_v<std::decay_t<U>, Result<T>>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { assert(has_value()); return std::get<0>(state_); }
  const T& value() const& { assert(has_value()); return std::get<0>(state_); }
  T&& value() && { assert(has_value()); return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() { assert(!has_value()); return std::get<1>(state_); }
  const Error& error() const { assert(!has_value()); return std::get<1>(state_); }
  template <class U>
  T value_or(U&& other) const& { return has_value() ? value() : static_cast<T>(std::forward<U>(other)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const { assert(has_value()); }
  Error& error() { assert(!has_value()); return *error_; }
  const Error& error() const { assert(!has_value()); return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace skerry

// TRY(expr): the value, or returns the Error from the enclosing function. Not in a braced list: g++ 12 leaks its elements.
#define TRY(expr)                                                   \
  ({                                                                \
    auto try_result_ = (expr);                                      \
    if (!try_result_.has_value()) return std::move(try_result_).error(); \
    ::skerry::detail::take(std::move(try_result_));                 \
  })

namespace skerry::detail {
template <class T>
T take(Result<T>&& r) { return std::move(r).value(); }
inline void take(Result<void>&&) {}
}  // namespace skerry::detail
