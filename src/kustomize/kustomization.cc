#include "kustomize/kustomization.h"

#include <array>
#include <optional>
#include <span>

#include "kustomize/node.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// ---- the shape of a kustomization ----------------------------------------------------------------------------

enum class Type : uint8_t { kString, kBool, kInt, kStrings, kStringMap, kBoolMap, kObject, kObjects, kAny };

struct Shape;
struct Member {
  std::string_view name;
  Type type = Type::kString;
  const Shape* shape = nullptr;  // of kObject and kObjects
};
struct Shape {
  std::string_view go_name;  // for messages
  std::span<const Member> members;
};

constexpr Member kFieldSpecMembers[] = {{"group"}, {"version"}, {"kind"}, {"path"}, {"create", Type::kBool}};
constexpr Shape kFieldSpec{"types.FieldSpec", kFieldSpecMembers};
constexpr Member kMetadataMembers[] = {{"name"}, {"namespace"}, {"labels", Type::kStringMap}, {"annotations", Type::kStringMap}};
constexpr Shape kMetadata{"types.ObjectMeta", kMetadataMembers};
constexpr Member kLabelMembers[] = {{"pairs", Type::kStringMap}, {"includeSelectors", Type::kBool}, {"includeTemplates", Type::kBool}, {"fields", Type::kObjects, &kFieldSpec}};
constexpr Shape kLabel{"types.Label", kLabelMembers};
constexpr Member kSelectorMembers[] = {{"group"}, {"version"}, {"kind"}, {"name"}, {"namespace"}, {"annotationSelector"}, {"labelSelector"}};
constexpr Shape kSelector{"types.Selector", kSelectorMembers};
constexpr Member kPatchMembers[] = {{"path"}, {"patch"}, {"target", Type::kObject, &kSelector}, {"options", Type::kBoolMap}};
constexpr Shape kPatch{"types.Patch", kPatchMembers};
constexpr Member kImageMembers[] = {{"name"}, {"newName"}, {"tagSuffix"}, {"newTag"}, {"digest"}};
constexpr Shape kImage{"types.Image", kImageMembers};
constexpr Member kFieldOptionMembers[] = {{"delimiter"}, {"index", Type::kInt}, {"encoding"}, {"create", Type::kBool}};
constexpr Shape kFieldOptions{"types.FieldOptions", kFieldOptionMembers};
constexpr Member kSourceMembers[] = {{"group"}, {"version"}, {"kind"}, {"name"}, {"namespace"}, {"fieldPath"}, {"options", Type::kObject, &kFieldOptions}};
constexpr Shape kSource{"types.SourceSelector", kSourceMembers};
constexpr Member kTargetMembers[] = {{"select", Type::kObject, &kSelector}, {"reject", Type::kObjects, &kSelector}, {"fieldPaths", Type::kStrings}, {"options", Type::kObject, &kFieldOptions}};
constexpr Shape kTarget{"types.TargetSelector", kTargetMembers};
constexpr Member kReplacementMembers[] = {{"path"}, {"source", Type::kObject, &kSource}, {"sourceValue"}, {"targets", Type::kObjects, &kTarget}};
constexpr Shape kReplacement{"types.ReplacementField", kReplacementMembers};
constexpr Member kReplicaMembers[] = {{"name"}, {"count", Type::kInt}};
constexpr Shape kReplica{"types.Replica", kReplicaMembers};
constexpr Member kObjRefMembers[] = {{"apiVersion"}, {"group"}, {"version"}, {"kind"}, {"name"}, {"namespace"}};
constexpr Shape kObjRef{"types.Target", kObjRefMembers};
constexpr Member kFieldRefMembers[] = {{"fieldPath"}, {"fieldpath"}};
constexpr Shape kFieldRef{"types.FieldSelector", kFieldRefMembers};
constexpr Member kVarMembers[] = {{"name"}, {"objref", Type::kObject, &kObjRef}, {"fieldref", Type::kObject, &kFieldRef}};
constexpr Shape kVar{"types.Var", kVarMembers};
constexpr Member kLegacySortMembers[] = {{"orderFirst", Type::kStrings}, {"orderLast", Type::kStrings}};
constexpr Shape kLegacySort{"types.LegacySortOptions", kLegacySortMembers};
constexpr Member kSortMembers[] = {{"order"}, {"legacySortOptions", Type::kObject, &kLegacySort}};
constexpr Shape kSort{"types.SortOptions", kSortMembers};
constexpr Member kOptionMembers[] = {{"labels", Type::kStringMap}, {"annotations", Type::kStringMap}, {"disableNameSuffixHash", Type::kBool}, {"immutable", Type::kBool}};
constexpr Shape kGeneratorOptions{"types.GeneratorOptions", kOptionMembers};
constexpr Member kConfigMapMembers[] = {{"namespace"}, {"name"}, {"behavior"}, {"literals", Type::kStrings}, {"files", Type::kStrings}, {"envs", Type::kStrings}, {"env"}, {"options", Type::kObject, &kGeneratorOptions}};
constexpr Shape kConfigMap{"types.ConfigMapArgs", kConfigMapMembers};
constexpr Member kSecretMembers[] = {{"namespace"}, {"name"}, {"behavior"}, {"literals", Type::kStrings}, {"files", Type::kStrings}, {"envs", Type::kStrings}, {"env"}, {"options", Type::kObject, &kGeneratorOptions}, {"type"}};
constexpr Shape kSecret{"types.SecretArgs", kSecretMembers};

