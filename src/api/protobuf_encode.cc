#include "api/protobuf.h"
#include "api/quantity.h"
#include "api/wire.h"
#include "base/clock.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

const Json kNull;

std::string_view text(const Json& value) {
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

int64_t number(const Json& value) { return value.is_number() ? value.get<int64_t>() : value.is_boolean() && value.get<bool>() ? 1 : 0; }

std::string timestamp(const Json& value, bool micro) {
  auto time = value.is_string() ? parse_rfc3339_civil(text(value)) : std::nullopt;
  std::string out;
  if (!time) return out;  // the zero time is an empty message
  wire::put_int(out, 1, time->unix_seconds);
  wire::put_int(out, 2, micro ? time->nanos / 1000 * 1000 : 0);
  return out;
}

// Go's "1h2m3.5s" in nanoseconds.
int64_t duration_nanos(std::string_view value) {
  double total = 0;
  bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  while (!value.empty()) {
    size_t digits = value.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos) break;
    double amount = std::strtod(std::string(value.substr(0, digits)).c_str(), nullptr);
    value.remove_prefix(digits);
    size_t unit_size = std::min(value.find_first_of("0123456789."), value.size());
    std::string_view unit = value.substr(0, unit_size);
    total += amount * (unit == "h" ? 3.6e12 : unit == "m" ? 6e10 : unit == "s" ? 1e9 : unit == "ms" ? 1e6 : unit == "ns" ? 1 : 1e3);
    value.remove_prefix(unit_size);
  }
  return static_cast<int64_t>(negative ? -total : total);
}

std::string raw_message(const Json& value) {
  std::string out;
  if (!value.is_null()) wire::put_bytes(out, 1, json::dump(value));
  return out;
}

// The four shapes "any JSON" takes in a CustomResourceDefinition's schema.
std::string any_message(std::string_view field, const Json& value) {
  const Type* schema = find_type("apiextensions/v1.JSONSchemaProps");
  std::string out;
  if (field == "additionalProperties" || field == "additionalItems") {
    wire::put_int(out, 1, value.is_object() ? 1 : number(value));
    if (value.is_object()) wire::put_bytes(out, 2, encode_message(*schema, value));
  } else if (field == "items" || field == "dependencies") {
    if (value.is_object()) wire::put_bytes(out, 1, encode_message(*schema, value));
    for (const auto& v : json::array_or_empty(value)) wire::put_bytes(out, 2, field == "items" ? encode_message(*schema, v) : std::string(text(v)));
  } else {
    return raw_message(value);
  }
  return out;
}

// The bytes of a value whose wire type is kBytes.
std::string payload(const Field& field, const Json& value) {
  switch (field.kind) {
    case ValueKind::kStruct: return encode_message(*field.type, value);
    case ValueKind::kString: return std::string(text(value));
    case ValueKind::kBytes: return base64_decode(text(value)).value_or("");
    case ValueKind::kQuantity: {
      std::string out;
      wire::put_bytes(out, 1, value.is_string() ? std::string(text(value)) : Quantity::from_json(value).to_string());
      return out;
    }
    case ValueKind::kIntOrString: {
      std::string out;
      wire::put_int(out, 1, value.is_string() ? 1 : 0);
      wire::put_int(out, 2, number(value));
      wire::put_bytes(out, 3, text(value));
      return out;
    }
    case ValueKind::kTime: return timestamp(value, false);
    case ValueKind::kMicroTime: return timestamp(value, true);
    case ValueKind::kDuration: {
      std::string out;
      wire::put_int(out, 1, duration_nanos(text(value)));
      return out;
    }
    case ValueKind::kRaw:
    case ValueKind::kFields: return raw_message(value);
    case ValueKind::kAny: return any_message(field.name, value);
    default: return "";
  }
}

void put_value(std::string& out, const Field& field, uint32_t number_in_message, const Json& value) {
  switch (field.kind) {
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kBool: wire::put_int(out, number_in_message, number(value)); break;
    case ValueKind::kDouble: wire::put_double(out, number_in_message, value.is_number() ? value.get<double>() : 0); break;
    default: wire::put_bytes(out, number_in_message, payload(field, value));
  }
}

// Lists that are a message of their own (metav1.Verbs).
bool is_list_message(const Type& type, const Field& field) { return type.name == "meta/v1.APIResource" && field.name == "verbs"; }

void put_field(std::string& out, const Type& type, const Field& field, const Json& value) {
  switch (field.shape) {
    case Shape::kOne:
      // Go cannot leave out what is no pointer; byte strings are left out if nil.
      if (value.is_null() && (field.pointer || field.kind == ValueKind::kBytes || field.kind == ValueKind::kAny)) return;
      put_value(out, field, field.number, value);
      return;
    case Shape::kList:
      if (is_list_message(type, field)) {
        std::string items;
        for (const auto& element : json::array_or_empty(value)) put_value(items, field, 1, element);
        wire::put_bytes(out, field.number, items);
        return;
      }
      for (const auto& element : json::array_or_empty(value)) put_value(out, field, field.number, element);
      return;
    case Shape::kMap:
    case Shape::kMapOfLists:
      for (const auto& [key, element] : json::object_or_empty(value).items()) {
        std::string entry, items;
        wire::put_bytes(entry, 1, key);
        if (field.shape == Shape::kMap) {
          put_value(entry, field, 2, element);
        } else {
          for (const auto& item : json::array_or_empty(element)) put_value(items, field, 1, item);
          wire::put_bytes(entry, 2, items);
        }
        wire::put_bytes(out, field.number, entry);
      }
      return;
  }
}

}  // namespace

std::string encode_message(const Type& type, const Json& object) {
  std::string out;
  for (const Field& field : type.fields) {  // in the order of their numbers
    if (field.number == 0) continue;
    if (field.inlined) {
      wire::put_bytes(out, field.number, encode_message(*field.type, object));
      continue;
    }
    put_field(out, type, field, json::find(object, field.name));
  }
  return out;
}

}  // namespace skerry::api
