// Apply sets against a server with canned answers: the parent needs server-side apply, which Skerry's own server does not have.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <map>
#include <vector>

#include "json/json.h"
#include "kubectl/builtin_type.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/edit_loop.h"
#include "kubectl/test_support.h"

namespace skerry::kubectl {
namespace {

const std::string kId = "applyset-XPS7DQcglYD3_BOTiwpLtirwmT9y1Q06wbJ7TyrjGmY-v1";  // of Secret "my-set" in "my-ns"

// KUBECTL_APPLYSET for the time of a test.
struct Enabled {
  Enabled() { ::setenv("KUBECTL_APPLYSET", "true", 1); }
  ~Enabled() { ::unsetenv("KUBECTL_APPLYSET"); }
};

const std::string kMap = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"my-ns"}})";

std::map<std::string, std::string> server_answers() {
  return {
      {"GET /api", R"({"kind":"APIVersions","versions":["v1"]})"},
      {"GET /apis", R"({"kind":"APIGroupList","groups":[]})"},
      {"GET /api/v1",
       R"({"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["get","list"],"shortNames":["cm"]},)"
       R"({"name":"secrets","singularName":"secret","namespaced":true,"kind":"Secret","verbs":["get","list"]},{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]}]})"},
      {"GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions", R"({"items":[]})"},
      {"POST /api/v1/namespaces/my-ns/configmaps", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"my-ns","uid":"u-a"}})"},
      {"PATCH /api/v1/namespaces/my-ns/secrets/my-set", R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"my-set"}})"},
      {"DELETE /api/v1/namespaces/my-ns/configmaps/old", R"({"kind":"Status","status":"Success"})"},
  };
}

TEST_CASE("apply --applyset writes the parent first, labels what it applies, prunes members that went, and narrows the parent") {
  Enabled enabled;
  auto answers = server_answers();
  answers["GET /api/v1/namespaces/my-ns/secrets/my-set"] =
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"my-set","labels":{"applyset.kubernetes.io/id":")" + kId +
      R"("},"annotations":{"applyset.kubernetes.io/tooling":"kubectl/v1.30.0","applyset.kubernetes.io/contains-group-kinds":"ConfigMap,Node","applyset.kubernetes.io/additional-namespaces":""}}})";
  answers["GET /api/v1/namespaces/my-ns/configmaps"] =
      R"({"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"a","uid":"u-a"}},{"metadata":{"name":"old","namespace":"my-ns","uid":"u-old"}}]})";
  answers["GET /api/v1/nodes"] = R"({"kind":"NodeList","apiVersion":"v1","items":[]})";
  Canned server(std::move(answers));
  auto ran = server.run({"apply", "-f", "-", "--applyset=my-set", "--prune", "-n", "my-ns"}, kMap);
  CHECK(ran.err == "");
  CHECK(ran.out == "configmap/a created\nconfigmap/old pruned\n");
  CHECK(ran.code == 0);
  auto writes = server.writes();
  REQUIRE(writes.size() == 4);
  CHECK(writes[0].method == "PATCH");
  auto before = json::parse_json(writes[0].body);
  REQUIRE(before.has_value());
  CHECK(json::str(*before, {"metadata", "annotations", "applyset.kubernetes.io/contains-group-kinds"}) == "ConfigMap,Node");
  CHECK(json::str(*before, {"metadata", "labels", "applyset.kubernetes.io/id"}) == kId);
  CHECK(writes[0].query.find("fieldManager=kubectl-applyset") != std::string::npos);
  auto created = json::parse_json(writes[1].body);
  REQUIRE(created.has_value());
  CHECK(json::str(*created, {"metadata", "labels", "applyset.kubernetes.io/part-of"}) == kId);
  CHECK(writes[2].method == "DELETE");
  auto after = json::parse_json(writes[3].body);
  REQUIRE(after.has_value());
  CHECK(json::str(*after, {"metadata", "annotations", "applyset.kubernetes.io/contains-group-kinds"}) == "ConfigMap");
}

