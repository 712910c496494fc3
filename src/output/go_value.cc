#include "output/go_value.h"

#include "output/go_format.h"

namespace skerry::output::go_template {

Value Value::nil() {
  Value out;
  out.kind_ = Kind::kNil;
  out.interface_ = true;
  return out;
}
Value Value::boolean(bool v) {
  Value out;
  out.kind_ = Kind::kBool;
  out.int_ = v;
  return out;
}
Value Value::integer(int64_t v) {
  Value out;
  out.kind_ = Kind::kInt;
  out.int_ = v;
  return out;
}
Value Value::real(double v) {
  Value out;
  out.kind_ = Kind::kFloat;
  out.real_ = v;
  return out;
}
Value Value::string(std::string v) {
  Value out;
  out.kind_ = Kind::kString;
  out.string_ = std::move(v);
  return out;
}

Value Value::of(const Json& json, bool typed) {
  Value out;
  if (json.is_null()) out = nil();
  else if (json.is_boolean()) out = boolean(json.get<bool>());
  else if (json.is_number_float() || (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX)) out = real(json.get<double>());
  else if (json.is_number()) out = integer(json.get<int64_t>());
  else if (json.is_string()) out = string(json.get<std::string>());
  else {
    out.kind_ = json.is_array() ? Kind::kArray : Kind::kMap;
    out.json_ = &json;
  }
  out.from_json_ = true;
  out.interface_ = !typed;
  return out;
}

Value Value::concrete() const {
  if (kind_ == Kind::kNil) return {};
  Value out = *this;
  out.interface_ = false;
  return out;
}

bool Value::truth() const {
  switch (kind_) {
    case Kind::kInvalid:
    case Kind::kNil: return false;
    case Kind::kBool:
    case Kind::kInt: return int_ != 0;
    case Kind::kFloat: return real_ != 0;
    case Kind::kString: return !string_.empty();
    default: return !json_->empty();
  }
}

std::string Value::inner_type_name() const {
  switch (kind_) {
    case Kind::kBool: return "bool";
    case Kind::kInt: return from_json_ ? "int64" : "int";
    case Kind::kFloat: return "float64";
    case Kind::kString: return "string";
    case Kind::kArray: return "[]interface {}";
    case Kind::kMap: return "map[string]interface {}";
    default: return "interface {}";
  }
}

std::string Value::type_name() const { return interface_ ? "interface {}" : inner_type_name(); }

Json Value::to_json() const {
  switch (kind_) {
    case Kind::kBool: return int_ != 0;
    case Kind::kInt: return int_;
    case Kind::kFloat: return real_;
    case Kind::kString: return string_;
    case Kind::kArray:
    case Kind::kMap: return *json_;
    default: return nullptr;
  }
}

std::string Value::text() const {
  if (kind_ == Kind::kInvalid) return "<no value>";
  if (kind_ == Kind::kInt) return std::to_string(int_);
  if (kind_ == Kind::kString) return string_;
  return go_text(json_ != nullptr ? *json_ : to_json());
}

}  // namespace skerry::output::go_template
