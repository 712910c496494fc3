#include "api/defaults.h"

#include <doctest/doctest.h>

#include "api/catalog.h"

using namespace skerry;
using namespace skerry::api;

namespace {
Json defaulted(const Gvr& gvr, const char* text) {
  static const Catalog catalog;
  auto row = catalog.find(gvr);
  Json object = Json::parse(text);
  object["apiVersion"] = row->api_version();
  object["kind"] = row->kind;
  set_defaults(*row, object);
  Json again = object;
  set_defaults(*row, again);
  CHECK(again == object);  // idempotent
  return object;
}
}  // namespace

TEST_CASE("defaults: disks in PersistentVolumes are as in pods") {
  Json spec = defaulted({"", "v1", "persistentvolumes"}, R"({"spec":{"azureDisk":{"diskName":"d","diskURI":"u"}}})")["spec"];
  CHECK(spec["azureDisk"] == Json({{"diskName", "d"}, {"diskURI", "u"}, {"cachingMode", "ReadWrite"}, {"kind", "Shared"}, {"fsType", "ext4"}, {"readOnly", false}}));
  CHECK(defaulted({"", "v1", "persistentvolumes"}, R"({"spec":{"rbd":{}}})")["spec"]["rbd"]["pool"] == "rbd");
}

TEST_CASE("defaults: a minimal pod") {
  Json spec = defaulted(kPods, R"({"spec":{"hostNetwork":true,"serviceAccount":"sa","containers":[
    {"image":"a:5000/b","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1"}},"livenessProbe":{"httpGet":{"port":80}},
     "env":[{"name":"x","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]},{"image":"a:1"}],
    "volumes":[{"name":"e"},{"name":"c","configMap":{"name":"c"}},{"name":"p","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}]}})")["spec"];
  CHECK(spec["dnsPolicy"] == "ClusterFirst");
  CHECK(spec["restartPolicy"] == "Always");
  CHECK(spec["terminationGracePeriodSeconds"] == 30);
  CHECK(spec["serviceAccountName"] == "sa");
  CHECK(spec["enableServiceLinks"] == true);
  Json& c = spec["containers"][0];
  CHECK(c["imagePullPolicy"] == "Always");
  CHECK(spec["containers"][1]["imagePullPolicy"] == "IfNotPresent");
  CHECK(c["ports"][0] == Json({{"containerPort", 80}, {"hostPort", 80}, {"protocol", "TCP"}}));
  CHECK(c["resources"]["requests"]["cpu"] == "1");
  CHECK(c["livenessProbe"]["periodSeconds"] == 10);
  CHECK(c["livenessProbe"]["httpGet"]["scheme"] == "HTTP");
  CHECK(c["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1");
  CHECK(spec["volumes"][0]["emptyDir"].is_object());
  CHECK(spec["volumes"][1]["configMap"]["defaultMode"] == 420);
  CHECK(spec["volumes"][2]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600);
}

TEST_CASE("defaults: workloads and services") {
  Json d = defaulted(kDeployments, R"({"spec":{"template":{"spec":{"containers":[{"image":"a","resources":{"limits":{"cpu":"1"}}}]}}}})");
  CHECK(d["spec"]["replicas"] == 1);
  CHECK(d["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%");
  CHECK(d["spec"]["template"]["spec"]["schedulerName"] == "default-scheduler");
  CHECK(!d["spec"]["template"]["spec"].contains("enableServiceLinks"));
  CHECK(!d["spec"]["template"]["spec"]["containers"][0]["resources"].contains("requests"));
  CHECK(defaulted(kDeployments, R"({"spec":{"strategy":{"type":"Recreate"}}})")["spec"]["strategy"] == Json({{"type", "Recreate"}}));
  Json s = defaulted(kServices, R"({"spec":{"ports":[{"port":80}]}})");
  CHECK(s["spec"]["ports"][0] == Json({{"port", 80}, {"protocol", "TCP"}, {"targetPort", 80}}));
  CHECK(s["spec"]["type"] == "ClusterIP");
  Json rc = defaulted(kReplicationControllers, R"({"spec":{"replicas":0,"template":{"metadata":{"labels":{"a":"b"}}}}})");
  CHECK(rc["spec"]["selector"]["a"] == "b");
  CHECK(rc["metadata"]["labels"]["a"] == "b");
  CHECK(rc["spec"]["replicas"] == 0);
  CHECK(defaulted(kNamespaces, R"({"metadata":{"name":"x"}})")["metadata"]["labels"]["kubernetes.io/metadata.name"] == "x");
}
