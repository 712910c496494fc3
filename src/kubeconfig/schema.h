// Schema: the known fields of a kubeconfig file: their types and kubectl's order. Internal to kubeconfig; also what
// `kubectl config set` walks.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubeconfig {

using OrderedJson = nlohmann::ordered_json;

enum class FieldType {
  kString,
  kBool,
  kBytes,       // base64
  kStrings,     // []string
  kStringMap,   // map[string]string
  kStringsMap,  // map[string][]string
  kStruct,
  kList,  // of structs
  kRaw,   // anything
};

struct Struct;

struct Field {
  std::string_view name;
  FieldType type = FieldType::kString;
  bool always = false;               // written even when empty
  const Struct* of = nullptr;        // kStruct, kList
  std::string_view go_name = {};     // of the internal type, where it differs: "auth-info"; only for messages
};

struct Struct {
  std::string_view go_name;  // "Cluster", as messages name it
  std::span<const Field> fields;

  const Field* find(std::string_view name) const;
};

extern const Struct kConfigStruct, kClusterStruct, kUserStruct, kContextStruct, kExecStruct, kPreferencesStruct,
    kAuthProviderStruct;

// Are all known fields in `value` of their type? The Error has Go's words: "json: cannot unmarshal number into Go struct field
// NamedCluster.clusters.name of type string".
Status check_types(const Json& value, const Struct& schema);

// `value` with known fields in their order, empty ones left out where kubectl leaves them out. `keep_unknown`: others follow.
OrderedJson normalise(const Json& value, const Struct& schema, bool keep_unknown);

}  // namespace skerry::kubeconfig