constexpr Member kKustomizationMembers[] = {
    {"apiVersion"}, {"kind"}, {"metadata", Type::kObject, &kMetadata}, {"openapi", Type::kStringMap}, {"namePrefix"}, {"nameSuffix"}, {"namespace"},
    {"commonLabels", Type::kStringMap}, {"labels", Type::kObjects, &kLabel}, {"commonAnnotations", Type::kStringMap},
    {"patchesStrategicMerge", Type::kStrings}, {"patchesJson6902", Type::kObjects, &kPatch}, {"patches", Type::kObjects, &kPatch},
    {"images", Type::kObjects, &kImage}, {"imageTags", Type::kObjects, &kImage}, {"replacements", Type::kObjects, &kReplacement},
    {"replicas", Type::kObjects, &kReplica}, {"vars", Type::kObjects, &kVar}, {"sortOptions", Type::kObject, &kSort},
    {"resources", Type::kStrings}, {"components", Type::kStrings}, {"crds", Type::kStrings}, {"bases", Type::kStrings},
    {"configMapGenerator", Type::kObjects, &kConfigMap}, {"secretGenerator", Type::kObjects, &kSecret}, {"helmGlobals", Type::kAny},
    {"helmCharts", Type::kAny}, {"helmChartInflationGenerator", Type::kAny}, {"generatorOptions", Type::kObject, &kGeneratorOptions},
    {"configurations", Type::kStrings}, {"generators", Type::kStrings}, {"transformers", Type::kStrings}, {"validators", Type::kStrings},
    {"buildMetadata", Type::kStrings}};
constexpr Shape kKustomization{"types.Kustomization", kKustomizationMembers};

std::string_view json_kind(const Json& j) {
  if (j.is_string()) return "string";
  if (j.is_boolean()) return "bool";
  if (j.is_number()) return "number";
  return j.is_array() ? "array" : "object";
}

std::string go_type(const Member& m) {
  switch (m.type) {
    case Type::kString: return "string";
    case Type::kBool: return "bool";
    case Type::kInt: return "int";
    case Type::kStrings: return "[]string";
    case Type::kStringMap: return "map[string]string";
    case Type::kBoolMap: return "map[string]bool";
    case Type::kObject: return std::string(m.shape->go_name);
    case Type::kObjects: return "[]" + std::string(m.shape->go_name);
    case Type::kAny: return "";
  }
  return "";
}

Error mismatch(const Json& value, const std::string& path, const std::string& type) {
  bool item = path.find_first_not_of("0123456789", path.rfind('.') + 1) == std::string::npos;
  return bad("json: cannot unmarshal " + std::string(json_kind(value)) + " into " + (item ? "" : "Go struct field ") + "Kustomization." + path + " of type " + type);
}

Status check(const Json& object, const Shape& shape, const std::string& prefix);

Status check_member(const Json& value, const Member& m, const std::string& path) {
  if (value.is_null() || m.type == Type::kAny) return {};
  auto all = [&](bool right_kind, bool (*right)(const Json&), const std::string& of) -> Status {
    if (!right_kind) return mismatch(value, path, go_type(m));
    for (const auto& [key, item] : value.items())
      if (!item.is_null() && !right(item)) return mismatch(item, path + "." + key, of);
    return {};
  };
  auto is_string = [](const Json& j) { return j.is_string(); };
  auto is_bool = [](const Json& j) { return j.is_boolean(); };
  auto is_object = [](const Json& j) { return j.is_object(); };
  switch (m.type) {
    case Type::kString: return value.is_string() ? Status() : mismatch(value, path, "string");
    case Type::kBool: return value.is_boolean() ? Status() : mismatch(value, path, "bool");
    case Type::kInt: return value.is_number_integer() ? Status() : mismatch(value, path, path.ends_with(".count") ? "int64" : "int");
    case Type::kStrings: return all(value.is_array(), is_string, "string");
    case Type::kStringMap: return all(value.is_object(), is_string, "string");
    case Type::kBoolMap: return all(value.is_object(), is_bool, "bool");
    case Type::kObject: return value.is_object() ? check(value, *m.shape, path + ".") : mismatch(value, path, go_type(m));
    case Type::kObjects:
      TRY(all(value.is_array(), is_object, std::string(m.shape->go_name)));
      for (size_t i = 0; i < value.size(); ++i)
        if (value[i].is_object()) TRY(check(value[i], *m.shape, path + "." + std::to_string(i) + "."));
      return {};
    case Type::kAny: return {};
  }
  return {};
}

