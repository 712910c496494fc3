#include "kustomize/field_spec.h"

#include <algorithm>
#include <span>

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Node made(CreateAs kind) { return kind == CreateAs::kMap ? Node::map() : Node::string(""); }

struct Walk {
  const FieldSpec& spec;
  CreateAs create_as;
  const SetValue& set;

  Status at(Node& node, std::span<const std::string> path) const {
    if (path.empty()) return set(node);
    if (node.is_null()) return {};
    if (node.is_list()) {
      for (auto& item : node.items) TRY(at(item, path));
      return {};
    }
    if (!node.is_map()) return bad("expected sequence or mapping node");
    std::string_view name = path[0];
    bool is_list = name.ends_with("[]");
    if (is_list) name.remove_suffix(2);
    bool create = spec.create && create_as != CreateAs::kNothing && !is_list;
    CreateAs kind = path.size() == 1 ? create_as : CreateAs::kMap;
    Node* child = node.find(name);
    if (child == nullptr) {
      if (!create) return {};
      child = &node.set(name, made(kind));
    } else if (child->is_null()) {
      if (is_list) *child = Node::list();
      else if (create) *child = made(kind);
    }
    return at(*child, path.subspan(1));
  }
};

bool leads_somewhere(const Node& node, std::span<const std::string> path) {
  if (path.empty()) return true;
  if (node.is_list()) return std::any_of(node.items.begin(), node.items.end(), [&](const Node& item) { return leads_somewhere(item, path); });
  std::string_view name = path[0];
  if (name.ends_with("[]")) name.remove_suffix(2);
  const Node* child = node.find(name);
  return child != nullptr && leads_somewhere(*child, path.subspan(1));
}

}  // namespace

Status apply_field(const FieldSpec& spec, Node& object, CreateAs create_as, const SetValue& set) {
  if (!gvk_of(object).selected_by(spec.gvk)) return {};
  std::vector<std::string> path = split_path(spec.path);
  Status done = Walk{spec, create_as, set}.at(object, path);
  if (!done) return bad("obj '" + flow_yaml(object) + "' at path '" + spec.path + "': " + done.error().message);
  return {};
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out{""};
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '/') out.back() += path[i];
    else if (!out.back().empty() && out.back().back() == '\\') out.back().back() = '/';
    else out.emplace_back();
  }
  return out;
}

bool has_field(const Node& object, std::string_view path) { return leads_somewhere(object, split_path(path)); }

Status merge_specs(std::vector<FieldSpec>& into, const std::vector<FieldSpec>& more) {
  if (into.empty() || into == more) {  // mostly the built-in table meets itself
    into = more;
    return {};
  }
  for (const auto& spec : more) {
    auto same = std::find_if(into.begin(), into.end(), [&](const FieldSpec& s) { return s.gvk == spec.gvk && s.path == spec.path; });
    if (same == into.end()) into.push_back(spec);
    else if (same->create != spec.create) return bad("conflicting fieldspecs: " + spec.gvk.text() + " " + spec.path);
  }
  return {};
}

}  // namespace skerry::kustomize
