// Role, ClusterRole, RoleBinding, ClusterRoleBinding.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

// A rule for one resource (or URL), with all verbs for it.
struct Rule {
  std::string group, resource, name, url;
  std::vector<std::string> verbs;

  // What rules are sorted by: their text in Kubernetes' own notation, verbs first.
  std::string order() const {
    return "Verbs:[" + join(verbs, " ") + "],APIGroups:[" + group + "],Resources:[" + resource + "],ResourceNames:[" +
           name + "],NonResourceURLs:[" + url + "],";
  }
  // "deployments.apps/scale"
  std::string full_resource() const {
    if (group.empty()) return resource;
    size_t slash = std::min(resource.find('/'), resource.size());
    return resource.substr(0, slash) + "." + group + resource.substr(slash);
  }
};

// Takes rules of many resources apart; verbs for the same resource come together, those for URLs stay alone.
std::vector<Rule> compact(const Json& rules) {
  std::vector<Rule> about_urls, about_resources;
  std::map<std::tuple<std::string, std::string, bool, std::string>, size_t> places;
  auto add = [&](const std::string& group, const std::string& resource, bool named, const std::string& name,
                 const std::string& verb) {
    auto [place, fresh] = places.try_emplace({group, resource, named, name}, about_resources.size());
    if (fresh) about_resources.push_back({group, resource, name, "", {}});
    about_resources[place->second].verbs.push_back(verb);
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
                   [](const Rule& a, const Rule& b) { return a.order() < b.order(); });
  return about_urls;
}

}  // namespace

Status describe_role(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.line(0, "PolicyRule:");
  w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
  w.line(1, "---------\t-----------------\t--------------\t-----");
  for (const Rule& rule : compact(json::find(subject.object, "rules")))
    w.line(1, rule.full_resource(), "\t[", rule.url, "]\t[", rule.name, "]\t[", join(rule.verbs, " "), "]");
  return {};
}

Status describe_role_binding(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.line(0, "Role:");
  w.field(1, "Kind", json::str(subject.object, {"roleRef", "kind"}));
  w.field(1, "Name", json::str(subject.object, {"roleRef", "name"}));
  w.line(0, "Subjects:");
  w.line(1, "Kind\tName\tNamespace");
  w.line(1, "----\t----\t---------");
  for (const Json& s : json::array_or_empty(json::find(subject.object, "subjects")))
    w.line(1, json::str(s, "kind"), "\t", json::str(s, "name"), "\t", json::str(s, "namespace"));
  return {};
}

}  // namespace skerry::kubectl
