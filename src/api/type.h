// Type and Field: what is known about a JSON object of the API: its fields with kind, protobuf number, merge keys.
//
// Built-in types are constant data generated from embedded/api; there is no parsing at start and no heap. All
// pointers and views in here point to other constant data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace skerry::api {

struct Type;

// What one value is. kStruct has a Type.
enum class ValueKind : uint8_t {
  kStruct,
  kString,
  kInt32,
  kInt64,
  kBool,
  kDouble,
  kBytes,        // base64 in JSON
  kQuantity,
  kIntOrString,
  kTime,         // RFC 3339, seconds
  kMicroTime,    // RFC 3339, microseconds
  kDuration,     // "1h2m0s"
  kRaw,          // runtime.RawExtension: any object
  kFields,       // FieldsV1: any object
  kAny,          // any JSON
};

// How many of them a field holds.
enum class Shape : uint8_t { kOne, kList, kMap, kMapOfLists };

enum class ListType : uint8_t { kNone, kAtomic, kSet, kMap };

// Patch strategies of strategic merge; bits.
enum PatchStrategy : uint8_t { kPatchReplace = 0, kPatchMerge = 1, kPatchRetainKeys = 2 };

// The rarer facts about a field, shared by the fields that agree in them.
struct FieldExtra {
  std::string_view merge_key;                     // strategic merge of a list of structs
  std::span<const std::string_view> list_keys;    // x-kubernetes-list-map-keys
  std::span<const std::string_view> enum_values;  // closed enumerations only
  std::string_view default_json;                  // "" or encoded JSON
};

struct Field {
  std::string_view name;   // JSON name; empty for inlined structs
  const Type* type;        // of kStruct, else null
  const FieldExtra* extra;  // never null
  uint16_t number;         // protobuf field number; 0: not in protobuf
  ValueKind kind;
  Shape shape;
  ListType list_type;
  uint8_t patch;           // PatchStrategy bits
  bool inlined : 1;        // its fields stand in the parent's JSON object (in protobuf it is a message of its own)
  bool pointer : 1;        // absent differs from zero
  bool always : 1;         // written even if zero (no omitempty)
  bool optional : 1;
  bool required : 1;
  bool atomic_map : 1;     // x-kubernetes-map-type: atomic
};

struct Type {
  std::string_view name;  // "core/v1.Pod"
  std::span<const Field> fields;  // built-in types: by protobuf number
  bool atomic;            // x-kubernetes-map-type: atomic

  // The field with that JSON name, also from inlined structs; null if there is none.
  const Field* find(std::string_view json_name) const;
  // "Pod".
  std::string_view short_name() const { return name.substr(name.rfind('.') + 1); }
  // "io.k8s.api.core.v1.Pod".
  std::string openapi_name() const;
};

// A built-in type by name ("core/v1.PodSpec"), or null.
const Type* find_type(std::string_view name);
std::span<const Type> all_types();

}  // namespace skerry::api