TEST_CASE("apply --applyset refuses parents of others, before anything is written") {
  Enabled enabled;
  struct Case {
    const char *labels, *annotations, *expected;
  };
  const Case cases[] = {
      {"{}", "{}", R"(error: ApplySet parent object "secrets./my-set" already exists and is missing required annotation "applyset.kubernetes.io/tooling")"},
      {"{}", R"({"applyset.kubernetes.io/tooling":"helm/v3"})",
       R"(error: ApplySet parent object "secrets./my-set" already exists and is managed by tooling "helm" instead of "kubectl")"},
      {"{}", R"({"applyset.kubernetes.io/tooling":"kubectl/v1"})",
       R"(error: ApplySet parent object "secrets./my-set" exists and does not have required label applyset.kubernetes.io/id)"},
  };
  for (auto& c : cases) {
    CAPTURE(c.expected);
    auto answers = server_answers();
    answers["GET /api/v1/namespaces/my-ns/secrets/my-set"] =
        std::string(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"my-set","labels":)") + c.labels + R"(,"annotations":)" + c.annotations + "}}";
    Canned server(std::move(answers));
    auto ran = server.run({"apply", "-f", "-", "--applyset=my-set", "--prune", "-n", "my-ns"}, kMap);
    CHECK(ran.code == 1);
    CHECK(ran.err == std::string(c.expected) + "\n");
    CHECK(server.writes().empty());
  }
}

TEST_CASE("apply --applyset: what cannot be a parent, and flags that do not go together") {
  Enabled enabled;
  Canned server(server_answers());
  auto error_of = [&](std::vector<std::string> args) {
    std::vector<std::string> all = {"apply", "-f", "-"};
    all.insert(all.end(), args.begin(), args.end());
    return server.run(all, kMap).err;
  };
  CHECK(error_of({"--applyset=my-set", "--prune"}) == "error: namespace is required to use namespace-scoped ApplySet\n");
  CHECK(error_of({"--applyset=my-set", "-n", "my-ns"}) == "error: --applyset requires --prune\n");
  CHECK(error_of({"--applyset=my-set", "-n", "my-ns", "--prune", "--all"}) == "error: --all is incompatible with --applyset\n");
  CHECK(error_of({"--applyset=my-set", "-n", "my-ns", "--prune", "-l", "a=b"}) == "error: --selector is incompatible with --applyset\n");
  CHECK(error_of({"--applyset=nodes/x", "--prune"}) ==
        "error: resource \"/v1, Resource=nodes\" is not permitted as an ApplySet parent\n");
  CHECK(error_of({"--applyset=cm/", "--prune"}) == "error: invalid parent reference \"cm/\": name cannot be blank\n");
  CHECK(server.writes().empty());
}

TEST_CASE("apply --applyset is an unknown flag unless it is switched on") {
  ::unsetenv("KUBECTL_APPLYSET");
  Canned server(server_answers());
  auto ran = server.run({"apply", "-f", "-", "--applyset=my-set", "--prune"}, kMap);
  CHECK(ran.code == 1);
  CHECK(ran.err == "error: unknown flag: --applyset\nSee 'kubectl apply --help' for usage.\n");
}

TEST_CASE("two patches conflict where both set a value differently; lists are compared by their merge keys") {
  const api::Type* service = builtin_type(mapping_of("v1", "services", "Service", true));
  REQUIRE(service);
  auto conflict = [&](const char* a, const char* b) { return patches_conflict(service, *json::parse_json(a), *json::parse_json(b)); };
  CHECK(!conflict(R"({"spec":{"type":"NodePort"}})", R"({"metadata":{"uid":"x"},"spec":{"clusterIP":"1"}})"));
  CHECK(conflict(R"({"spec":{"type":"NodePort"}})", R"({"spec":{"type":"ClusterIP"}})"));
  CHECK(!conflict(R"({"spec":{"ports":[{"port":80,"targetPort":1}]}})", R"({"spec":{"ports":[{"port":443,"targetPort":2}]}})"));
  CHECK(conflict(R"({"spec":{"ports":[{"port":80,"targetPort":1}]}})", R"({"spec":{"ports":[{"port":80,"targetPort":2}]}})"));
  CHECK(!conflict(R"({"spec":{"$setElementOrder/ports":[{"port":80}]}})", R"({"spec":{"$setElementOrder/ports":[{"port":81}]}})"));
}

TEST_CASE("an edited file is compared by its content: comments and the way it is written do not count") {
  CHECK(without_comments("# head\na: b\nc: [1]\n") == without_comments("c:\n- 1\n# else\na: 'b'\n"));
  CHECK(without_comments("a: b\n") != without_comments("a: c\n"));
  CHECK(without_comments("# x\na: [\n") == "a: [\n");
}

}  // namespace
}  // namespace skerry::kubectl
