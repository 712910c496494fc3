#include "api/decode.h"

#include <cmath>

#include "api/quantity.h"
#include "base/clock.h"
#include "base/strings.h"

namespace skerry::api {
namespace {

// Where we are, as a chain on the stack; turned into text only for messages.
struct Place {
  const Place* parent = nullptr;
  std::string_view key;     // of an object, or empty
  size_t position = 0;      // in a list
  bool in_list = false;
  bool in_map = false;
};

// "spec.containers[0].name"; without positions and map keys, as Go's decoder names fields: "spec.containers.name".
std::string path_text(const Place* place, bool positions) {
  if (place == nullptr) return "";
  std::string text = path_text(place->parent, positions);
  if (place->in_list) return positions ? text + "[" + std::to_string(place->position) + "]" : text;
  if (place->in_map && !positions) return text;
  if (!text.empty()) text += ".";
  return text.append(place->key);
}

std::string_view json_kind(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "object";
    case Json::value_t::array: return "array";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    default: return "number";
  }
}

std::string go_scalar(const Field& field) {
  switch (field.kind) {
    case ValueKind::kStruct: {
      std::string_view name = field.type->name;
      return std::string(name.substr(name.find('/') + 1));
    }
    case ValueKind::kInt32: return "int32";
    case ValueKind::kInt64: return "int64";
    case ValueKind::kBool: return "bool";
    case ValueKind::kDouble: return "float64";
    case ValueKind::kBytes: return "[]uint8";
    case ValueKind::kQuantity: return "resource.Quantity";
    case ValueKind::kIntOrString: return "intstr.IntOrString";
    case ValueKind::kTime: return "v1.Time";
    case ValueKind::kMicroTime: return "v1.MicroTime";
    case ValueKind::kDuration: return "v1.Duration";
    default: return "string";
  }
}

std::string go_type(const Field& field) {
  switch (field.shape) {
    case Shape::kOne: return go_scalar(field);
    case Shape::kList: return "[]" + go_scalar(field);
    case Shape::kMap: return "map[string]" + go_scalar(field);
    case Shape::kMapOfLists: return "map[string][]" + go_scalar(field);
  }
  return "";
}

class Decoder {
 public:
  explicit Decoder(bool report_unknown) : report_unknown_(report_unknown) {}

  Status object(const Type& type, Json& value, const Place* place) {
    std::vector<std::string> drop;
    for (auto it = value.begin(); it != value.end(); ++it) {
      const std::string& key = it.key();
      Place here{place, key};
      const Type* owner = nullptr;
      const Field* field = find_with_owner(type, key, owner);
      if (field == nullptr) {
        if (report_unknown_ && unknown.size() < kMaxUnknown) unknown.push_back(path_text(&here, true));
        drop.push_back(key);
      } else if (it->is_null()) {
        drop.push_back(key);
      } else {
        TRY(shaped(*owner, *field, *it, &here));
        if (omitted(*field, *it)) drop.push_back(key);
      }
    }
    for (const auto& key : drop) value.erase(key);
    return {};
  }

  std::vector<std::string> unknown;

 private:
  static constexpr size_t kMaxUnknown = 1000;

  static const Field* find_with_owner(const Type& type, std::string_view key, const Type*& owner) {
    for (const Field& field : type.fields) {
      if (field.inlined) {
        if (const Field* inner = find_with_owner(*field.type, key, owner)) return inner;
      } else if (field.name == key) {
        owner = &type;
        return &field;
      }
    }
    return nullptr;
  }

  // Does Kubernetes' encoder leave that value out (omitempty)?
  static bool omitted(const Field& field, const Json& value) {
    if (field.always) return false;
    if (field.shape != Shape::kOne) return value.empty();
    if (field.pointer) return false;
    switch (field.kind) {
      case ValueKind::kString:
      case ValueKind::kBytes: return value.get_ref<const std::string&>().empty();
      case ValueKind::kBool: return !value.get<bool>();
      case ValueKind::kInt32:
      case ValueKind::kInt64:
      case ValueKind::kDouble: return value == 0;
      default: return false;
    }
  }

  Status shaped(const Type& owner, const Field& field, Json& value, const Place* place) {
    switch (field.shape) {
      case Shape::kOne: return one(owner, field, value, place);
      case Shape::kList: return list(owner, field, value, place);
      case Shape::kMap:
        if (!value.is_object()) return mismatch(owner, field, value, place, go_type(field));
        for (auto it = value.begin(); it != value.end(); ++it) {
          Place here{place, it.key(), 0, false, true};
          if (it->is_null()) *it = zero(field);
          TRY(one(owner, field, *it, &here));
        }
        return {};
      case Shape::kMapOfLists:
        if (!value.is_object()) return mismatch(owner, field, value, place, go_type(field));
        for (auto it = value.begin(); it != value.end(); ++it) {
          Place here{place, it.key(), 0, false, true};
          if (it->is_null()) *it = Json::array();
          TRY(list(owner, field, *it, &here));
        }
        return {};
    }
    return {};
  }

