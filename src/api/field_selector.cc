// FieldSelector of selector.h.
#include <algorithm>

#include "api/selector.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// Splits at commas that no backslash escapes.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  if (start < text.size() || !terms.empty()) terms.push_back(text.substr(start));
  return terms;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size() || (text[i] != '\\' && text[i] != ',' && text[i] != '='))
        return bad("invalid field selector: invalid escape sequence in value: " + std::string(text));
    } else if (text[i] == '=') {
      return bad("invalid field selector: unescaped character in value: " + std::string(text));
    }
    out += text[i];
  }
  return out;
}

Result<FieldSelector::Requirement> parse_term(std::string_view term) {
  for (size_t i = 0; i < term.size(); ++i) {
    FieldSelector::Requirement r;
    size_t length = 0;
    if (term.substr(i).starts_with("!=")) length = 2, r.equal = false;
    else if (term.substr(i).starts_with("==")) length = 2;
    else if (term[i] == '=') length = 1;
    else continue;
    r.field = trim(term.substr(0, i));
    r.value = TRY(unescape(term.substr(i + length)));
    return r;
  }
  return bad("invalid selector: '" + std::string(term) + "'; can't understand '" + std::string(term) + "'");
}

const Json& walk(const Json& object, std::string_view path) {
  const Json* at = &object;
  for (auto step : split(path, '.')) at = &json::find(*at, step);
  return *at;
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(const Resource& resource, std::string_view text) {
  FieldSelector selector;
  if (text.size() > 64 * 1024) return bad("the field selector is too long");
  for (auto term : split_terms(text)) {
    if (trim(term).empty()) continue;
    Requirement r = TRY(parse_term(term));
    bool known = r.field == "metadata.name" || r.field == "metadata.namespace";
    for (auto field : resource.selectable_fields) known = known || field == r.field;
    if (!known) {
      if (!resource.selectable_fields.empty()) return bad("field label not supported: " + r.field);
      return bad("\"" + r.field + "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }
    selector.requirements_.push_back(std::move(r));
  }
  return selector;
}

bool FieldSelector::matches(const Object& object) const {
  Json parsed;
  for (const auto& r : requirements_) {
    std::string value;
    if (r.field == "metadata.name") value = object.meta().name;
    else if (r.field == "metadata.namespace") value = object.meta().ns;
    else {
      if (parsed.is_null()) parsed = object.json();
      value = selectable_value(parsed, r.field);
    }
    if ((value == r.value) != r.equal) return false;
  }
  return true;
}

bool FieldSelector::matches_json(const Json& object) const {
  for (const auto& r : requirements_)
    if ((selectable_value(object, r.field) == r.value) != r.equal) return false;
  return true;
}

const std::string* FieldSelector::exact(std::string_view field) const {
  const std::string* found = nullptr;
  for (const auto& r : requirements_) {
    if (r.field != field || !r.equal) continue;
    if (found != nullptr) return nullptr;
    found = &r.value;
  }
  return found;
}

std::string selectable_value(const Json& object, std::string_view field) {
  if (field == "source" && json::find(object, "source").is_object()) {
    std::string component = json::str(object, {"source", "component"});
    return component.empty() ? json::str(object, "reportingComponent") : component;
  }
  if (field == "status.successful") field = "status.succeeded";
  if (field == "reportingController" && !object.contains("reportingController")) field = "reportingComponent";
  if (field.starts_with("regarding.") && !object.contains("regarding"))
    return selectable_value(object, "involvedObject." + std::string(field.substr(10)));
  if (field == "status.podIPs") {
    std::vector<std::string> ips;
    for (const auto& ip : json::array_or_empty(json::find(object, {"status", "podIPs"}))) ips.push_back(json::str(ip, "ip"));
    return join(ips, ",");
  }
  const Json& value = walk(object, field);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return value.dump();
  if (field == "spec.unschedulable" || field == "spec.hostNetwork") return "false";
  if (field == "status.replicas" || field == "status.succeeded") return "0";
  return "";
}

}  // namespace skerry::api
