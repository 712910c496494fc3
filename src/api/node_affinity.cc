#include "api/node_affinity.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::api {
namespace {

bool holds(const Json& requirement, const std::string* value) {
  std::string op = json::str(requirement, "operator");
  const Json& values = json::array_or_empty(json::find(requirement, "values"));
  auto listed = [&] { return std::any_of(values.begin(), values.end(), [&](const Json& v) { return v == *value; }); };
  if (op == "In") return value != nullptr && listed();
  if (op == "NotIn") return value == nullptr || !listed();
  if (op == "Exists") return value != nullptr;
  if (op == "DoesNotExist") return value == nullptr;
  if (op == "Gt" || op == "Lt") {
    if (value == nullptr || values.size() != 1 || !values[0].is_string()) return false;
    auto have = parse_int(*value), want = parse_int(values[0].get_ref<const std::string&>());
    return have && want && (op == "Gt" ? *have > *want : *have < *want);
  }
  return false;
}

const std::string* text(const Json& value) { return value.is_string() ? &value.get_ref<const std::string&>() : nullptr; }

}  // namespace

bool matches_node_term(const Json& term, const Json& node) {
  const Json& expressions = json::array_or_empty(json::find(term, "matchExpressions"));
  const Json& fields = json::array_or_empty(json::find(term, "matchFields"));
  if (expressions.empty() && fields.empty()) return false;
  const Json& labels = json::find(node, {"metadata", "labels"});
  for (const auto& r : expressions)
    if (!holds(r, text(json::find(labels, json::str(r, "key"))))) return false;
  for (const auto& r : fields)
    if (json::str(r, "key") != "metadata.name" || !holds(r, text(json::find(node, {"metadata", "name"})))) return false;
  return true;
}

bool matches_node_selector(const Json& selector, const Json& node) {
  if (!selector.is_object()) return true;
  for (const auto& term : json::array_or_empty(json::find(selector, "nodeSelectorTerms")))
    if (matches_node_term(term, node)) return true;
  return false;
}

bool pod_matches_node(const Json& pod, const Json& node) {
  const Json& labels = json::find(node, {"metadata", "labels"});
  for (const auto& [key, want] : json::object_or_empty(json::find(pod, {"spec", "nodeSelector"})).items())
    if (json::find(labels, key) != want) return false;
  return matches_node_selector(
      json::find(pod, {"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"}), node);
}

}  // namespace skerry::api
