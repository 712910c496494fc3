#include <cmath>

#include "api/protobuf.h"
#include "api/quantity.h"
#include "api/wire.h"
#include "base/clock.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

constexpr int kMaxDepth = 100;

Error bad(std::string why) { return {Reason::kBadRequest, "protobuf: " + std::move(why)}; }

// Go's text for a duration.
std::string duration_text(int64_t nanos) {
  if (nanos == 0) return "0s";
  std::string text = nanos < 0 ? "-" : "";
  auto n = static_cast<uint64_t>(nanos < 0 ? -(nanos + 1) : nanos) + (nanos < 0 ? 1 : 0);
  auto with_fraction = [](uint64_t value, uint64_t unit) {
    std::string t = std::to_string(value / unit);
    if (uint64_t rest = value % unit; rest != 0) {
      std::string f = std::to_string(unit + rest).substr(1);
      while (f.back() == '0') f.pop_back();
      t += "." + f;
    }
    return t;
  };
  if (n < 1000) return text + std::to_string(n) + "ns";
  if (n < 1000000) return text + with_fraction(n, 1000) + "\u00b5s";
  if (n < 1000000000) return text + with_fraction(n, 1000000) + "ms";
  uint64_t s = n / 1000000000;
  if (s >= 3600) text += std::to_string(s / 3600) + "h";
  if (s >= 60) text += std::to_string(s / 60 % 60) + "m";
  return text + with_fraction(n - s / 60 * 60 * 1000000000, 1000000000) + "s";
}

struct Number {
  int64_t first = 0, second = 0;
  std::string_view text;
  bool has_first = false;
  bool ok = true;
};

// Small messages: field 1 and 2 as numbers, the last byte string.
Number read_small(std::string_view bytes) {
  Number n;
  wire::Reader r(bytes);
  while (r.next()) {
    if (r.type == wire::kVarint && r.number == 1) n.first = static_cast<int64_t>(r.value), n.has_first = true;
    else if (r.type == wire::kVarint && r.number == 2) n.second = static_cast<int64_t>(r.value);
    else if (r.type == wire::kBytes) n.text = r.bytes;
  }
  n.ok = r.ok();
  return n;
}

Result<Json> decode_type(const Type& type, std::string_view bytes, int depth);

Result<Json> decode_raw(std::string_view bytes, int depth) {
  Number n = read_small(bytes);
  if (!n.ok) return bad("malformed embedded object");
  if (n.text.empty()) return Json();
  if (n.text.starts_with("k8s")) return depth > 0 ? bad("an embedded object in an embedded object") : from_protobuf(n.text);
  return json::parse_json(n.text);
}

Result<Json> decode_any(std::string_view field, std::string_view bytes, int depth) {
  const Type* schema = find_type("apiextensions/v1.JSONSchemaProps");
  wire::Reader r(bytes);
  if (field == "additionalProperties" || field == "additionalItems") {
    Json value = false;
    while (r.next()) {
      if (r.number == 1 && r.type == wire::kVarint && !value.is_object()) value = r.value != 0;
      if (r.number == 2 && r.type == wire::kBytes) value = TRY(decode_type(*schema, r.bytes, depth + 1));
    }
    return r.ok() ? Result<Json>(std::move(value)) : bad("malformed schema");
  }
  if (field == "items" || field == "dependencies") {
    Json value;
    while (r.next()) {
      if (r.type != wire::kBytes) continue;
      if (r.number == 1) value = TRY(decode_type(*schema, r.bytes, depth + 1));
      else if (r.number == 2 && !value.is_object())
        value.push_back(field == "items" ? TRY(decode_type(*schema, r.bytes, depth + 1)) : Json(r.bytes));
    }
    return r.ok() ? Result<Json>(std::move(value)) : bad("malformed schema");
  }
  return decode_raw(bytes, depth);
}

Result<Json> time_value(std::string_view bytes, int digits) {
  Number n = read_small(bytes);
  if (!n.ok) return bad("malformed time");
  if (!n.has_first && n.second == 0) return Json();
  if (n.first < -62135596800 || n.first > 253402300799) return bad("a time is out of range");
  if (n.second < 0 || n.second > 999'999'999) return bad("a time is out of range");
  return Json(format_rfc3339(CivilTime{n.first, static_cast<int32_t>(n.second)}, digits));
}

