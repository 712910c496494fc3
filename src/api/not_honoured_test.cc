#include "api/not_honoured.h"

#include <doctest/doctest.h>

#include "api/catalog.h"
#include "api/validation.h"
#include "json/yaml.h"

using namespace skerry;

TEST_CASE("warnings: fields that are kept but not honoured are named with their path") {
  struct { const char *spec, *want; } rows[] = {
      {"{}", ""},
      {"{hostUsers: true, volumes: [{name: a, emptyDir: {medium: Memory}}, {name: b, configMap: {name: c}}], containers: [{securityContext: {appArmorProfile: {type: Unconfined}}}]}", ""},
      {"{hostUsers: false}", "spec.hostUsers: user namespaces are not honoured yet"},
      {"{volumes: [{name: a, emptyDir: {}}, {name: b, nfs: {server: x, path: /}}]}", "spec.volumes[1].nfs: volumes of this kind are not honoured yet"},
      {"{volumes: [{name: b, persistentVolumeClaim: {claimName: x}}]}", "spec.volumes[0].persistentVolumeClaim: volumes of this kind are not honoured yet"},
      {"{volumes: [{name: b, projected: {sources: [{secret: {name: x}}, {clusterTrustBundle: {path: x}}]}}]}",
       "spec.volumes[0].projected.sources[1].clusterTrustBundle: projected sources of this kind are not honoured yet"},
      {"{securityContext: {seLinuxOptions: {level: s0}}}", "spec.securityContext.seLinuxOptions: SELinux labels are not honoured yet"},
      {"{containers: [{}, {securityContext: {appArmorProfile: {type: RuntimeDefault}}}]}",
       "spec.containers[1].securityContext.appArmorProfile: AppArmor profiles are not honoured yet"},
      {"{initContainers: [{env: [{name: A, valueFrom: {fileKeyRef: {key: k}}}]}]}", "spec.initContainers[0].env[0].valueFrom.fileKeyRef: variables from files are not honoured yet"},
      {"{runtimeClassName: kata}", "spec.runtimeClassName: handlers of runtime classes are not honoured yet"},
  };
  for (auto& r : rows) {
    CAPTURE(r.spec);
    auto got = api::not_honoured_in_pod(*json::parse_yaml(r.spec), "spec");
    CHECK(got.size() == (*r.want ? 1 : 0));
    if (!got.empty()) CHECK(got[0] == r.want);
  }
  CHECK(api::not_honoured_in_service(*json::parse_yaml("{type: LoadBalancer, trafficDistribution: PreferClose}")).size() == 2);
  CHECK(api::not_honoured_in_service(*json::parse_yaml("{type: NodePort}")).empty());
}

TEST_CASE("warnings: a template's are found through its Deployment") {
  api::Catalog catalog;
  auto deployments = catalog.find({"apps", "v1", "deployments"});
  auto warnings = api::write_warnings(*deployments, *json::parse_yaml("{spec: {template: {spec: {hostUsers: false}}}}"));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] == "spec.template.spec.hostUsers: user namespaces are not honoured yet");
}