  Status list(const Type& owner, const Field& field, Json& value, const Place* place) {
    if (!value.is_array()) return mismatch(owner, field, value, place, "[]" + go_scalar(field));
    for (size_t i = 0; i < value.size(); ++i) {
      Place here{place, {}, i, true};
      if (value[i].is_null()) value[i] = zero(field);
      TRY(one(owner, field, value[i], &here));
    }
    return {};
  }

  static Json zero(const Field& field) {
    switch (field.kind) {
      case ValueKind::kStruct: return Json::object();
      case ValueKind::kInt32:
      case ValueKind::kInt64:
      case ValueKind::kDouble:
      case ValueKind::kIntOrString: return 0;
      case ValueKind::kBool: return false;
      case ValueKind::kQuantity: return "0";
      case ValueKind::kString:
      case ValueKind::kBytes: return "";
      default: return nullptr;
    }
  }

  Status one(const Type& owner, const Field& field, Json& value, const Place* place) {
    if (value.is_null()) return {};  // a zero time in a map or list
    switch (field.kind) {
      case ValueKind::kStruct:
        if (!value.is_object()) return mismatch(owner, field, value, place, go_scalar(field));
        return object(*field.type, value, place);
      case ValueKind::kString:
        if (!value.is_string()) return mismatch(owner, field, value, place, "string");
        return {};
      case ValueKind::kBool:
        if (!value.is_boolean()) return mismatch(owner, field, value, place, "bool");
        return {};
      case ValueKind::kInt32: return integer(owner, field, value, place, INT32_MIN, INT32_MAX);
      case ValueKind::kInt64: return integer(owner, field, value, place, INT64_MIN, INT64_MAX);
      case ValueKind::kDouble:
        if (!value.is_number()) return mismatch(owner, field, value, place, "float64");
        return {};
      case ValueKind::kBytes: return bytes(owner, field, value, place);
      case ValueKind::kQuantity: return quantity(value);
      case ValueKind::kIntOrString: return int_or_string(owner, field, value, place);
      case ValueKind::kTime: return time(value, 0, "2006-01-02T15:04:05Z07:00");
      case ValueKind::kMicroTime: return time(value, 6, "2006-01-02T15:04:05.000000Z07:00");
      case ValueKind::kDuration:
        if (!value.is_string()) return mismatch(owner, field, value, place, "string");
        return {};
      case ValueKind::kRaw:
      case ValueKind::kFields:
      case ValueKind::kAny: return {};
    }
    return {};
  }

  Status integer(const Type& owner, const Field& field, Json& value, const Place* place, int64_t min, int64_t max) {
    if (value.is_number_float()) {
      double d = value.get<double>();
      if (std::nearbyint(d) == d && std::abs(d) < 9e15) value = static_cast<int64_t>(d);
    }
    bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(max)
                                           : value.is_number_integer() && value.get<int64_t>() >= min && value.get<int64_t>() <= max;
    if (!fits) return mismatch(owner, field, value, place, go_scalar(field), value.is_number());
    return {};
  }

  Status bytes(const Type& owner, const Field& field, Json& value, const Place* place) {
    if (!value.is_string()) return mismatch(owner, field, value, place, "[]uint8");
    auto decoded = base64_decode(value.get_ref<const std::string&>());
    if (!decoded) return Error(Reason::kBadRequest, "illegal base64 data at input byte " + std::to_string(bad_base64_byte(value)));
    if (std::string canonical = base64_encode(*decoded); canonical != value.get_ref<const std::string&>()) value = canonical;
    return {};
  }

  static size_t bad_base64_byte(const Json& value) {
    const auto& text = value.get_ref<const std::string&>();
    size_t at = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n");
    return at != std::string::npos ? at : text.size();
  }

  Status quantity(Json& value) {
    auto parsed = value.is_string()   ? Quantity::parse(value.get_ref<const std::string&>())
                  : value.is_number() ? Quantity::parse(value.dump())
                                      : Quantity::parse("");
    if (!parsed) return parsed.error();
    value = parsed->to_string();
    return {};
  }

  Status int_or_string(const Type& owner, const Field& field, Json& value, const Place* place) {
    if (value.is_string()) return {};
    if (!value.is_number()) return mismatch(owner, field, value, place, "string");
    return integer(owner, field, value, place, INT32_MIN, INT32_MAX);
  }

  Status time(Json& value, int digits, std::string_view layout) {
    std::optional<CivilTime> parsed;
    if (value.is_string()) parsed = parse_rfc3339_civil(value.get_ref<const std::string&>());
    if (!parsed) {
      std::string text = value.is_string() ? value.get<std::string>() : json::dump(value);
      return Error(Reason::kBadRequest, "parsing time \"" + text + "\" as \"" + std::string(layout) + "\": cannot parse \"" + text + "\" as \"2006\"");
    }
    value = format_rfc3339(*parsed, digits);
    return {};
  }

