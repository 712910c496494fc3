#include "kustomize/replacements.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/strings.h"
#include "kustomize/selector.h"

namespace skerry::kustomize {
namespace {

constexpr size_t kMaxListGrowth = 1000;

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

ResId parse_id(const Json& j) { return {{json::str(j, "group"), json::str(j, "version"), json::str(j, "kind")}, json::str(j, "name"), json::str(j, "namespace")}; }

std::vector<ResId> ids_of(const Resource& r) {
  auto ids = r.previous_ids();
  ids.push_back(r.id());
  return ids;
}

std::string_view kind_name(const Node& n) { return n.is_map() ? "MappingNode" : n.is_list() ? "SequenceNode" : "ScalarNode"; }
Error wrong_kind(std::string_view expected, const Node& n) { return bad("wrong node kind: expected " + std::string(expected) + " but got " + std::string(kind_name(n)) + ": node contents:\n" + flow_yaml(n) + "\n"); }

// ---- parts of a path -----------------------------------------------------------------------------------------

struct Part {
  enum class Kind { kField, kIndex, kLast, kEvery, kElement } kind = Kind::kField;
  std::string name;   // of the field; of the element's key, empty for a list of scalars
  std::string value;  // of the element's key
  size_t index = 0;
};

Part parse_part(const std::string& text) {
  Part out;
  out.name = text;
  if (auto index = parse_int(text); index && *index >= 0) {
    out.kind = Part::Kind::kIndex;
    out.index = static_cast<size_t>(*index);
  } else if (text == "-") {
    out.kind = Part::Kind::kLast;
  } else if (text == "*") {
    out.kind = Part::Kind::kEvery;
  } else if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    std::string inside = text.substr(1, text.size() - 2);
    size_t equals = inside.find('=');
    if (equals == std::string::npos) {
      out.name = inside;
    } else {
      out.kind = Part::Kind::kElement;
      out.name = inside.substr(0, equals);
      out.value = inside.substr(equals + 1);
    }
  }
  return out;
}

std::vector<Part> parse_path(const std::string& path) {
  std::vector<Part> out;
  for (const auto& part : split_field_path(path))
    if (!trim(part).empty()) out.push_back(parse_part(std::string(trim(part))));
  return out;
}

// One place, for the source: elements by their exact key.
Result<const Node*> look_up(const Node& root, const std::vector<Part>& path) {
  const Node* at = &root;
  for (const auto& part : path) {
    const Node* next = nullptr;
    if (at->is_null()) return nullptr;
    if (part.kind == Part::Kind::kField || part.kind == Part::Kind::kEvery) {
      if (!at->is_map()) return wrong_kind("MappingNode", *at);
      next = at->find(part.name);
    } else {
      if (!at->is_list()) return wrong_kind("SequenceNode", *at);
      if (part.kind == Part::Kind::kIndex && part.index < at->items.size()) next = &at->items[part.index];
      if (part.kind == Part::Kind::kLast && !at->items.empty()) next = &at->items.back();
      if (part.kind == Part::Kind::kElement)
        for (const auto& item : at->items)
          if (part.name.empty() ? item.is_scalar() && item.value == part.value : item.is_map() && item.find(part.name) != nullptr && item.find(part.name)->value == part.value) {
            next = &item;
            break;
          }
    }
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

// All places, for targets: elements by a regular expression, "*" for every one. With `create` missing fields and
// elements are made; the last one is of `leaf`'s kind.
class Finder {
 public:
  Finder(bool create, const Node& leaf) : create_(create), leaf_(leaf) {}

  Status find(Node& at, std::span<const Part> path, std::vector<Node*>& out) {
    if (path.empty()) {
      out.push_back(&at);
      return {};
    }
    if (at.is_null() && at.kind == Node::Kind::kScalar && !create_) return {};
    const Part& part = path[0];
    switch (part.kind) {
      case Part::Kind::kField: return field(at, part, path, out);
      case Part::Kind::kEvery:
        if (!at.is_list()) return wrong_kind("SequenceNode", at);
        for (auto& item : at.items) TRY(find(item, path.subspan(1), out));
        return {};
      case Part::Kind::kIndex:
        if (at.is_map()) return field(at, part, path, out);
        if (!at.is_list()) return wrong_kind("SequenceNode", at);
        if (part.index >= at.items.size()) return bad("index " + std::to_string(part.index) + " specified but only " + std::to_string(at.items.size()) + " elements found");
        return find(at.items[part.index], path.subspan(1), out);
      case Part::Kind::kLast:
        if (!at.is_list()) return wrong_kind("SequenceNode", at);
        return at.items.empty() ? Status() : find(at.items.back(), path.subspan(1), out);
      case Part::Kind::kElement: return element(at, part, path, out);
    }
    return {};
  }

 private:
  Node made_for(std::span<const Part> rest) const {
    if (rest.empty()) {
      if (leaf_.is_map()) return Node::map();
      if (leaf_.is_list()) return Node::list();
      return Node::plain("");
    }
    return rest[0].kind == Part::Kind::kElement || rest[0].kind == Part::Kind::kEvery || rest[0].kind == Part::Kind::kLast ? Node::list() : Node::map();
  }

  Status field(Node& at, const Part& part, std::span<const Part> path, std::vector<Node*>& out) {
    if (at.is_scalar() && !at.is_null() && create_ && at.is_string()) return structured(at, path);
    if (!at.is_map()) return wrong_kind("MappingNode", at);
    Node* child = at.find(part.name);
    if (child == nullptr) {
      if (!create_) return {};
      child = &at.set(part.name, made_for(path.subspan(1)));
    }
    return find(*child, path.subspan(1), out);
  }

  Status element(Node& at, const Part& part, std::span<const Part> path, std::vector<Node*>& out) {
    if (!at.is_list()) return wrong_kind("SequenceNode", at);
    auto regex = TRY(Regex::compile(part.value));
    bool found = false;
    for (auto& item : at.items) {
      const Node* key = part.name.empty() ? &item : item.find(part.name);
      if (key == nullptr || !key->is_scalar()) continue;
      if (create_ ? key->value != part.value : !regex.search(key->value)) continue;
      found = true;
      TRY(find(item, path.subspan(1), out));
    }
    if (found || !create_) return {};
    if (at.items.size() >= kMaxListGrowth) return bad("the list has too many elements to add one");
    at.items.reserve(at.items.size() + 1);
    at.items.push_back(part.name.empty() ? Node::plain(part.value) : Node::map());
    if (!part.name.empty()) at.items.back().set(part.name, Node::plain(part.value));
    return find(at.items.back(), path.subspan(1), out);
  }

  // JSON inside a string ("create" only): the value is set in it and it is written again.
  Status structured(Node& at, std::span<const Part> path) {
    auto json = json::parse_json(at.value);
    if (!json || !json->is_structured()) return bad("the field is text that holds no JSON");
    Node inner = from_json(*json);
    std::vector<Node*> places;
    TRY(find(inner, path, places));
    for (Node* place : places) *place = leaf_;
    at = Node::string(json::dump(to_json(inner)));
    return {};
  }

  bool create_;
  const Node& leaf_;
};

// ---- delimiters ------------------------------------------------------------------------------------------------

std::vector<std::string> split_text(const std::string& text, const std::string& delimiter) {
  std::vector<std::string> out;
  size_t from = 0;
  for (size_t at; (at = text.find(delimiter, from)) != std::string::npos; from = at + delimiter.size()) out.push_back(text.substr(from, at - from));
  out.push_back(text.substr(from));
  return out;
}

Status set_field(Node& target, Node value, const Json& options) {
  std::string delimiter = json::str(options, "delimiter");
  int64_t index = json::integer(options, "index");
  if (!delimiter.empty()) {
    if (!target.is_scalar()) return bad("delimiter option can only be used with scalar nodes");
    auto parts = split_text(target.is_null() ? "" : target.value, delimiter);
    if (index < 0) parts.insert(parts.begin(), value.value);
    else if (index >= static_cast<int64_t>(parts.size())) parts.push_back(value.value);
    else parts[static_cast<size_t>(index)] = value.value;
    value.value = join(parts, delimiter);
  }
  if (target.is_scalar()) {
    // Only the text: a number stays a number, a quoted text stays a text. A node just made takes the text's own type.
    target.value = value.value;
    if (target.tag == Node::Tag::kNull) target.tag = Node::Tag::kPlain;
  } else {
    target = std::move(value);
  }
  return {};
}

// ---- source ----------------------------------------------------------------------------------------------------

Result<Node> source_value(const ResMap& resources, const Json& source) {
  ResId wanted = parse_id(source);
  ResourcePtr found;
  for (const auto& r : resources.all()) {
    auto ids = ids_of(*r);
    if (std::none_of(ids.begin(), ids.end(), [&](const ResId& id) { return id.selected_by(wanted); })) continue;
    if (found != nullptr) return bad("multiple matches for selector " + wanted.text());
    found = r;
  }
  if (found == nullptr) return bad("nothing selected by " + wanted.text());
  std::string path = json::str(source, "fieldPath", "metadata.name");
  const Node* at = TRY(look_up(found->node, parse_path(path)));
  if (at == nullptr || at->is_empty()) return bad("fieldPath `" + path + "` is missing for replacement source " + wanted.text());
  Node out = *at;
  const Json& options = json::find(source, "options");
  std::string delimiter = json::str(options, "delimiter");
  if (delimiter.empty()) return out;
  if (!out.is_scalar()) return bad("delimiter option can only be used with scalar nodes");
  auto parts = split_text(out.value, delimiter);
  int64_t index = json::integer(options, "index");
  if (index < 0 || index >= static_cast<int64_t>(parts.size())) return bad("options.index " + std::to_string(index) + " is out of bounds for value " + out.value);
  out.value = parts[static_cast<size_t>(index)];
  return out;
}

// ---- targets ---------------------------------------------------------------------------------------------------

class TargetSelector {
 public:
  static Result<TargetSelector> parse(const Json& target) {
    TargetSelector out;
    TRY(add(out.select_, json::find(target, "select")));
    for (const auto& reject : json::array_or_empty(json::find(target, "reject"))) {
      out.rejects_.emplace_back();
      TRY(add(out.rejects_.back(), reject));
    }
    return out;
  }

  bool takes(const Resource& r) const {
    if (!select_.labels_match(r)) return false;
    for (const auto& reject : rejects_)
      if (reject.has_labels && reject.labels_match(r) && reject.takes_some_id(r)) return false;
    auto ids = ids_of(r);
    return std::any_of(ids.begin(), ids.end(), [&](const ResId& id) {
      return select_.takes(id) && std::none_of(rejects_.begin(), rejects_.end(), [&](const One& reject) { return !reject.id.empty() && !reject.has_labels && reject.takes(id); });
    });
  }

 private:
  struct One {
    ResId id;
    std::optional<Regex> group, version, kind, name, ns;
    bool has_labels = false;
    api::LabelSelector labels, annotations;

    bool takes(const ResId& other) const {
      auto fits = [](const std::optional<Regex>& regex, const std::string& text) { return !regex || regex->search(text); };
      return fits(group, other.gvk.group) && fits(version, other.gvk.version) && fits(kind, other.gvk.kind) && fits(name, other.name) && fits(ns, other.effective_namespace());
    }
    bool labels_match(const Resource& r) const { return matches_labels(labels, r.labels()) && matches_labels(annotations, r.annotations()); }
    bool takes_some_id(const Resource& r) const {
      auto ids = ids_of(r);
      return id.empty() || std::any_of(ids.begin(), ids.end(), [&](const ResId& i) { return takes(i); });
    }
  };

  static Status add(One& out, const Json& j) {
    out.id = parse_id(j);
    auto compile = [](std::optional<Regex>& regex, const std::string& pattern) -> Status {
      if (!pattern.empty()) regex = TRY(Regex::compile("^(?:" + pattern + ")$"));
      return {};
    };
    TRY(compile(out.group, out.id.gvk.group));
    TRY(compile(out.version, out.id.gvk.version));
    TRY(compile(out.kind, out.id.gvk.kind));
    TRY(compile(out.name, out.id.name));
    TRY(compile(out.ns, out.id.ns));
    std::string labels = json::str(j, "labelSelector"), annotations = json::str(j, "annotationSelector");
    out.has_labels = !labels.empty() || !annotations.empty();
    out.labels = TRY(api::LabelSelector::parse(labels));
    out.annotations = TRY(api::LabelSelector::parse(annotations));
    return {};
  }

  One select_;
  std::vector<One> rejects_;
};

Status copy_to(Resource& r, const Node& value, const Json& target) {
  const Json& options = json::find(target, "options");
  bool create = json::boolean(options, "create");
  Json paths = json::find(target, "fieldPaths");
  if (!paths.is_array() || paths.empty()) paths = Json::array({"metadata.name"});
  for (const auto& p : paths) {
    std::string path = p.is_string() ? p.get<std::string>() : "";
    auto parts = parse_path(path);
    std::vector<Node*> places;
    std::string before = json::dump(to_json(r.node));
    Status found = Finder(create, value).find(r.node, parts, places);
    if (!found) return bad((create ? "unable to find or create field \"" : "unable to find field \"") + path + "\" in replacement target: " + found.error().message);
    if (places.empty() && !(create && before != json::dump(to_json(r.node)))) return bad(std::string(create ? "unable to find or create field \"" : "unable to find field \"") + path + "\" in replacement target");
    for (Node* place : places) TRY(set_field(*place, value, options));
  }
  return {};
}

}  // namespace

std::vector<std::string> split_field_path(std::string_view path) {
  std::vector<std::string> out{""};
  int brackets = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '\\' && i + 1 < path.size() && path[i + 1] == '.' && brackets == 0) {
      out.back() += path[++i];
      continue;
    }
    if (c == '[') ++brackets;
    if (c == ']' && brackets > 0) --brackets;
    if (c == '.' && brackets == 0) out.emplace_back();
    else out.back() += c;
  }
  return out;
}

Status apply_replacement(ResMap& resources, const Json& replacement) {
  const Json& source = json::find(replacement, "source");
  const Json& literal = json::find(replacement, "sourceValue");
  const Json& targets = json::find(replacement, "targets");
  if ((!source.is_object() && !literal.is_string()) || !targets.is_array()) return bad("replacements must specify a source and at least one target");
  if (source.is_object() && literal.is_string()) return bad("value and resource selectors are mutually exclusive in replacement");
  Node value = literal.is_string() ? Node::string(literal.get<std::string>()) : TRY(source_value(resources, source));
  for (const auto& target : targets) {
    if (!json::find(target, "select").is_object()) return bad("target must specify resources to select");
    auto selector = TRY(TargetSelector::parse(target));
    for (auto& r : resources.all())
      if (selector.takes(*r)) TRY(copy_to(*r, value, target));
  }
  return {};
}

}  // namespace skerry::kustomize
