#include "base/strings.h"
#include "kubectl/session.h"
#include "kubectl/wait/wait.h"

namespace skerry::kubectl {

Result<Condition> Condition::parse(const std::string& text) {
  Condition c;
  std::string lower = to_lower(text);
  if (lower == "delete") {
    c.kind_ = Kind::kDelete;
    return c;
  }
  if (lower == "create") {
    c.kind_ = Kind::kCreate;
    return c;
  }
  if (starts_with(text, "condition=")) {
    c.kind_ = Kind::kCondition;
    c.name_ = text.substr(10);
    c.value_ = "true";
    if (auto eq = c.name_.find('='); eq != std::string::npos) {
      c.value_ = c.name_.substr(eq + 1);
      c.name_.resize(eq);
    }
    return c;
  }
  if (starts_with(text, "jsonpath=")) {
    c.kind_ = Kind::kJsonPath;
    std::string path = text.substr(9);
    // The value follows the closing brace, or the '=' of a path without braces.
    size_t end = std::string::npos;
    if (path.size() >= 2 && (path[0] == '\'' || path[0] == '"') && path.back() == path[0]) path = path.substr(1, path.size() - 2);
    if (!path.empty() && path[0] == '{') {
      int depth = 0;
      char quote = 0;
      for (size_t i = 0; i < path.size() && end == std::string::npos; ++i) {
        if (quote) quote = path[i] == quote ? 0 : quote;
        else if (path[i] == '\'' || path[i] == '"') quote = path[i];
        else if (path[i] == '{') ++depth;
        else if (path[i] == '}' && --depth == 0) end = i + 1;
      }
      if (end == std::string::npos) return plain_error("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'");
    } else {
      end = path.find('=');
      if (end == std::string::npos) end = path.size();
    }
    std::string rest = path.substr(end);
    path.resize(end);
    if (rest.empty()) {
      c.any_value_ = true;
    } else {
      if (rest[0] != '=' || rest.size() == 1) return plain_error("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3");
      c.value_ = rest.substr(1);
      if (c.value_.size() >= 2 && (c.value_[0] == '\'' || c.value_[0] == '"') && c.value_.back() == c.value_[0]) c.value_ = c.value_.substr(1, c.value_.size() - 2);
    }
    std::string relaxed = TRY(output::relaxed_jsonpath(path));
    c.path_.push_back(TRY(output::JsonPath::parse(relaxed, true)));
    return c;
  }
  return plain_error("unrecognized condition: \"" + text + "\"");
}

Result<bool> Condition::met(const Json& object) const {
  if (kind_ == Kind::kCondition) {
    for (auto& c : json::array_or_empty(json::find(object, {"status", "conditions"}))) {
      if (to_lower(json::str(c, "type")) != to_lower(name_)) continue;
      // A condition that speaks of an older generation says nothing of this one.
      const Json& generation = json::find(c, "observedGeneration");
      if (generation.is_number_integer() && generation.get<int64_t>() < json::integer(object, {"metadata", "generation"})) return false;
      const Json& observed = json::find(object, {"status", "observedGeneration"});
      if (generation.is_null() && observed.is_number_integer() && observed.get<int64_t>() < json::integer(object, {"metadata", "generation"})) return false;
      return to_lower(json::str(c, "status")) == to_lower(value_);
    }
    return false;
  }
  auto found = TRY(path_[0].find_all(object));
  if (found.empty()) return false;
  if (found.size() > 1) return plain_error("given jsonpath expression matches more than one value");
  if (any_value_) return true;
  if (found[0].is_object() || found[0].is_array()) return plain_error("jsonpath leads to a nested object or list which cannot be compared with a value");
  return output::jsonpath_text(found[0]) == value_;
}

}  // namespace skerry::kubectl
