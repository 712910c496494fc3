#include "kubectl/describe/policy_rules.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "kubectl/describe/format.h"

namespace skerry::kubectl {

std::string PolicyRule::order() const {
  return "Verbs:[" + join(verbs, " ") + "],APIGroups:[" + group + "],Resources:[" + resource + "],ResourceNames:[" + name + "],NonResourceURLs:[" + url +
         "],";
}

std::string PolicyRule::full_resource() const {
  if (group.empty()) return resource;
  size_t slash = std::min(resource.find('/'), resource.size());
  return resource.substr(0, slash) + "." + group + resource.substr(slash);
}

std::string PolicyRule::row() const {
  return full_resource() + "\t[" + url + "]\t[" + name + "]\t[" + join(verbs, " ") + "]";
}

std::vector<PolicyRule> compact_rules(const Json& rules) {
  std::vector<PolicyRule> about_urls, about_resources;
  std::map<std::tuple<std::string, std::string, bool, std::string>, size_t> places;
  auto add = [&](const std::string& group, const std::string& resource, bool named, const std::string& name,
                 const std::string& verb) {
    auto [place, fresh] = places.try_emplace({group, resource, named, name}, about_resources.size());
    if (fresh) about_resources.push_back({group, resource, name, "", {}});
    auto& verbs = about_resources[place->second].verbs;
    if (std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) verbs.push_back(verb);
  };
  for (const Json& rule : json::array_or_empty(rules)) {
    std::vector<std::string> verbs = strings(json::find(rule, "verbs")),
                             names = strings(json::find(rule, "resourceNames"));
    for (const std::string& group : strings(json::find(rule, "apiGroups")))
      for (const std::string& resource : strings(json::find(rule, "resources")))
        for (const std::string& verb : verbs) {
          if (names.empty()) add(group, resource, false, "", verb);
          for (const std::string& name : names) add(group, resource, true, name, verb);
        }
    for (const std::string& url : strings(json::find(rule, "nonResourceURLs")))
      for (const std::string& verb : verbs) about_urls.push_back({"", "", "", url, {verb}});
  }
  std::move(about_resources.begin(), about_resources.end(), std::back_inserter(about_urls));
  std::stable_sort(about_urls.begin(), about_urls.end(),
                   [](const PolicyRule& a, const PolicyRule& b) { return a.order() < b.order(); });
  return about_urls;
}

}  // namespace skerry::kubectl
