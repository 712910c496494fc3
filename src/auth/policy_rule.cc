#include <algorithm>

#include "auth/rbac.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::vector<std::string> strings(const Json& value) {
  std::vector<std::string> out;
  for (const auto& v : json::array_or_empty(value))
    if (v.is_string()) out.push_back(v.get<std::string>());
  return out;
}

bool url_matches(const std::string& pattern, const std::string& path) {
  if (pattern == "*" || pattern == path) return true;
  return ends_with(pattern, "*") && starts_with(path, std::string_view(pattern).substr(0, pattern.size() - 1));
}

bool resource_matches(const std::vector<std::string>& resources, const std::string& resource, const std::string& subresource) {
  std::string combined = subresource.empty() ? resource : resource + "/" + subresource;
  if (has(resources, "*") || has(resources, combined)) return true;
  return !subresource.empty() && has(resources, "*/" + subresource);
}

// Whether one held rule covers a rule of single verb, group, resource (or URL).
bool covers(const PolicyRule& held, const PolicyRule& wanted) {
  const std::string& verb = wanted.verbs.front();
  if (!has(held.verbs, "*") && !has(held.verbs, verb)) return false;
  if (!wanted.non_resource_urls.empty()) {
    const std::string& url = wanted.non_resource_urls.front();
    for (const auto& pattern : held.non_resource_urls)
      if (pattern == url || pattern == "*" ||
          (ends_with(pattern, "*") && starts_with(url, std::string_view(pattern).substr(0, pattern.size() - 1))))
        return true;
    return false;
  }
  if (!has(held.api_groups, "*") && !has(held.api_groups, wanted.api_groups.front())) return false;
  const std::string& combined = wanted.resources.front();
  size_t slash = combined.find('/');
  bool resource_ok = has(held.resources, "*") || has(held.resources, combined) ||
                     (slash != std::string::npos && has(held.resources, "*" + combined.substr(slash)));
  if (!resource_ok) return false;
  if (held.resource_names.empty()) return true;
  return !wanted.resource_names.empty() && has(held.resource_names, wanted.resource_names.front());
}

std::vector<PolicyRule> break_down(const PolicyRule& rule) {
  std::vector<PolicyRule> out;
  for (const auto& verb : rule.verbs) {
    for (const auto& group : rule.api_groups)
      for (const auto& resource : rule.resources) {
        if (rule.resource_names.empty()) {
          out.push_back({{verb}, {group}, {resource}, {}, {}});
          continue;
        }
        for (const auto& name : rule.resource_names) out.push_back({{verb}, {group}, {resource}, {name}, {}});
      }
    for (const auto& url : rule.non_resource_urls) out.push_back({{verb}, {}, {}, {}, {url}});
  }
  return out;
}

}  // namespace

PolicyRule parse_rule(const Json& rule) {
  return {strings(json::find(rule, "verbs")), strings(json::find(rule, "apiGroups")), strings(json::find(rule, "resources")),
          strings(json::find(rule, "resourceNames")), strings(json::find(rule, "nonResourceURLs"))};
}

std::vector<PolicyRule> parse_rules(const Json& role) {
  std::vector<PolicyRule> rules;
  for (const auto& rule : json::array_or_empty(json::find(role, "rules"))) rules.push_back(parse_rule(rule));
  return rules;
}

Json rule_json(const PolicyRule& rule) {
  Json out = {{"verbs", rule.verbs}};
  if (!rule.api_groups.empty()) out["apiGroups"] = rule.api_groups;
  if (!rule.resources.empty()) out["resources"] = rule.resources;
  if (!rule.resource_names.empty()) out["resourceNames"] = rule.resource_names;
  if (!rule.non_resource_urls.empty()) out["nonResourceURLs"] = rule.non_resource_urls;
  return out;
}

bool rule_allows(const PolicyRule& rule, const Attributes& a) {
  if (!has(rule.verbs, "*") && !has(rule.verbs, a.verb)) return false;
  if (!a.is_resource())
    return std::any_of(rule.non_resource_urls.begin(), rule.non_resource_urls.end(),
                       [&](const std::string& pattern) { return url_matches(pattern, a.path); });
  return (has(rule.api_groups, "*") || has(rule.api_groups, a.group)) &&
         resource_matches(rule.resources, a.resource, a.subresource) &&
         (rule.resource_names.empty() || has(rule.resource_names, a.name));
}

std::vector<PolicyRule> uncovered(const std::vector<PolicyRule>& held, const std::vector<PolicyRule>& wanted) {
  std::vector<PolicyRule> missing;
  for (const auto& rule : wanted)
    for (auto& single : break_down(rule))
      if (std::none_of(held.begin(), held.end(), [&](const PolicyRule& h) { return covers(h, single); }))
        missing.push_back(std::move(single));
  return missing;
}

}  // namespace skerry::auth
