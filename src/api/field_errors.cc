#include "api/field_errors.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::api {
namespace {

// A value as Go prints it in these messages: strings quoted, the rest as JSON.
std::string shown(const Json& value) {
  if (value.is_string()) return json::dump(value);
  if (value.is_null()) return "null";
  return json::dump(value);
}

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace

void FieldErrors::add(std::string_view reason, std::string_view field, std::string message) {
  if (causes_.size() < 1000) causes_.push_back({std::string(reason), std::move(message), std::string(field)});
}

void FieldErrors::required(std::string_view field, std::string_view detail) {
  add("FieldValueRequired", field, with_detail("Required value", detail));
}

void FieldErrors::invalid(std::string_view field, const Json& value, std::string_view detail) {
  add("FieldValueInvalid", field, with_detail("Invalid value: " + shown(value), detail));
}

void FieldErrors::not_supported(std::string_view field, const Json& value, const std::vector<std::string_view>& supported) {
  std::vector<std::string> names;
  for (auto s : supported) names.push_back("\"" + std::string(s) + "\"");
  std::sort(names.begin(), names.end());
  add("FieldValueNotSupported", field,
      with_detail("Unsupported value: " + shown(value), names.empty() ? "" : "supported values: " + join(names, ", ")));
}

void FieldErrors::duplicate(std::string_view field, const Json& value) {
  add("FieldValueDuplicate", field, "Duplicate value: " + shown(value));
}

void FieldErrors::forbidden(std::string_view field, std::string_view detail) {
  add("FieldValueForbidden", field, with_detail("Forbidden", detail));
}

void FieldErrors::too_long(std::string_view field, size_t max) {
  add("FieldValueTooLong", field, "Too long: may not be more than " + std::to_string(max) + " bytes");
}

void FieldErrors::too_many(std::string_view field, size_t actual, size_t max) {
  add("FieldValueTooMany", field, "Too many: " + std::to_string(actual) + ": must have at most " + std::to_string(max) + " items");
}

void FieldErrors::not_found(std::string_view field, const Json& value) {
  add("FieldValueNotFound", field, "Not found: " + shown(value));
}

Status FieldErrors::to_status(std::string_view group, std::string_view kind, std::string_view name) const {
  if (causes_.empty()) return {};
  std::vector<std::string> texts;
  for (const auto& cause : causes_) {
    std::string text = cause.field + ": " + cause.message;
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  std::string what = texts.size() == 1 ? texts[0] : "[" + join(texts, ", ") + "]";
  std::string group_kind(kind);
  if (!group.empty()) group_kind.append(".").append(group);
  Error error(Reason::kInvalid, group_kind + " \"" + std::string(name) + "\" is invalid: " + what);
  auto details = std::make_shared<ErrorDetails>();
  details->name = name;
  details->group = group;
  details->kind = kind;
  details->causes = causes_;
  error.details = std::move(details);
  return error;
}

std::string child(std::string_view path, std::string_view name) {
  std::string text(path);
  if (!text.empty()) text += ".";
  return text.append(name);
}

std::string index(std::string_view path, size_t i) { return std::string(path) + "[" + std::to_string(i) + "]"; }

std::string keyed(std::string_view path, std::string_view key) {
  return std::string(path) + "[" + std::string(key) + "]";
}

}  // namespace skerry::api
