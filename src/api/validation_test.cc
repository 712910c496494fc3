#include "api/validation.h"

#include <doctest/doctest.h>

#include "api/catalog.h"
#include "api/decode.h"
#include "api/defaults.h"

using namespace skerry;
using namespace skerry::api;

namespace {

Json made(const Gvr& gvr, std::string_view text) {
  static const Catalog catalog;
  auto row = catalog.find(gvr);
  Json object = Json::parse(text);
  std::vector<std::string> warnings;
  REQUIRE(decode(*row, object, FieldValidation::kWarn, warnings));
  set_defaults(*row, object);
  return object;
}

std::string create_error(const Gvr& gvr, std::string_view text) {
  static const Catalog catalog;
  Status s = validate_create(*catalog.find(gvr), made(gvr, text));
  return s ? "" : s.error().message;
}

std::string update_error(const Gvr& gvr, const Json& now, const Json& old) {
  static const Catalog catalog;
  Status s = validate_update(*catalog.find(gvr), now, old);
  return s ? "" : s.error().message;
}

constexpr const char* kPod = R"({"metadata":{"name":"x","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i"}]}})";

}  // namespace

TEST_CASE("validation: pods") {
  CHECK(create_error(kPods, kPod) == "");
  CHECK(create_error(kPods, R"({"metadata":{"name":"x","namespace":"n"},"spec":{"containers":[{"name":"c"}]}})") ==
        "Pod \"x\" is invalid: spec.containers[0].image: Required value");
  CHECK(create_error(kPods, R"({"metadata":{"name":"x","namespace":"n"},"spec":{}})") == "Pod \"x\" is invalid: spec.containers: Required value");
  std::string both = create_error(kPods, R"({"metadata":{"name":"X","namespace":"n"},"spec":{"containers":[
    {"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/a"}]},{"name":"c","image":"i"}]}})");
  CHECK(both.starts_with("Pod \"X\" is invalid: [metadata.name: Invalid value: \"X\": a lowercase RFC 1123 subdomain"));
  CHECK(both.find("spec.containers[0].volumeMounts[0].name: Not found: \"v\"") != std::string::npos);
  CHECK(both.ends_with("spec.containers[1].name: Duplicate value: \"c\"]"));
  CHECK(create_error(kPods, R"({"metadata":{"name":"x","namespace":"n"},"spec":{"restartPolicy":"Sometimes","containers":[{"name":"c","image":"i"}]}})") ==
        "Pod \"x\" is invalid: spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\"");
  CHECK(create_error(kPods, R"({"metadata":{"name":"x","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i",
    "resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}]}})") ==
        "Pod \"x\" is invalid: spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1");
  CHECK(create_error(kPods, R"({"metadata":{"name":"x","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i","livenessProbe":{"exec":{"command":["a"]},"successThreshold":2}}]}})")
            .ends_with("spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"));
}

TEST_CASE("validation: ephemeral containers") {
  static const Catalog catalog;
  const Json old = made(kPods, kPod);
  auto error = [&](const char* list, const Json& before) {
    Json now = before;
    now["spec"]["ephemeralContainers"] = Json::parse(list);
    Status s = validate_update(*catalog.find(kPods), now, before, "ephemeralcontainers");
    return s ? "" : s.error().message;
  };
  const std::string p = "Pod \"x\" is invalid: spec.ephemeralContainers";
  const std::string common = R"("image":"i","imagePullPolicy":"Always","terminationMessagePolicy":"File")";
  auto one = [&](const std::string& more) { return "[{\"name\":\"d\"," + common + more + "}]"; };
  CHECK(error(one(R"(,"targetContainerName":"c","resources":{})").c_str(), old) == "");
  CHECK(error(one(R"(,"targetContainerName":"d")").c_str(), old) == p + "[0].targetContainerName: Not found: \"d\"");
  CHECK(error(one(R"(,"ports":[{"containerPort":1,"protocol":"TCP"}])").c_str(), old) == p + "[0].ports: Forbidden: cannot be set for an Ephemeral Container");
  CHECK(error(one(R"(,"resources":{"limits":{"cpu":"1"}})").c_str(), old) == p + "[0].resources: Forbidden: cannot be set for an Ephemeral Container");
  Json with = old;
  with["spec"]["ephemeralContainers"] = Json::parse(one(""));
  CHECK(error("[]", with) == p + ": Forbidden: existing ephemeral containers \"d\" may not be removed\n");
  CHECK(error(one(R"(,"tty":true)").c_str(), with) == p + ": Forbidden: existing ephemeral containers \"d\" may not be changed\n");
}

