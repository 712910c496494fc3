#include "kustomize/resource.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

std::string_view behavior_name(Behavior b) {
  switch (b) {
    case Behavior::kCreate: return "create";
    case Behavior::kReplace: return "replace";
    case Behavior::kMerge: return "merge";
    default: return "unspecified";
  }
}

// As Go prints the struct with %#v, which is what users search for.
std::string go_syntax(const ResId& id) {
  return "resid.ResId{Gvk:resid.Gvk{Group:\"" + id.gvk.group + "\", Version:\"" + id.gvk.version + "\", Kind:\"" + id.gvk.kind + "\", isClusterScoped:" +
         (is_cluster_scoped(id.gvk) ? "true" : "false") + "}, Name:\"" + id.name + "\", Namespace:\"" + id.ns + "\"}";
}

// Fields of `from` that `into` does not have.
void add_missing(Node& into, const Node* from) {
  if (from == nullptr || !from->is_map()) return;
  for (const auto& f : from->fields)
    if (into.find(f.name) == nullptr) into.set(f.name, f.value);
}

void merge_map(Resource& into, const Resource& old, std::initializer_list<std::string_view> path) {
  const Node* from = &old.node;
  for (auto name : path) from = from != nullptr ? from->find(name) : nullptr;
  if (from == nullptr || !from->is_map() || from->fields.empty()) return;
  Node* to = &into.node;
  for (auto name : path) to = &to->child_map(name);
  add_missing(*to, from);
}

// The generated object takes over what the old one is called and was called, and its labels and annotations.
void take_over(Resource& into, const Resource& old) {
  merge_map(into, old, {"metadata", "labels"});
  merge_map(into, old, {"metadata", "annotations"});
  into.normalise_labels();
  into.normalise_annotations();
  into.set_name(old.name());
  if (std::string ns = old.ns(); !ns.empty()) into.node.child_map("metadata").set("namespace", Node::string(ns));
  else into.node.child_map("metadata").erase("namespace");
  auto before = [](auto& mine, const auto& theirs) { mine.insert(mine.begin(), theirs.begin(), theirs.end()); };
  before(into.old_ids, old.old_ids);
  before(into.prefixes, old.prefixes);
  before(into.suffixes, old.suffixes);
  into.var_names = old.var_names;
}

Status check(const Node& node) {
  if (!node.is_map()) return bad("missing Resource metadata");
  std::string kind = node.text({"kind"});
  // The object as Go prints its metadata: {{apiVersion kind} {{name namespace} map[] map[]}}.
  std::string shown = "{{" + node.text({"apiVersion"}) + " " + kind + "} {{" + node.text({"metadata", "name"}) + " " + node.text({"metadata", "namespace"}) + "} map[] map[]}}";
  if (kind.empty()) return bad("missing kind in object " + shown);
  if (ends_with(kind, "List")) return {};
  if (node.text({"metadata", "name"}).empty()) return bad("missing metadata.name in object " + shown);
  return {};
}

Status add_documents(std::vector<ResourcePtr>& out, Node node, int depth) {
  if (depth > 8) return bad("lists are nested too deeply");
  if (node.is_empty()) return {};
  TRY(check(node));
  if (!ends_with(node.text({"kind"}), "List")) {
    auto r = std::make_shared<Resource>();
    r->node = std::move(node);
    out.push_back(std::move(r));
    return {};
  }
  Node* items = node.find("items");
  if (items == nullptr || items->is_null()) return {};
  if (!items->is_list()) return bad("expected array in " + node.text({"kind"}) + "/items, but found " + (items->is_map() ? "map[string]interface {}" : "string"));
  for (auto& item : items->items) TRY(add_documents(out, std::move(item), depth + 1));
  return {};
}

}  // namespace

void Resource::set_name(const std::string& name) { node.child_map("metadata").set("name", Node::string(name)); }

ResId Resource::id() const { return {gvk(), name(), ns()}; }

std::vector<ResId> Resource::previous_ids() const {
  std::vector<ResId> out;
  Gvk now = gvk();
  for (const auto& old : old_ids) {
    now.kind = old.kind;
    out.push_back({now, old.name, old.ns});
  }
  return out;
}

ResId Resource::original_id() const {
  if (old_ids.empty()) return id();
  Gvk now = gvk();
  now.kind = old_ids.front().kind;
  return {now, old_ids.front().name, old_ids.front().ns};
}

