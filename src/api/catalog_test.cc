#include "api/catalog.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::api;

TEST_CASE("catalog: built-in rows are found by names and kinds") {
  Catalog catalog;
  auto pods = catalog.find(kPods);
  REQUIRE(pods);
  CHECK(pods->kind == "Pod");
  CHECK(pods->list_kind == "PodList");
  CHECK(pods->namespaced);
  CHECK(pods->has_status);
  CHECK(pods->allows(Verb::kDeleteCollection));
  CHECK(pods->subresource("eviction")->group == "policy");
  CHECK(pods->subresource("status")->allows(Verb::kPatch));
  CHECK(catalog.find_kind("apps/v1", "Deployment")->group_resource() == "deployments.apps");
  CHECK(catalog.find_kind("v1", "Deployment") == nullptr);
  CHECK(catalog.versions("autoscaling") == std::vector<std::string>{"v2", "v1"});
  CHECK(catalog.groups().front() == "apiregistration.k8s.io");
  CHECK(catalog.find("events.k8s.io", "v1", "events")->stored_as == catalog.find(kEvents).get());
  CHECK(!catalog.find(kServices)->subresource("nope"));
  for (const auto& row : catalog.all()) CHECK(row->type != nullptr);
}

TEST_CASE("catalog: types know their fields, also inlined ones") {
  const Type* volume = find_type("core/v1.Volume");
  REQUIRE(volume);
  CHECK(volume->find("emptyDir")->type->short_name() == "EmptyDirVolumeSource");
  CHECK(volume->find("nope") == nullptr);
  CHECK(find_type("core/v1.Secret")->find("type") != nullptr);  // a field named like a keyword of types.txt
  const Type* pod_spec = find_type("core/v1.PodSpec");
  CHECK(pod_spec->find("containers")->extra->merge_key == "name");
  CHECK(pod_spec->find("volumes")->patch == (kPatchMerge | kPatchRetainKeys));
  CHECK(pod_spec->openapi_name() == "io.k8s.api.core.v1.PodSpec");
  CHECK(find_type("meta/v1.ObjectMeta")->openapi_name() == "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  CHECK(find_type("x") == nullptr);
}

TEST_CASE("catalog: rows come and go at run time") {
  Catalog catalog;
  auto row = std::make_shared<Resource>();
  row->group = "example.com", row->version = "v1beta1", row->plural = "foos", row->kind = "Foo", row->custom = true;
  CHECK(catalog.add(row));
  auto newer = std::make_shared<Resource>(*row);
  newer->version = "v1";
  CHECK(catalog.add(newer));
  CHECK(catalog.versions("example.com") == std::vector<std::string>{"v1", "v1beta1"});
  CHECK(catalog.groups().back() == "example.com");
  CHECK(catalog.find_any_version("example.com", "foos")->version == "v1");
  catalog.remove(row->gvr());
  CHECK(catalog.find(row->gvr()) == nullptr);
  CHECK(catalog.revision() == 3);
  auto pod = std::make_shared<Resource>();
  pod->group = "", pod->version = "v1", pod->plural = "pods", pod->kind = "Pod";
  CHECK(!catalog.add(pod));
}

TEST_CASE("Status: errors travel to JSON and back") {
  Error error(Reason::kNotFound, "pods \"x\" not found");
  auto details = std::make_shared<ErrorDetails>();
  details->name = "x";
  details->kind = "pods";
  error.details = details;
  Json status = status_json(error);
  CHECK(json::dump(status) == R"({"apiVersion":"v1","code":404,"details":{"kind":"pods","name":"x"},"kind":"Status",)"
                              R"("message":"pods \"x\" not found","metadata":{},"reason":"NotFound","status":"Failure"})");
  Error back = error_from_status(status, 404);
  CHECK(back.reason == Reason::kNotFound);
  CHECK(back.message == error.message);
  CHECK(back.details->name == "x");
  CHECK(error_from_status(Json(), 503).reason == Reason::kServiceUnavailable);
}
