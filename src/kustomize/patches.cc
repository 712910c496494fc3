#include "kustomize/patches.h"

#include <algorithm>

#include "base/strings.h"
#include "json/patch.h"
#include "kustomize/merge.h"
#include "kustomize/selector.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// As Go prints a string with %q, near enough.
std::string go_quote(std::string_view text) { return json::dump(Json(std::string(text))); }

// A list of operations in JSON or YAML.
Result<Json> parse_operations(std::string_view text) {
  Json out;
  if (text.starts_with("[")) {
    out = TRY(json::parse_json(text));
  } else {
    auto nodes = TRY(parse_nodes(text));
    if (nodes.size() != 1) return bad("no list of operations");
    out = to_json_yaml11(nodes[0]);
  }
  if (!out.is_array()) return bad("no list of operations");
  for (const auto& op : out)
    if (!op.is_object()) return bad("an operation is no map");
  return out;
}

// ---- the words of the patch library inside kustomize ----------------------------------------------------------

Error operation_error(const Json& op, const Error& why) {
  std::string name = json::str(op, "op"), path = json::str(op, "path");
  std::string last = path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
  if (name == "remove") return bad("error in remove for path: '" + path + "': unable to remove nonexistent key: " + last + ": missing value");
  if (name == "replace") return bad("replace operation does not apply: doc is missing path: " + path + ": missing value");
  if (name == "add") return bad("add operation does not apply: doc is missing path: \"" + path + "\": missing value");
  if (name == "test") return bad("testing value " + path + " failed: test failed");
  if (name == "move" || name == "copy") return bad("error in " + name + " for path: '" + path + "': " + why.message);
  return bad("Unexpected kind: " + name);
}

// All or nothing. Which operation failed is looked for only when one did.
Result<Json> apply_operations(const Json& document, const Json& operations) {
  auto done = json::apply_json_patch(document, operations);
  if (done || operations.empty()) return done;
  size_t good = 0, failing = operations.size();  // the first `good` operations work, the first `failing` do not
  while (failing - good > 1) {
    size_t middle = good + (failing - good) / 2;
    Json part = Json::array();
    for (size_t i = 0; i < middle; ++i) part.push_back(operations[i]);
    if (json::apply_json_patch(document, part)) good = middle;
    else failing = middle;
  }
  return operation_error(operations[failing - 1], done.error());
}

// "-1" at the end of a path: the last element. The library that kustomize uses knows it.
void resolve_negative_indices(Json& operations, const Json& document) {
  for (auto& op : operations)
    for (const char* field : {"path", "from"}) {
      auto it = op.find(field);
      if (it == op.end() || !it->is_string()) continue;
      std::string path = it->get<std::string>();
      size_t slash = path.rfind('/');
      if (slash == std::string::npos || slash + 2 > path.size() || path[slash + 1] != '-' || slash + 2 == path.size()) continue;
      auto back = parse_int(path.substr(slash + 1));
      if (!back || *back >= 0) continue;
      try {
        const Json& list = document.at(Json::json_pointer(path.substr(0, slash)));
        if (list.is_array() && static_cast<size_t>(-*back) <= list.size()) *it = path.substr(0, slash + 1) + std::to_string(static_cast<int64_t>(list.size()) + *back);
      } catch (const Json::exception&) {
        continue;  // applying it will say what is wrong
      }
    }
}

Status apply_json(Resource& r, const Json& operations_in) {
  r.remember_id();
  Json document = to_json(r.node);
  // kustomize keeps notes in the annotations, so the map is always there for a patch to add to.
  if (Json& metadata = document["metadata"]; metadata.is_object() && !metadata.contains("annotations")) metadata["annotations"] = Json::object();
  Json operations = operations_in;
  resolve_negative_indices(operations, document);
  document = TRY(apply_operations(document, operations));
  if (!document.is_object()) return bad("the patch leaves no object");
  r.node = from_json(document);
  r.normalise_annotations();
  return {};
}

Status apply_merge(Resource& target, const Resource& patch, const Json* openapi) {
  std::string name = target.name(), ns = target.ns(), kind = target.gvk().kind;
  if (patch.allow_name_change || patch.allow_kind_change) target.remember_id();
  TRY(strategic_merge(target.node, patch.node, openapi));
  if (target.node.is_empty()) return {};
  if (!patch.allow_kind_change) target.node.set("kind", Node::string(kind));
  if (!patch.allow_name_change) target.set_name(name);
  if (!ns.empty()) target.node.child_map("metadata").set("namespace", Node::string(ns));
  else if (Node* metadata = target.node.find("metadata")) metadata->erase("namespace");
  return {};
}

