#include "client/client.h"

namespace skerry::client {
namespace {

using api::Request;
using api::Verb;

Request make_request(Verb verb, const api::Gvr& gvr, std::string_view ns, std::string_view name = "") {
  Request r;
  r.verb = verb;
  r.gvr = gvr;
  r.ns = ns;
  r.name = name;
  return r;
}

Result<api::ObjectPtr> object_of(Result<api::Response> response) {
  if (!response) return std::move(response).error();
  if (!response->object) return internal_error("the server answered without an object");
  return std::move(response->object);
}

Status nothing_of(Result<api::Response> response) {
  if (!response) return std::move(response).error();
  return {};
}

}  // namespace

Result<api::ObjectPtr> Client::get(const api::Gvr& gvr, std::string_view ns, std::string_view name) {
  return object_of(send(make_request(Verb::kGet, gvr, ns, name)));
}

Result<api::List> Client::list(const api::Gvr& gvr, std::string_view ns, api::Options options) {
  Request r = make_request(Verb::kList, gvr, ns);
  r.options = std::move(options);
  api::Response response = TRY(send(std::move(r)));
  if (!response.list) return internal_error("the server answered a list request without a list");
  return *response.list;
}

Result<api::ObjectPtr> Client::create(const api::Gvr& gvr, std::string_view ns, Json object) {
  Request r = make_request(Verb::kCreate, gvr, ns);
  r.body = std::move(object);
  return object_of(send(std::move(r)));
}

Result<api::ObjectPtr> Client::create_sub(const api::Gvr& gvr, std::string_view ns, std::string_view name,
                                          std::string_view subresource, Json object) {
  Request r = make_request(Verb::kCreate, gvr, ns, name);
  r.subresource = subresource;
  r.body = std::move(object);
  return object_of(send(std::move(r)));
}

Result<api::ObjectPtr> Client::update(const api::Gvr& gvr, std::string_view ns, Json object,
                                      std::string_view subresource) {
  Request r = make_request(Verb::kUpdate, gvr, ns, json::str(object, {"metadata", "name"}));
  r.subresource = subresource;
  r.body = std::move(object);
  return object_of(send(std::move(r)));
}

Result<api::ObjectPtr> Client::update_status(const api::Gvr& gvr, std::string_view ns, Json object) {
  return update(gvr, ns, std::move(object), "status");
}

Result<api::ObjectPtr> Client::patch(const api::Gvr& gvr, std::string_view ns, std::string_view name,
                                     api::PatchType type, Json patch, std::string_view subresource) {
  Request r = make_request(Verb::kPatch, gvr, ns, name);
  r.subresource = subresource;
  r.patch_type = type;
  r.body = std::move(patch);
  return object_of(send(std::move(r)));
}

Status Client::remove(const api::Gvr& gvr, std::string_view ns, std::string_view name, api::Options options) {
  Request r = make_request(Verb::kDelete, gvr, ns, name);
  r.options = std::move(options);
  return nothing_of(send(std::move(r)));
}

Status Client::remove_collection(const api::Gvr& gvr, std::string_view ns, api::Options options) {
  Request r = make_request(Verb::kDeleteCollection, gvr, ns);
  r.options = std::move(options);
  return nothing_of(send(std::move(r)));
}

}  // namespace skerry::client