TEST_CASE("validation: a StatefulSet's containers mount its claims") {
  const std::string head = R"({"metadata":{"name":"s","namespace":"n"},"spec":{"serviceName":"s","selector":{"matchLabels":{"a":"b"}},
    "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"data","mountPath":"/d"}]}]}},
    "volumeClaimTemplates":[{"metadata":{"name":")";
  const std::string tail = R"("},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}})";
  const Gvr sets{"apps", "v1", "statefulsets"};
  CHECK(create_error(sets, head + "data" + tail) == "");
  CHECK(create_error(sets, head + "other" + tail).find("volumeMounts[0].name: Not found: \"data\"") != std::string::npos);
}

TEST_CASE("validation: what an update of a pod may change") {
  Json old = made(kPods, kPod);
  Json now = old;
  now["spec"]["containers"][0]["image"] = "j";
  now["spec"]["activeDeadlineSeconds"] = 5;
  now["spec"]["tolerations"] = Json::array({{{"operator", "Exists"}}});
  CHECK(update_error(kPods, now, old) == "");
  CHECK(update_error(kPods, old, now).find("spec.activeDeadlineSeconds") != std::string::npos);
  now = old;
  now["spec"]["containers"][0]["command"] = Json::array({"a"});
  CHECK(update_error(kPods, now, old).starts_with("Pod \"x\" is invalid: spec: Forbidden: pod updates may not change fields other than"));
  now = old;
  now["metadata"]["name"] = "y";
  CHECK(update_error(kPods, now, old).find("metadata.name: Invalid value: \"y\": field is immutable") != std::string::npos);
}

TEST_CASE("validation: workloads, services, configuration") {
  auto deployment = [](const char* selector) {
    return std::string(R"({"metadata":{"name":"d","namespace":"n"},"spec":{"selector":)") + selector +
           R"(,"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
  };
  CHECK(create_error(kDeployments, deployment(R"({"matchLabels":{"a":"b"}})")) == "");
  CHECK(create_error(kDeployments, deployment(R"({"matchLabels":{"a":"c"}})")) ==
        "Deployment.apps \"d\" is invalid: spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`");
  CHECK(create_error(kDeployments, deployment("null")).find("spec.selector: Required value") != std::string::npos);
  Json old = made(kDeployments, deployment(R"({"matchLabels":{"a":"b"}})")), now = old;
  now["spec"]["selector"]["matchLabels"]["c"] = "d";
  now["spec"]["template"]["metadata"]["labels"]["c"] = "d";
  CHECK(update_error(kDeployments, now, old).find("spec.selector: Invalid value: ") != std::string::npos);

  CHECK(create_error(kServices, R"({"metadata":{"name":"s","namespace":"n"},"spec":{"ports":[{"port":80}]}})") == "");
  CHECK(create_error(kServices, R"({"metadata":{"name":"1s","namespace":"n"},"spec":{"ports":[{"port":0}]}})").find("spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive") != std::string::npos);
  CHECK(create_error(kServices, R"({"metadata":{"name":"s","namespace":"n"},"spec":{"ports":[{"port":80},{"port":81}]}})").find("spec.ports[0].name: Required value") != std::string::npos);
  CHECK(create_error(kServices, R"({"metadata":{"name":"s","namespace":"n"},"spec":{}})") == "Service \"s\" is invalid: spec.ports: Required value");

  CHECK(create_error(kConfigMaps, R"({"metadata":{"name":"c","namespace":"n"},"data":{"a/b":""}})").find("data[a/b]: Invalid value") != std::string::npos);
  Json frozen = made(kConfigMaps, R"({"metadata":{"name":"c","namespace":"n"},"immutable":true,"data":{"a":"b"}})"), changed = frozen;
  changed["data"]["a"] = "c";
  CHECK(update_error(kConfigMaps, changed, frozen) == "ConfigMap \"c\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
  CHECK(create_error(kSecrets, R"({"metadata":{"name":"c","namespace":"n"},"type":"kubernetes.io/tls","data":{}})").find("data[tls.crt]: Required value") != std::string::npos);
  CHECK(create_error(kNamespaces, R"({"metadata":{"name":"a.b"}})").find("metadata.name") != std::string::npos);
  CHECK(create_error(kRoles, R"({"metadata":{"name":"a:b","namespace":"n"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})") == "");
  CHECK(create_error(kConfigMaps, R"({"metadata":{"name":"c","namespace":"n","labels":{"a b":"c"}}})").find("metadata.labels: Invalid value: \"a b\"") != std::string::npos);
  CHECK(create_error(kConfigMaps, R"({"metadata":{"generateName":"c-","namespace":"n"}})") == "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");
}