  static Error mismatch(const Type& owner, const Field& field, const Json& value, const Place* place, std::string go,
                        bool show_value = false) {
    (void)field;
    std::string what(json_kind(value));
    if (show_value) what += " " + value.dump();
    return {Reason::kBadRequest, "json: cannot unmarshal " + what + " into Go struct field " + std::string(owner.short_name()) +
                                     "." + path_text(place, false) + " of type " + go};
  }

  bool report_unknown_;
};

Json always_zero(const Field& field) {
  if (field.shape != Shape::kOne) return nullptr;  // Go writes a nil list or map as null
  switch (field.kind) {
    case ValueKind::kString:
    case ValueKind::kBytes: return "";
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kDouble:
    case ValueKind::kIntOrString: return 0;
    case ValueKind::kBool: return false;
    case ValueKind::kQuantity: return "0";
    case ValueKind::kDuration: return "0s";
    case ValueKind::kStruct: return Json::object();
    default: return nullptr;
  }
}

void fill_fields(const Type& type, Json& object) {
  for (const Field& field : type.fields) {
    if (field.inlined) {
      fill_fields(*field.type, object);
      continue;
    }
    bool is_struct = field.kind == ValueKind::kStruct;
    bool value_type = field.shape == Shape::kOne && (is_struct || field.kind == ValueKind::kQuantity);
    auto it = object.find(field.name);
    if (it == object.end()) {
      // Go's omitempty never leaves a struct out.
      if (field.pointer || !(field.always || value_type)) continue;
      Json zero = always_zero(field);
      if (zero.is_null() && field.shape == Shape::kOne) continue;
      it = object.emplace(std::string(field.name), std::move(zero)).first;
    }
    if (!is_struct) continue;
    if (field.shape == Shape::kOne) {
      if (it->is_object()) fill_fields(*field.type, *it);
    } else if (it->is_structured() && field.shape != Shape::kMapOfLists) {
      for (auto& element : *it)
        if (element.is_object()) fill_fields(*field.type, element);
    }
  }
}

Error cannot_handle(std::string_view version, std::string_view kind, std::string_view why) {
  return {Reason::kBadRequest, std::string(kind) + " in version \"" + std::string(version) + "\" cannot be handled as a " +
                                   std::string(kind) + ": " + std::string(why)};
}

}  // namespace

Result<FieldValidation> parse_field_validation(std::string_view text) {
  if (text.empty() || text == "Warn") return FieldValidation::kWarn;
  if (text == "Ignore") return FieldValidation::kIgnore;
  if (text == "Strict") return FieldValidation::kStrict;
  return Error(Reason::kBadRequest, "fieldValidation: Unsupported value: \"" + std::string(text) +
                                        "\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
}

Status decode(const Type* type, std::string_view version, std::string_view kind, Json& object, FieldValidation validation,
              std::vector<std::string>& warnings) {
  if (!object.is_object())
    return cannot_handle(version, kind, "json: cannot unmarshal " + std::string(json_kind(object)) +
                                            " into Go value of type " + std::string(version) + "." + std::string(kind));
  std::vector<std::string> problems;
  if (type != nullptr) {
    Decoder decoder(validation != FieldValidation::kIgnore);
    if (Status s = decoder.object(*type, object, nullptr); !s) return cannot_handle(version, kind, s.error().message);
    for (const auto& path : decoder.unknown) problems.push_back("unknown field \"" + path + "\"");
    fill_always(*type, object);
  }
  if (validation == FieldValidation::kIgnore) {
    warnings.clear();
  } else if (validation == FieldValidation::kWarn) {
    warnings.insert(warnings.end(), problems.begin(), problems.end());
  } else {
    problems.insert(problems.begin(), warnings.begin(), warnings.end());
    if (!problems.empty()) return cannot_handle(version, kind, "strict decoding error: " + join(problems, ", "));
  }
  return {};
}

Status decode(const Resource& resource, Json& object, FieldValidation validation, std::vector<std::string>& warnings) {
  if (object.is_object()) {
    std::string api_version = json::str(object, "apiVersion"), kind = json::str(object, "kind");
    if (!api_version.empty() && api_version != resource.api_version())
      return Error(Reason::kBadRequest, "the API version in the data (" + api_version +
                                            ") does not match the expected API version (" + resource.api_version() + ")");
    if (!kind.empty() && kind != resource.kind)
      return Error(Reason::kBadRequest, kind + " in version \"" + std::string(resource.version) +
                                            "\" cannot be handled as a " + std::string(resource.kind));
    object["apiVersion"] = resource.api_version();
    object["kind"] = resource.kind;
  }
  return decode(resource.type, resource.version, resource.kind, object, validation, warnings);
}

void fill_always(const Type& type, Json& object) { fill_fields(type, object); }

}  // namespace skerry::api