Result<Json> value_of(const Field& field, const wire::Reader& r, int depth) {
  bool numeric = field.kind == ValueKind::kInt32 || field.kind == ValueKind::kInt64 || field.kind == ValueKind::kBool;
  wire::Type want = numeric ? wire::kVarint : field.kind == ValueKind::kDouble ? wire::kFixed64 : wire::kBytes;
  if (r.type != want) return bad("field " + std::string(field.name) + " has the wrong wire type");
  switch (field.kind) {
    case ValueKind::kStruct: return decode_type(*field.type, r.bytes, depth + 1);
    case ValueKind::kString: return Json(r.bytes);
    case ValueKind::kInt32: return Json(static_cast<int64_t>(static_cast<int32_t>(r.value)));
    case ValueKind::kInt64: return Json(static_cast<int64_t>(r.value));
    case ValueKind::kBool: return Json(r.value != 0);
    case ValueKind::kDouble: {
      double d = 0;
      std::memcpy(&d, r.bytes.data(), 8);
      if (std::isfinite(d) && d == std::floor(d) && std::abs(d) < 9e15) return Json(static_cast<int64_t>(d));
      return Json(d);
    }
    case ValueKind::kBytes: return Json(base64_encode(r.bytes));
    case ValueKind::kQuantity: {
      Number n = read_small(r.bytes);
      if (!n.ok) return bad("malformed quantity");
      return Json(n.text.empty() ? std::string_view("0") : n.text);
    }
    case ValueKind::kIntOrString: {
      Number n = read_small(r.bytes);
      if (!n.ok) return bad("malformed IntOrString");
      return n.first == 1 ? Json(n.text) : Json(static_cast<int64_t>(static_cast<int32_t>(n.second)));
    }
    case ValueKind::kTime: return time_value(r.bytes, 0);
    case ValueKind::kMicroTime: return time_value(r.bytes, 6);
    case ValueKind::kDuration: {
      Number n = read_small(r.bytes);
      if (!n.ok) return bad("malformed duration");
      return Json(duration_text(n.first));
    }
    case ValueKind::kRaw:
    case ValueKind::kFields: return decode_raw(r.bytes, depth);
    case ValueKind::kAny: return decode_any(field.name, r.bytes, depth);
  }
  return Json();
}

// Numbers in one run instead of one tag each.
Status unpack(const Field& field, std::string_view bytes, Json& list) {
  while (!bytes.empty()) {
    wire::Reader one("");
    one.type = wire::kVarint;
    if (!wire::Reader::read_varint(bytes, one.value)) return bad("malformed packed list");
    list.push_back(TRY(value_of(field, one, 0)));
  }
  return {};
}

// Go's zero value of what it cannot tell from absence.
bool is_zero(const Field& field, const Json& value) {
  if (value.is_null()) return true;
  if (field.always || field.pointer) return false;
  if (value.is_string()) return (field.kind == ValueKind::kString || field.kind == ValueKind::kBytes) && value.get_ref<const std::string&>().empty();
  if (field.kind == ValueKind::kIntOrString) return false;
  return value == false || (value.is_number() && value == 0);
}

Result<Json> decode_entry(const Field& field, std::string_view bytes, std::string& key, int depth) {
  wire::Reader r(bytes);
  Json value = field.shape == Shape::kMapOfLists ? Json::array() : field.kind == ValueKind::kStruct ? Json::object() : Json("");
  while (r.next()) {
    if (r.number == 1 && r.type == wire::kBytes) key = r.bytes;
    else if (r.number == 2 && field.shape == Shape::kMap) value = TRY(value_of(field, r, depth));
    else if (r.number == 2 && r.type == wire::kBytes) {
      wire::Reader items(r.bytes);
      while (items.next())
        if (items.number == 1) value.push_back(TRY(value_of(field, items, depth)));
      if (!items.ok()) return bad("malformed list");
    }
  }
  if (!r.ok()) return bad("malformed map entry");
  return value;
}

Status decode_field(const Type& type, const Field& field, const wire::Reader& r, Json& object, int depth) {
  std::string name(field.name);
  switch (field.shape) {
    case Shape::kOne: {
      if (field.inlined) {
        if (r.type != wire::kBytes) return bad("an inlined message has the wrong wire type");
        object.update(TRY(decode_type(*field.type, r.bytes, depth + 1)));
        return {};
      }
      Json value = TRY(value_of(field, r, depth));
      if (!is_zero(field, value)) object[name] = std::move(value);
      return {};
    }
    case Shape::kList: {
      Json& list = object[name];
      if (type.name == "meta/v1.APIResource" && field.name == "verbs" && r.type == wire::kBytes) {
        wire::Reader items(r.bytes);
        while (items.next())
          if (items.number == 1) list.push_back(TRY(value_of(field, items, depth)));
        return items.ok() ? Status() : bad("malformed list");
      }
      bool number = field.kind == ValueKind::kInt32 || field.kind == ValueKind::kInt64 || field.kind == ValueKind::kBool;
      if (number && r.type == wire::kBytes) return unpack(field, r.bytes, list);
      list.push_back(TRY(value_of(field, r, depth)));
      return {};
    }
    case Shape::kMap:
    case Shape::kMapOfLists: {
      if (r.type != wire::kBytes) return bad("field " + name + " has the wrong wire type");
      std::string key;
      Json value = TRY(decode_entry(field, r.bytes, key, depth));
      object[name][key] = std::move(value);
      return {};
    }
  }
  return {};
}

Result<Json> decode_type(const Type& type, std::string_view bytes, int depth) {
  if (depth > kMaxDepth) return bad("the message is nested too deeply");
  Json object = Json::object();
  wire::Reader r(bytes);
  while (r.next())
    for (const Field& field : type.fields)
      if (field.number == r.number && field.number != 0) {
        TRY(decode_field(type, field, r, object, depth));
        break;
      }
  if (!r.ok()) return bad("malformed " + std::string(type.short_name()));
  return object;
}

}  // namespace

Result<Json> decode_message(const Type& type, std::string_view bytes) { return decode_type(type, bytes, 0); }

}  // namespace skerry::api
