#include "kubectl/change/apply_server_side.h"

#include "doctest/doctest.h"

namespace skerry::kubectl {

namespace {

Json entry(std::string manager, std::string operation, Json fields, std::string version = "v1") {
  return {{"manager", manager}, {"operation", operation}, {"apiVersion", version}, {"fieldsType", "FieldsV1"}, {"fieldsV1", fields}};
}

const Json kAnnotation = {{"f:annotations", {{"f:kubectl.kubernetes.io/last-applied-configuration", Json::object()}}}};

}  // namespace

TEST_CASE("apply --server-side: what a client-side apply owned becomes part of the Apply entry") {
  Json client = {{"f:metadata", kAnnotation}, {"f:data", {{"f:a", Json::object()}, {"f:b", Json::object()}}}};
  Json server = {{"f:data", {{"f:a", Json::object()}, {"f:c", Json::object()}}}};
  Json object = {{"metadata", {{"managedFields", {entry("kubectl", "Apply", server), entry("kubectl-client-side-apply", "Update", client),
                                                  entry("controller", "Update", {{"f:status", Json::object()}})}}}}};
  Json fields = migrated_managed_fields(object, "kubectl");
  REQUIRE(fields.size() == 2);
  CHECK(fields[0]["manager"] == "kubectl");
  CHECK(fields[0]["fieldsV1"]["f:data"].size() == 3);
  CHECK(fields[0]["fieldsV1"]["f:metadata"] == kAnnotation);
  CHECK(fields[1]["manager"] == "controller");
}

TEST_CASE("apply --server-side: nothing migrates where nobody applied client-side, or all of it did already") {
  CHECK(migrated_managed_fields(Json::object(), "kubectl").is_null());
  Json object = {{"metadata", {{"managedFields", {entry("kubectl-last-applied", "Apply", {{"f:metadata", kAnnotation}}),
                                                  entry("kubectl-edit", "Update", {{"f:data", Json::object()}})}}}}};
  CHECK(migrated_managed_fields(object, "kubectl").is_null());
}

TEST_CASE("apply --server-side: without an Apply entry the client-side one becomes it; fields of another version are given up") {
  Json client = {{"f:metadata", kAnnotation}};
  Json object = {{"metadata", {{"managedFields", {entry("kubectl-client-side-apply", "Update", client),
                                                  entry("kubectl-client-side-apply", "Update", {{"f:old", Json::object()}}, "v1beta1")}}}}};
  Json fields = migrated_managed_fields(object, "me");
  REQUIRE(fields.size() == 1);
  CHECK(fields[0]["manager"] == "me");
  CHECK(fields[0]["operation"] == "Apply");
  CHECK(fields[0]["fieldsV1"] == client);
}

}  // namespace skerry::kubectl
