#include "kubeconfig/schema.h"

#include "base/strings.h"

namespace skerry::kubeconfig {
namespace {

using T = FieldType;

constexpr Field kExtensionFields[] = {{"name", T::kString, true}, {"extension", T::kRaw, true}};
constexpr Struct kExtension{"NamedExtension", kExtensionFields};

constexpr Field kPreferenceFields[] = {{"colors", T::kBool}, {"extensions", T::kList, false, &kExtension}};

constexpr Field kClusterFields[] = {
    {"server", T::kString, true},
    {"tls-server-name"},
    {"insecure-skip-tls-verify", T::kBool},
    {"certificate-authority"},
    {"certificate-authority-data", T::kBytes},
    {"proxy-url"},
    {"disable-compression", T::kBool},
    {"extensions", T::kList, false, &kExtension},
};

constexpr Field kContextFields[] = {
    {"cluster", T::kString, true},
    {"user", T::kString, true},
    {"namespace"},
    {"extensions", T::kList, false, &kExtension},
};

constexpr Field kProviderFields[] = {{"name", T::kString, true}, {"config", T::kStringMap, true}};
constexpr Field kVariableFields[] = {{"name", T::kString, true}, {"value", T::kString, true}};
constexpr Struct kVariable{"ExecEnvVar", kVariableFields};
constexpr Field kExecFields[] = {
    {"command", T::kString, true},
    {"args", T::kStrings, true},
    {"env", T::kList, true, &kVariable},
    {"apiVersion"},
    {"installHint"},
    {"provideClusterInfo", T::kBool, true},
    {"interactiveMode"},
};

}  // namespace

constexpr Struct kAuthProviderStruct{"AuthProviderConfig", kProviderFields};
constexpr Struct kExecStruct{"ExecConfig", kExecFields};

namespace {

constexpr Field kUserFields[] = {
    {"client-certificate"},
    {"client-certificate-data", T::kBytes},
    {"client-key"},
    {"client-key-data", T::kBytes},
    {"token"},
    {"tokenFile"},
    {"as"},
    {"as-uid"},
    {"as-groups", T::kStrings},
    {"as-user-extra", T::kStringsMap},
    {"username"},
    {"password"},
    {"auth-provider", T::kStruct, false, &kAuthProviderStruct},
    {"exec", T::kStruct, false, &kExecStruct},
    {"extensions", T::kList, false, &kExtension},
};

}  // namespace

constexpr Struct kPreferencesStruct{"Preferences", kPreferenceFields};
constexpr Struct kClusterStruct{"Cluster", kClusterFields};
constexpr Struct kContextStruct{"Context", kContextFields};
constexpr Struct kUserStruct{"AuthInfo", kUserFields};

namespace {

constexpr Field kNamedClusterFields[] = {{"name", T::kString, true}, {"cluster", T::kStruct, true, &kClusterStruct}};
constexpr Field kNamedContextFields[] = {{"name", T::kString, true}, {"context", T::kStruct, true, &kContextStruct}};
constexpr Field kNamedUserFields[] = {{"name", T::kString, true}, {"user", T::kStruct, true, &kUserStruct}};
constexpr Struct kNamedCluster{"NamedCluster", kNamedClusterFields};
constexpr Struct kNamedContext{"NamedContext", kNamedContextFields};
constexpr Struct kNamedUser{"NamedAuthInfo", kNamedUserFields};

constexpr Field kConfigFields[] = {
    {"kind"},
    {"apiVersion"},
    {"preferences", T::kStruct, false, &kPreferencesStruct},
    {"clusters", T::kList, true, &kNamedCluster},
    {"users", T::kList, true, &kNamedUser},
    {"contexts", T::kList, true, &kNamedContext},
    {"current-context", T::kString, true},
    {"extensions", T::kList, false, &kExtension},
};

// Go's word for the type of a JSON value.
std::string_view json_word(const Json& value) {
  if (value.is_boolean()) return "bool";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

std::string go_type(const Field& field) {
  switch (field.type) {
    case T::kString: return "string";
    case T::kBool: return "bool";
    case T::kBytes: return "[]uint8";
    case T::kStrings: return "[]string";
    case T::kStringMap: return "map[string]string";
    case T::kStringsMap: return "map[string][]string";
    case T::kStruct: return "v1." + std::string(field.of->go_name);
    case T::kList: return "[]v1." + std::string(field.of->go_name);
    case T::kRaw: return "runtime.RawExtension";
  }
  return {};
}

Error wrong(const Json& value, const Struct& parent, const std::string& path, const std::string& type) {
  return {Reason::kBadRequest, "json: cannot unmarshal " + std::string(json_word(value)) + " into Go struct field " +
                                   std::string(parent.go_name) + "." + path + " of type " + type};
}

Status check(const Json& value, const Struct& schema, const std::string& path);

Status check_strings(const Json& value, const Struct& parent, const std::string& path) {
  for (const Json& item : value)
    if (!item.is_string() && !item.is_null()) return wrong(item, parent, path, "string");
  return {};
}

Status check_field(const Json& value, const Field& field, const Struct& parent, const std::string& path) {
  if (value.is_null()) return {};
  const auto mismatch = [&] { return wrong(value, parent, path, go_type(field)); };
  switch (field.type) {
    case T::kString:
      if (!value.is_string()) return mismatch();
      return {};
    case T::kBool:
      if (!value.is_boolean()) return mismatch();
      return {};
    case T::kBytes:
      if (!value.is_string()) return mismatch();
      if (!base64_decode(value.get_ref<const std::string&>())) {
        const auto& text = value.get_ref<const std::string&>();
        static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";
        const size_t bad = std::min(text.find_first_not_of(kAlphabet), text.size());
        return Error(Reason::kBadRequest, "illegal base64 data at input byte " + std::to_string(bad));
      }
      return {};
    case T::kStrings:
      if (!value.is_array()) return mismatch();
      return check_strings(value, parent, path);
    case T::kStringMap:
      if (!value.is_object()) return mismatch();
      return check_strings(value, parent, path);
    case T::kStringsMap:
      if (!value.is_object()) return mismatch();
      for (const Json& item : value) {
        if (item.is_null()) continue;
        if (!item.is_array()) return wrong(item, parent, path, "[]string");
        TRY(check_strings(item, parent, path));
      }
      return {};
    case T::kStruct:
      if (!value.is_object()) return mismatch();
      return check(value, *field.of, path);
    case T::kList:
      if (!value.is_array()) return mismatch();
      for (const Json& item : value) {
        if (item.is_null()) continue;
        if (!item.is_object()) return wrong(item, parent, path, "v1." + std::string(field.of->go_name));
        TRY(check(item, *field.of, path));
      }
      return {};
    case T::kRaw:
      return {};
  }
  return {};
}

Status check(const Json& value, const Struct& schema, const std::string& path) {
  for (const auto& [key, item] : value.items()) {
    const Field* field = schema.find(key);
    if (field) TRY(check_field(item, *field, schema, path.empty() ? key : path + "." + key));
  }
  return {};
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// What kubectl writes for a field that is not there.
OrderedJson zero(const Field& field) {
  switch (field.type) {
    case T::kString: return "";
    case T::kBool: return false;
    case T::kStruct: return normalise(Json::object(), *field.of, false);
    default: return nullptr;
  }
}

OrderedJson normalise_field(const Json& value, const Field& field, bool keep_unknown) {
  if (field.type == T::kStruct) return normalise(value.is_object() ? value : Json::object(), *field.of, keep_unknown);
  if (value.is_null()) return zero(field);
  if (field.type == T::kList) {
    OrderedJson list = OrderedJson::array();
    for (const Json& item : value) list.push_back(normalise(item.is_object() ? item : Json::object(), *field.of, keep_unknown));
    return list;
  }
  return OrderedJson(value);
}

}  // namespace

constexpr Struct kConfigStruct{"Config", kConfigFields};

const Field* Struct::find(std::string_view name) const {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

Status check_types(const Json& value, const Struct& schema) { return check(value, schema, ""); }

OrderedJson normalise(const Json& value, const Struct& schema, bool keep_unknown) {
  OrderedJson out = OrderedJson::object();
  for (const Field& field : schema.fields) {
    const Json& item = json::find(value, field.name);
    // exec and auth-provider are pointers in kubectl: an empty one stays.
    const bool pointer = field.type == T::kStruct && item.is_object() && (field.of == &kExecStruct || field.of == &kAuthProviderStruct);
    if (!field.always && !pointer && is_empty(item)) continue;
    OrderedJson written = normalise_field(item, field, keep_unknown);
    if (field.type == T::kStruct && !field.always && !pointer && written.empty()) continue;
    out[std::string(field.name)] = std::move(written);
  }
  if (!keep_unknown) return out;
  for (const auto& [key, item] : value.items())
    if (!schema.find(key)) out[key] = OrderedJson(item);
  return out;
}

}  // namespace skerry::kubeconfig
