#include "api/object.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::api {
namespace {

OwnerReference parse_owner(const Json& j) {
  return {json::str(j, "apiVersion"), json::str(j, "kind"), json::str(j, "name"), json::str(j, "uid"),
          json::boolean(j, "controller"), json::boolean(j, "blockOwnerDeletion")};
}

}  // namespace

const std::string* find_label(const Labels& labels, std::string_view key) {
  auto it = std::lower_bound(labels.begin(), labels.end(), key, [](const auto& l, std::string_view k) { return l.first < k; });
  return it != labels.end() && it->first == key ? &it->second : nullptr;
}

const OwnerReference* Meta::controller() const {
  for (const auto& owner : owners)
    if (owner.controller) return &owner;
  return nullptr;
}

Meta parse_meta(const Json& object) {
  Meta meta;
  const Json& m = json::find(object, "metadata");
  meta.name = json::str(m, "name");
  meta.ns = json::str(m, "namespace");
  meta.uid = json::str(m, "uid");
  meta.revision = parse_int(json::str(m, "resourceVersion")).value_or(0);
  meta.generation = json::integer(m, "generation");
  for (const auto& [key, value] : json::object_or_empty(json::find(m, "labels")).items())
    if (value.is_string()) meta.labels.emplace_back(key, value.get<std::string>());  // items() is sorted by key
  for (const auto& owner : json::array_or_empty(json::find(m, "ownerReferences"))) meta.owners.push_back(parse_owner(owner));
  const Json& deletion = json::find(m, "deletionTimestamp");
  meta.deleting = deletion.is_string() && !deletion.get_ref<const std::string&>().empty();
  meta.has_finalizers = !json::array_or_empty(json::find(m, "finalizers")).empty();
  return meta;
}

ObjectPtr Object::from_json(const Json& value) {
  return std::make_shared<const Object>(parse_meta(value), make_bytes(json::dump(value)));
}

Result<ObjectPtr> Object::from_bytes(Bytes bytes) {
  Json value = TRY(json::parse_json(*bytes));
  if (!value.is_object()) return Error(Reason::kBadRequest, "an API object must be a JSON object");
  return ObjectPtr(std::make_shared<const Object>(parse_meta(value), std::move(bytes)));
}

Json Object::json() const {
  auto value = json::parse_json(*bytes_);
  return value ? std::move(value).value() : Json::object();
}

std::string Object::key() const { return make_key(meta_.ns, meta_.name); }

std::pair<std::string, std::string> split_key(std::string_view key) {
  size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {"", std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

std::string make_key(std::string_view ns, std::string_view name) {
  if (ns.empty()) return std::string(name);
  std::string key;
  key.reserve(ns.size() + 1 + name.size());
  return key.append(ns).append("/").append(name);
}

}  // namespace skerry::api
