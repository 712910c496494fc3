#include "base/strings.h"
#include "kubectl/session.h"
#include "kubectl/wait/wait.h"

namespace skerry::kubectl {

namespace {

std::string_view without_quotes(std::string_view text) {
  auto first = text.find_first_not_of("'\"");
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of("'\"") + 1 - first);
}

// A path and what follows it: "=VALUE" or nothing. The value begins behind the closing brace, or at the '=' of a path without braces.
std::pair<std::string_view, std::string_view> split_path(std::string_view text) {
  if (text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0]) text = text.substr(1, text.size() - 2);
  if (starts_with(text, "{")) {
    int depth = 0;
    char quote = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (quote) quote = text[i] == quote ? 0 : quote;
      else if (text[i] == '\'' || text[i] == '"') quote = text[i];
      else if (text[i] == '{') ++depth;
      else if (text[i] == '}' && --depth == 0) {
        std::string_view rest = text.substr(i + 1);
        if (rest.empty() || rest[0] == '=') return {text.substr(0, i + 1), rest};
        break;
      }
    }
  }
  auto equals = text.find('=');
  if (equals == text.npos) return {text, {}};
  return {text.substr(0, equals), text.substr(equals)};
}

}  // namespace

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
    auto [path, rest] = split_path(std::string_view(text).substr(9));
    std::string relaxed = TRY(output::relaxed_jsonpath(path));
    if (rest.empty()) {
      c.any_value_ = true;
    } else {
      c.value_ = without_quotes(rest.substr(1));
      if (c.value_.empty()) return plain_error("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3");
    }
    if (relaxed.empty()) return plain_error("jsonpath expression cannot be empty");
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
  if (found[0].is_object() || found[0].is_array()) return plain_error("jsonpath leads to a nested object or list which is not supported");
  return output::jsonpath_text(found[0]) == value_;
}

}  // namespace skerry::kubectl
