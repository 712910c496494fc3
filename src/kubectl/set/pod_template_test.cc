#include "kubectl/set/pod_template.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {

TEST_CASE("set: containers are chosen by name or wildcards") {
  struct Case {
    const char *pattern, *name;
    bool matches;
  };
  for (auto& c : std::initializer_list<Case>{{"*", "web", true},      {"web", "web", true},     {"web", "web2", false},  {"w*", "web", true},   {"w*", "aw", false},
                                             {"*b", "web", true},     {"*b", "webs", false},    {"*e*", "web", true},    {"*x*", "web", false}, {"w*b", "web", true},
                                             {"w*e*b", "weeb", true}, {"we*eb", "web", false}, {"**", "web", true}}) {
    CAPTURE(c.pattern);
    CAPTURE(c.name);
    CHECK(matches_name(c.pattern, c.name) == c.matches);
  }
}

TEST_CASE("set: the pod spec of every kind that has one") {
  Json spec = {{"containers", Json::array()}};
  Json pod = {{"kind", "Pod"}, {"spec", spec}};
  Json deployment = {{"kind", "Deployment"}, {"spec", {{"template", {{"spec", spec}}}}}};
  Json cron = {{"kind", "CronJob"}, {"spec", {{"jobTemplate", {{"spec", {{"template", {{"spec", spec}}}}}}}}}};
  CHECK(pod_spec_of(pod) == &pod["spec"]);
  CHECK(pod_spec_of(deployment) == &deployment["spec"]["template"]["spec"]);
  CHECK(pod_spec_of(cron) == &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]);
  Json map = {{"kind", "ConfigMap"}, {"data", {{"a", "b"}}}};
  CHECK(pod_spec_of(map) == nullptr);
}

}  // namespace skerry::kubectl
