// The envelope, and which type a kind has. The messages themselves: protobuf_encode.cc, protobuf_decode.cc.
#include "api/protobuf.h"

#include "api/builtin.h"
#include "api/catalog.h"
#include "api/wire.h"

namespace skerry::api {
namespace {

constexpr std::string_view kMagic("k8s\0", 4);

// The package a served group's types stand in, also for groups that are not served (admission.k8s.io, ...).
std::string package_of(std::string_view group, std::string_view version) {
  for (size_t i = 0; i < kGroupVersionCount; ++i)
    if (kGroupVersions[i].group == group && kGroupVersions[i].version == version) return std::string(kGroupVersions[i].package);
  if (group == "meta.k8s.io") return "meta";
  return std::string(group.substr(0, group.find('.')));
}

bool has_message(const Type& type) {
  for (const Field& field : type.fields)
    if (field.number != 0) return true;
  return type.fields.empty();
}

}  // namespace

const Type* type_of_kind(std::string_view api_version, std::string_view kind) {
  auto [group, version] = split_api_version(api_version);
  std::string name = package_of(group, version) + "/" + std::string(version) + "." + std::string(kind);
  if (const Type* type = find_type(name)) return type;
  // Kinds of meta/v1 are known in every group.
  return find_type("meta/v1." + std::string(kind));
}

Result<std::string> to_protobuf(const Json& object) {
  std::string api_version = json::str(object, "apiVersion"), kind = json::str(object, "kind");
  const Type* type = type_of_kind(api_version, kind);
  if (type == nullptr || !has_message(*type) || kind == "Table")
    return Error(Reason::kNotAcceptable, "object " + api_version + ", kind=" + kind + " has no protobuf encoding");
  std::string type_meta;
  wire::put_bytes(type_meta, 1, api_version);
  wire::put_bytes(type_meta, 2, kind);
  std::string raw = encode_message(*type, object), out(kMagic);
  out.reserve(raw.size() + 64);
  wire::put_bytes(out, 1, type_meta);
  wire::put_bytes(out, 2, raw);
  wire::put_bytes(out, 3, "");
  wire::put_bytes(out, 4, "");
  return out;
}

Result<Json> from_protobuf(std::string_view bytes) {
  auto bad = [](std::string why) { return Error(Reason::kBadRequest, "protobuf: " + std::move(why)); };
  if (!bytes.starts_with(kMagic)) return bad("the body lacks the \"k8s\" prefix");
  wire::Reader unknown(bytes.substr(kMagic.size()));
  std::string_view type_meta, raw, content_type;
  while (unknown.next()) {
    if (unknown.type != wire::kBytes) continue;
    if (unknown.number == 1) type_meta = unknown.bytes;
    else if (unknown.number == 2) raw = unknown.bytes;
    else if (unknown.number == 3 && !unknown.bytes.empty()) return bad("content encodings are not supported");
    else if (unknown.number == 4) content_type = unknown.bytes;
  }
  wire::Reader meta(type_meta);
  std::string api_version, kind;
  while (meta.next()) {
    if (meta.type != wire::kBytes) continue;
    if (meta.number == 1) api_version = meta.bytes;
    if (meta.number == 2) kind = meta.bytes;
  }
  if (!unknown.ok() || !meta.ok()) return bad("malformed envelope");
  if (content_type == "application/json") return json::parse_json(raw);
  const Type* type = type_of_kind(api_version, kind);
  if (type == nullptr) return bad("no kind \"" + kind + "\" is registered for version \"" + api_version + "\"");
  Json object = TRY(decode_message(*type, raw));
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  // JSON from here on: text that is not UTF-8 must not travel further.
  try {
    (void)object.dump();
  } catch (const Json::exception&) {
    return bad("a string is not valid UTF-8");
  }
  return object;
}

std::string watch_frame(std::string_view event_type, std::string_view object) {
  std::string raw, event;
  wire::put_bytes(raw, 1, object);
  wire::put_bytes(event, 1, event_type);
  wire::put_bytes(event, 2, raw);
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(event.size() >> shift);
  return frame += event;
}

}  // namespace skerry::api
