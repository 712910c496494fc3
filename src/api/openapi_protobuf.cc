// OpenAPI version 2 in gnostic's protobuf form, made from the JSON form. Field numbers are those of its
// OpenAPIv2.proto.
#include "api/openapi.h"
#include "api/openapi_parts.h"
#include "api/wire.h"

namespace skerry::api {
namespace {

using wire::put_bytes;

std::string_view text(const Json& object, std::string_view key) {
  const Json& value = json::find(object, key);
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

void put_text(std::string& out, uint32_t number, std::string_view value) {
  if (!value.empty()) put_bytes(out, number, value);
}

// Any {yaml = 2}: JSON is YAML.
std::string any(const Json& value) {
  std::string out;
  put_bytes(out, 2, json::dump(value));
  return out;
}

std::string named(std::string_view name, std::string_view value) {
  std::string out;
  put_bytes(out, 1, name);
  put_bytes(out, 2, value);
  return out;
}

void put_extensions(std::string& out, uint32_t number, const Json& object) {
  for (const auto& [key, value] : object.items())
    if (key.starts_with("x-")) put_bytes(out, number, named(key, any(value)));
}

std::string schema(const Json& s) {
  std::string out;
  put_text(out, 1, text(s, "$ref"));
  put_text(out, 2, text(s, "format"));
  put_text(out, 4, text(s, "description"));
  for (const auto& r : json::array_or_empty(json::find(s, "required")))
    if (r.is_string()) put_bytes(out, 19, r.get_ref<const std::string&>());
  if (const Json& extra = json::find(s, "additionalProperties"); extra.is_object()) {
    std::string item;
    put_bytes(item, 1, schema(extra));
    put_bytes(out, 21, item);
  }
  if (auto type = text(s, "type"); !type.empty()) {
    std::string item;
    put_bytes(item, 1, type);
    put_bytes(out, 22, item);
  }
  if (const Json& items = json::find(s, "items"); items.is_object()) {
    std::string item;
    put_bytes(item, 1, schema(items));
    put_bytes(out, 23, item);
  }
  if (const Json& properties = json::find(s, "properties"); properties.is_object()) {
    std::string list;
    for (const auto& [name, property] : properties.items()) put_bytes(list, 1, named(name, schema(property)));
    put_bytes(out, 25, list);
  }
  put_extensions(out, 31, s);
  return out;
}

// ParametersItem around a Parameter around what the parameter is.
std::string parameter(const Json& p) {
  std::string inner, choice, outer, item;
  std::string_view in = text(p, "in");
  if (in == "body") {
    put_text(inner, 2, text(p, "name"));
    put_text(inner, 3, in);
    if (json::boolean(p, "required")) wire::put_int(inner, 4, 1);
    put_bytes(inner, 5, schema(json::find(p, "schema")));
    put_bytes(outer, 1, inner);
  } else {
    bool path = in == "path";
    if (json::boolean(p, "required")) wire::put_int(inner, 1, 1);
    put_text(inner, 2, in);
    put_text(inner, 4, text(p, "name"));
    put_text(inner, path ? 5 : 6, text(p, "type"));
    if (json::boolean(p, "uniqueItems")) wire::put_int(inner, path ? 19 : 20, 1);
    put_bytes(choice, path ? 4 : 3, inner);
    put_bytes(outer, 2, choice);
  }
  put_bytes(item, 1, outer);
  return item;
}

std::string operation(const Json& op) {
  std::string out, responses;
  for (const auto& p : json::array_or_empty(json::find(op, "parameters"))) put_bytes(out, 8, parameter(p));
  for (const auto& [code, response] : json::object_or_empty(json::find(op, "responses")).items()) {
    std::string r, item, value;
    put_text(r, 1, text(response, "description"));
    if (const Json& s = json::find(response, "schema"); s.is_object()) {
      put_bytes(item, 1, schema(s));
      put_bytes(r, 2, item);
    }
    put_bytes(value, 1, r);
    put_bytes(responses, 1, named(code, value));
  }
  put_bytes(out, 9, responses);
  put_extensions(out, 13, op);
  return out;
}

std::string path_item(const Json& item) {
  std::string out;
  const std::pair<const char*, uint32_t> kMethods[] = {{"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
  for (auto [method, number] : kMethods)
    if (const Json& op = json::find(item, method); op.is_object()) put_bytes(out, number, operation(op));
  for (const auto& p : json::array_or_empty(json::find(item, "parameters"))) put_bytes(out, 9, parameter(p));
  return out;
}

}  // namespace

std::string openapi_v2_protobuf(const Catalog& catalog) {
  std::string info, paths, definitions, out;
  walk_v2(
      catalog, [&](const std::string& path, const Json& item) { put_bytes(paths, 2, named(path, path_item(item))); },
      [&](const std::string& name, const Json& s) { put_bytes(definitions, 1, named(name, schema(s))); });
  put_bytes(info, 1, text(openapi_info(), "title"));
  put_bytes(info, 2, text(openapi_info(), "version"));
  put_bytes(out, 1, "2.0");
  put_bytes(out, 2, info);
  put_bytes(out, 8, paths);
  put_bytes(out, 9, definitions);
  return out;
}

}  // namespace skerry::api
