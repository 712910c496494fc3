#include "kubectl/read/reconcile_plan.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::kubectl {

namespace {

using Operation = ReconcilePlan::Operation;

bool contains(const Json& list, const std::string& wanted) {
  for (auto& v : json::array_or_empty(list))
    if (v == wanted) return true;
  return false;
}

// `part` has one verb, and one URL or one group, resource and perhaps name.
bool covers(const Json& rule, const Json& part) {
  auto only = [&](const char* key) { return part.contains(key) ? part[key][0].get<std::string>() : std::string(); };
  auto has = [&](const char* key) { return contains(json::find(rule, key), only(key)) || contains(json::find(rule, key), "*"); };
  if (!has("verbs")) return false;
  if (part.contains("nonResourceURLs")) {
    for (auto& url : json::array_or_empty(json::find(rule, "nonResourceURLs"))) {
      std::string have = url.is_string() ? url.get<std::string>() : "", wanted = only("nonResourceURLs");
      if (have == wanted || (ends_with(have, "*") && starts_with(wanted, have.substr(0, have.size() - 1)))) return true;
    }
    return false;
  }
  if (!has("apiGroups")) return false;
  if (!has("resources")) {
    std::string resource = only("resources");
    auto slash = resource.find('/');
    if (slash == std::string::npos || !contains(json::find(rule, "resources"), "*" + resource.substr(slash))) return false;
  }
  const Json& names = json::array_or_empty(json::find(rule, "resourceNames"));
  return names.empty() || (part.contains("resourceNames") && contains(names, only("resourceNames")));
}

std::vector<Json> parts_of(const Json& rules) {
  std::vector<Json> out;
  auto list = [](const Json& rule, const char* key) -> const Json& { return json::array_or_empty(json::find(rule, key)); };
  auto one = [](const Json& v) { return Json::array({v}); };
  for (auto& rule : json::array_or_empty(rules)) {
    for (auto& group : list(rule, "apiGroups"))
      for (auto& resource : list(rule, "resources"))
        for (auto& verb : list(rule, "verbs")) {
          Json part = {{"apiGroups", one(group)}, {"resources", one(resource)}, {"verbs", one(verb)}};
          if (list(rule, "resourceNames").empty()) out.push_back(part);
          for (auto& name : list(rule, "resourceNames")) {
            part["resourceNames"] = one(name);
            out.push_back(part);
          }
        }
    for (auto& url : list(rule, "nonResourceURLs"))
      for (auto& verb : list(rule, "verbs")) out.push_back({{"nonResourceURLs", one(url)}, {"verbs", one(verb)}});
  }
  return out;
}

// Those of `wanted` that `have` lacks.
std::vector<Json> lacking(const Json& have, const Json& wanted) {
  std::vector<Json> out;
  auto key = [](const Json& s) {
    std::string kind = json::str(s, "kind"), group = json::str(s, "apiGroup");
    if (group.empty() && kind != "ServiceAccount") group = "rbac.authorization.k8s.io";
    return kind + "\n" + group + "\n" + json::str(s, "namespace") + "\n" + json::str(s, "name");
  };
  for (auto& w : json::array_or_empty(wanted)) {
    const Json& list = json::array_or_empty(have);
    if (std::none_of(list.begin(), list.end(), [&](const Json& h) { return key(h) == key(w); })) out.push_back(w);
  }
  return out;
}

// What stands on the server wins over what the file says. True if something came in.
bool merge_metadata(Json& object, const Json& expected) {
  bool changed = false;
  for (const char* key : {"labels", "annotations"})
    for (auto& [k, v] : json::object_or_empty(json::find(expected, {"metadata", key})).items())
      if (!json::object_or_empty(json::find(object, {"metadata", key})).contains(k)) object["metadata"][key][k] = v, changed = true;
  return changed;
}

std::vector<Json> all(const Json& list) { return {json::array_or_empty(list).begin(), json::array_or_empty(list).end()}; }

void append(Json& list, const std::vector<Json>& more) {
  if (!list.is_array()) list = Json::array();
  for (auto& m : more) list.push_back(m);
}

void plan_role(ReconcilePlan& p, const Json& expected, const Json& existing, bool remove_extra) {
  if (merge_metadata(p.object, expected)) p.operation = Operation::kUpdate;
  if (expected.contains("aggregationRule")) {
    // The rules come from other roles; only what selects them is reconciled.
    const Json& have = json::find(existing, {"aggregationRule", "clusterRoleSelectors"});
    const Json& want = json::find(expected, {"aggregationRule", "clusterRoleSelectors"});
    std::vector<Json> missing;
    bool extra = false;
    for (auto& w : json::array_or_empty(want))
      if (std::find(json::array_or_empty(have).begin(), json::array_or_empty(have).end(), w) == json::array_or_empty(have).end()) missing.push_back(w);
    for (auto& h : json::array_or_empty(have)) extra |= std::find(json::array_or_empty(want).begin(), json::array_or_empty(want).end(), h) == json::array_or_empty(want).end();
    if (remove_extra && (extra || !missing.empty())) p.object["aggregationRule"]["clusterRoleSelectors"] = json::array_or_empty(want);
    else append(p.object["aggregationRule"]["clusterRoleSelectors"], missing);
    if (!missing.empty() || (remove_extra && extra)) p.operation = Operation::kUpdate;
    return;
  }
  const Json& have = json::find(existing, "rules");
  const Json& want = json::find(expected, "rules");
  p.missing_rules = uncovered_rules(have, want);
  if (remove_extra) p.extra_rules = uncovered_rules(want, have);
  if (remove_extra && !(p.extra_rules.empty() && p.missing_rules.empty())) p.object["rules"] = json::array_or_empty(want);
  else if (!p.missing_rules.empty()) append(p.object["rules"], p.missing_rules);
  if (!p.missing_rules.empty() || !p.extra_rules.empty()) p.operation = Operation::kUpdate;
}

void plan_binding(ReconcilePlan& p, const Json& expected, const Json& existing, bool remove_extra) {
  auto ref = [](const Json& o) { return json::str(o, {"roleRef", "kind"}) + "/" + json::str(o, {"roleRef", "name"}); };
  if (ref(expected) != ref(existing)) {
    // What a binding refers to cannot be changed.
    p.operation = Operation::kRecreate;
    p.object = expected;
    return;
  }
  if (merge_metadata(p.object, expected)) p.operation = Operation::kUpdate;
  p.missing_subjects = lacking(json::find(existing, "subjects"), json::find(expected, "subjects"));
  if (remove_extra) p.extra_subjects = lacking(json::find(expected, "subjects"), json::find(existing, "subjects"));
  if (remove_extra && !(p.extra_subjects.empty() && p.missing_subjects.empty())) p.object["subjects"] = json::array_or_empty(json::find(expected, "subjects"));
  else if (!p.missing_subjects.empty()) append(p.object["subjects"], p.missing_subjects);
  if (!p.missing_subjects.empty() || !p.extra_subjects.empty()) p.operation = Operation::kUpdate;
}

}  // namespace

std::vector<Json> uncovered_rules(const Json& owner, const Json& rules) {
  std::vector<Json> out;
  for (auto& part : parts_of(rules)) {
    const Json& have = json::array_or_empty(owner);
    if (std::none_of(have.begin(), have.end(), [&](const Json& rule) { return covers(rule, part); })) out.push_back(part);
  }
  return out;
}

ReconcilePlan plan_reconcile(const Json& expected, const Json& existing, bool remove_extra_permissions, bool remove_extra_subjects) {
  ReconcilePlan p;
  bool binding = ends_with(json::str(expected, "kind"), "Binding");
  if (existing.is_null()) {
    p.operation = Operation::kCreate;
    p.object = expected;
    (binding ? p.missing_subjects : p.missing_rules) = all(json::find(expected, binding ? "subjects" : "rules"));
    return p;
  }
  p.opted_out = json::str(existing, {"metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate"}) == "false";
  p.object = existing;
  if (binding) plan_binding(p, expected, existing, remove_extra_subjects);
  else plan_role(p, expected, existing, remove_extra_permissions);
  return p;
}

}  // namespace skerry::kubectl
