// FieldErrors: what is wrong with an object, field by field, in the words of Kubernetes' field.ErrorList.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::api {

class FieldErrors {
 public:
  void required(std::string_view field, std::string_view detail = "");
  void invalid(std::string_view field, const Json& value, std::string_view detail);
  void not_supported(std::string_view field, const Json& value, const std::vector<std::string_view>& supported);
  void duplicate(std::string_view field, const Json& value);
  void forbidden(std::string_view field, std::string_view detail);
  void too_long(std::string_view field, size_t max);
  void too_many(std::string_view field, size_t actual, size_t max);
  void not_found(std::string_view field, const Json& value);
  void add(std::string_view reason, std::string_view field, std::string message);

  bool empty() const { return causes_.empty(); }
  const std::vector<ErrorCause>& causes() const { return causes_; }

  // Ok if empty, else the Invalid error: `Pod "x" is invalid: spec.containers[0].image: Required value`.
  Status to_status(std::string_view group, std::string_view kind, std::string_view name) const;

 private:
  std::vector<ErrorCause> causes_;
};

// "a.b", "a[0]", "a[key]".
std::string child(std::string_view path, std::string_view name);
std::string index(std::string_view path, size_t i);
std::string keyed(std::string_view path, std::string_view key);

}  // namespace skerry::api
