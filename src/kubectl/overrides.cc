#include "kubectl/overrides.h"

#include "api/catalog.h"
#include "api/decode.h"
#include "api/strategic_merge.h"
#include "json/patch.h"
#include "kubectl/builtin_type.h"
#include "kubectl/objects.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

Result<Json> with_overrides(Json object, const std::string& text, const std::string& type) {
  if (text.empty()) return object;
  if (type != "json" && type != "merge" && type != "strategic") return plain_error("invalid override type: " + type);
  auto patch = json::parse_json(text);
  if (type == "json" && patch && !patch->is_array()) return plain_error("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (!patch || (type != "json" && !patch->is_object())) return plain_error(type == "merge" ? "Invalid JSON Patch" : type == "strategic" ? "invalid JSON document" : patch.error().message);
  auto kind_of = [](const Json& o) { return mapping_of(json::str(o, "apiVersion"), "", json::str(o, "kind"), true); };
  if (type == "json") {
    auto patched = json::apply_json_patch(object, *patch);
    if (!patched) return plain_error(patched.error().message);
    object = std::move(*patched);
  }
  else if (type == "merge") object = json::apply_merge_patch(object, *patch);
  else object = TRY(api::apply_strategic_merge(builtin_type(kind_of(object)), object, *patch));
  auto kind = kind_of(object);
  const api::Type* known = builtin_type(kind);
  if (!known) return plain_error("no kind \"" + kind.kind + "\" is registered for version \"" + kind.api_version() + "\" in scheme \"pkg/scheme/scheme.go:28\"");
  std::vector<std::string> warnings;
  auto decoded = api::decode(known, kind.version, kind.kind, object, api::FieldValidation::kIgnore, warnings);
  if (!decoded) {
    std::string why = decoded.error().message;
    return plain_error(why.substr(why.find("json: ") == std::string::npos ? 0 : why.find("json: ")));
  }
  return object;
}

}  // namespace skerry::kubectl