Status check(const Json& object, const Shape& shape, const std::string& prefix) {
  for (const auto& [name, value] : object.items()) {
    const Member* member = nullptr;
    for (const auto& m : shape.members)
      if (m.name == name) member = &m;
    if (member == nullptr) return bad("json: unknown field \"" + name + "\"");
    TRY(check_member(value, *member, prefix + name));
  }
  return {};
}

// ---- deprecated fields ---------------------------------------------------------------------------------------

void warn(Kustomization& k, const char* field, const char* instead, bool experimental = false) {
  if (json::find(k.fields, field).is_null()) return;
  k.warnings.push_back("# Warning: '" + std::string(field) + "' is deprecated. Please use '" + instead + "' instead. " + (experimental ? "[EXPERIMENTAL] " : "") +
                       "Run 'kustomize edit fix' to update your Kustomization automatically.");
}

void move_list(Json& fields, const char* from, const char* to) {
  auto it = fields.find(from);
  if (it == fields.end()) return;
  Json list = json::array_or_empty(json::find(fields, to));
  for (const auto& item : json::array_or_empty(*it)) list.push_back(item);
  fields.erase(from);
  fields[to] = std::move(list);
}

void modernise(Kustomization& k) {
  warn(k, "bases", "resources");
  warn(k, "commonLabels", "labels");
  warn(k, "imageTags", "images");
  warn(k, "patchesJson6902", "patches");
  warn(k, "patchesStrategicMerge", "patches");
  warn(k, "vars", "replacements", true);
  Json& f = k.fields;
  if (json::str(f, "kind").empty()) f["kind"] = "Kustomization";
  if (json::str(f, "apiVersion").empty()) f["apiVersion"] = f["kind"] == "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  move_list(f, "bases", "resources");
  move_list(f, "imageTags", "images");
  for (const char* name : {"configMapGenerator", "secretGenerator"}) {
    auto list = f.find(name);
    if (list == f.end() || !list->is_array()) continue;
    for (auto& generator : *list) {
      std::string env = json::str(generator, "env");
      if (env.empty()) continue;
      Json envs = json::array_or_empty(json::find(generator, "envs"));
      envs.push_back(env);
      generator["envs"] = std::move(envs);
      generator.erase("env");
    }
  }
}

bool says_nothing(const Json& fields) {
  for (const auto& [name, value] : fields.items()) {
    if (name == "kind" || name == "apiVersion" || name == "metadata") continue;
    if (!value.is_null() && !((value.is_array() || value.is_object() || value.is_string()) && value.empty()) && value != "") return false;
  }
  return true;
}

}  // namespace

Result<Kustomization> parse_kustomization(std::string_view text, const std::string& root, const std::string& file) {
  auto nodes = parse_nodes(text, Duplicates::kLastWins);
  if (!nodes) return bad("invalid Kustomization: " + nodes.error().message);
  Kustomization k;
  k.file = file;
  k.fields = nodes->empty() ? Json::object() : to_json_yaml11(nodes->front());
  if (!k.fields.is_object()) return bad("invalid Kustomization: json: cannot unmarshal " + std::string(json_kind(k.fields)) + " into Go value of type types.Kustomization");
  if (Status checked = check(k.fields, kKustomization, ""); !checked) return bad("invalid Kustomization: " + checked.error().message);
  modernise(k);
  if (says_nothing(k.fields)) return bad("kustomization.yaml is empty");
  std::string kind = json::str(k.fields, "kind");
  std::string errors;
  if (kind != "Kustomization" && kind != "Component") errors += "\nkind should be Kustomization or Component";
  std::string version = kind == "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  if (json::str(k.fields, "apiVersion") != version) errors += "\napiVersion for " + kind + " should be " + version;
  if (!errors.empty()) return bad("Failed to read kustomization file under " + root + ":" + errors);
  return k;
}

Result<Kustomization> load_kustomization(const Loader& loader) {
  std::optional<std::string> text;
  std::string file;
  std::optional<Error> unreadable;
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    auto content = loader.load(name);
    if (!content) {
      if (content.error().message.find("no such file") == std::string::npos) unreadable = content.error();
      continue;
    }
    if (text) return bad("Found multiple kustomization files under: " + loader.root() + "\n");
    text = std::move(*content);
    file = name;
  }
  if (!text) {
    if (unreadable) return *unreadable;
    return bad("unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '" + loader.root() + "'");
  }
  return parse_kustomization(*text, loader.root(), file);
}

}  // namespace skerry::kustomize