// The one resource that a patch without a target names, by any name it had.
Result<ResourcePtr> target_of(const ResMap& resources, const Resource& patch) {
  ResId id = patch.id();
  auto found = resources.with_any_id(id);
  if (found.size() == 1) return found[0];
  std::string text = id.text();
  if (found.size() > 1)
    return bad("unable to find patch target \"" + id.name + "\" in `resources`: multiple matches for Id " + text + "; failed to find unique target for patch " + text);
  return bad("no resource matches strategic merge patch \"" + text + "\": no matches for Id " + text + "; failed to find unique target for patch " + text);
}

Status apply_merges(ResMap& resources, const Patch& patch, const Json* openapi) {
  for (const auto& merge : patch.merges) {
    if (patch.target.is_null()) {
      auto target = TRY(target_of(resources, *merge));
      TRY(apply_merge(*target, *merge, openapi));
      continue;
    }
    auto selector = TRY(Selector::parse(patch.target));
    for (const auto& target : selector.select(resources)) {
      // The patch stands for any object: it takes the target's group and version, and keeps its own kind for allowKindChange.
      Resource mine = *merge;
      mine.node.set("apiVersion", Node::string(target->gvk().api_version()));
      TRY(apply_merge(*target, mine, openapi));
    }
    ResMap checked;  // a changed name may collide
    resources.drop_empty();
    TRY(checked.append_all(resources));
  }
  return {};
}

std::string config_text(const Json& entry) {
  std::string out;
  for (const auto& [key, value] : entry.items())
    if (!value.is_null()) out += key + ": " + (value.is_string() ? value.get<std::string>() : json::dump(value)) + "\n";
  return out.empty() ? "{}\n" : out;
}

}  // namespace

Result<Patch> parse_merge_patches(std::string_view text) {
  Patch out;
  out.merges = TRY(parse_resources(text));
  return out;
}

Result<Patch> read_merge_patch(const Loader& loader, const std::string& path_or_text) {
  // A patch written in place is not a path: it has a colon and is no file.
  auto trouble = [&](const Error& e) { return bad("trouble configuring builtin PatchStrategicMergeTransformer with config: `\npaths:\n- " + path_or_text + "\n`: " + e.message); };
  auto content = loader.load(path_or_text);
  auto patch = parse_merge_patches(content ? *content : path_or_text);
  if (patch && !patch->merges.empty()) return patch;
  if (!content) return trouble(content.error());
  if (!patch) return trouble(patch.error());
  return bad("patch appears to be empty; files=[" + path_or_text + "], Patch=\"\"");
}

Result<Patch> read_patch(const Loader& loader, const Json& entry, const std::string& builtin) {
  auto trouble = [&](const std::string& what) { return bad("trouble configuring builtin " + builtin + " with config: `\n" + config_text(entry) + "`: " + what); };
  std::string path = json::str(entry, "path");
  std::string text(trim(json::str(entry, "patch")));
  if (text.empty() && path.empty()) return trouble("must specify one of patch and path in\n" + config_text(entry));
  if (!text.empty() && !path.empty()) return trouble("patch and path can't be set at the same time\n" + config_text(entry));
  std::string source = path.empty() ? "[patch: " + go_quote(text) + "]" : "[path: " + go_quote(path) + "]";
  if (!path.empty()) {
    auto content = loader.load(path);
    if (!content) return trouble("failed to get the patch file from path(" + path + "): " + content.error().message);
    text = std::move(*content);
  }
  Patch out;
  out.target = json::find(entry, "target");
  out.source = source;
  auto operations = parse_operations(trim(text));
  auto merges = parse_merge_patches(text);
  bool merge_ok = merges && !merges->merges.empty();
  if (operations && merge_ok) return trouble("illegally qualifies as both an SM and JSON patch: " + source);
  if (!operations && !merge_ok) return trouble("unable to parse SM or JSON patch from " + source);
  if (!merge_ok || builtin == "PatchJson6902Transformer") {
    if (!operations) return trouble("unable to parse SM or JSON patch from " + source);
    out.operations = std::move(*operations);
    return out;
  }
  out.merges = std::move(merges->merges);
  const Json& options = json::find(entry, "options");
  for (auto& m : out.merges) {
    m->allow_name_change = json::boolean(options, "allowNameChange");
    m->allow_kind_change = json::boolean(options, "allowKindChange");
  }
  return out;
}

Status apply_patch(ResMap& resources, const Patch& patch, const Json* openapi) {
  if (patch.operations.is_null()) return apply_merges(resources, patch, openapi);
  if (patch.target.is_null()) return bad("must specify a target for JSON patch " + patch.source);
  auto selector = TRY(Selector::parse(patch.target));
  for (const auto& r : selector.select(resources)) TRY(apply_json(*r, patch.operations));
  return {};
}

}  // namespace skerry::kustomize