void Resource::remember_id() {
  ResId now = id();
  old_ids.push_back({now.effective_namespace(), now.name, now.gvk.kind});
}

void Resource::set_annotation(const std::string& key, const std::string& value) {
  node.child_map("metadata").child_map("annotations").set(key, Node::string(value));
}

std::vector<std::pair<std::string, std::string>> Resource::texts(std::string_view field) const {
  std::vector<std::pair<std::string, std::string>> out;
  const Node* metadata = node.find("metadata");
  const Node* map = metadata != nullptr ? metadata->find(field) : nullptr;
  if (map != nullptr)
    for (const auto& f : map->fields)
      if (f.value.is_scalar()) out.emplace_back(f.name, f.value.is_null() ? "" : f.value.value);
  return out;
}

void Resource::normalise(std::string_view field) {
  Node* metadata = node.find("metadata");
  Node* map = metadata != nullptr ? metadata->find(field) : nullptr;
  if (map == nullptr || !map->is_map()) return;
  if (map->fields.empty()) {
    metadata->erase(field);
    return;
  }
  for (auto& f : map->fields)
    if (f.value.is_scalar()) f.value = Node::string(f.value.value);
}

Status ResMap::append(ResourcePtr resource) {
  ResId id = resource->id();
  if (!with_current_id(id).empty()) return bad("may not add resource with an already registered id: " + id.text());
  list_.push_back(std::move(resource));
  return {};
}

Status ResMap::append_all(const ResMap& other) {
  for (const auto& r : other.list_) TRY(append(r));
  return {};
}

Status ResMap::absorb(const ResMap& generated) {
  for (const auto& r : generated.list_) TRY(absorb_one(r));
  return {};
}

Status ResMap::absorb_one(ResourcePtr resource) {
  ResId id = resource->id();
  auto matches = with_any_id(id);
  if (matches.size() > 1) return bad("found multiple objects " + std::to_string(matches.size()) + " that could accept merge of " + id.text());
  bool merges = resource->behavior == Behavior::kMerge;
  bool replaces = resource->behavior == Behavior::kReplace;
  if (matches.empty()) {
    if (merges || replaces) return bad("id " + go_syntax(id) + " does not exist; cannot merge or replace");
    return append(std::move(resource));
  }
  if (!merges && !replaces)
    return bad("id " + go_syntax(id) + " exists; can not use behavior: '" + std::string(behavior_name(resource->behavior)) + "', behavior must be merge or replace");
  const Resource& old = *matches.front();
  std::string origin = old.node.text({"metadata", "annotations", "config.kubernetes.io/origin"});
  take_over(*resource, old);
  if (merges) {
    merge_map(*resource, old, {"data"});
    merge_map(*resource, old, {"binaryData"});
    if (!origin.empty()) resource->set_annotation("config.kubernetes.io/origin", origin);
  }
  for (auto& r : list_)
    if (r == matches.front()) r = resource;
  return {};
}

void ResMap::drop_empty() {
  list_.erase(std::remove_if(list_.begin(), list_.end(), [](const ResourcePtr& r) { return r->node.is_empty(); }), list_.end());
}

std::vector<ResourcePtr> ResMap::with_current_id(const ResId& id) const {
  std::vector<ResourcePtr> out;
  for (const auto& r : list_)
    if (id.name == r->name() && id.equals(r->id())) out.push_back(r);
  return out;
}

std::vector<ResourcePtr> ResMap::with_any_id(const ResId& id) const {
  std::vector<ResourcePtr> out;
  for (const auto& r : list_) {
    if (r->node.is_empty()) continue;
    auto ids = r->previous_ids();
    ids.push_back(r->id());
    if (std::any_of(ids.begin(), ids.end(), [&](const ResId& i) { return id.equals(i); })) out.push_back(r);
  }
  return out;
}

Result<std::vector<ResourcePtr>> parse_resources(std::string_view text) {
  auto nodes = parse_nodes(text);
  if (!nodes) return bad("MalformedYAMLError: " + nodes.error().message);
  std::vector<ResourcePtr> out;
  for (auto& node : *nodes) TRY(add_documents(out, std::move(node), 0));
  return out;
}

}  // namespace skerry::kustomize
