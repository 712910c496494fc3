#include "kustomize/transformers.h"

#include <algorithm>

#include "kustomize/generators.h"
#include "kustomize/regex.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Error wrong_kind(std::string_view expected, const Node& node) {
  return bad("wrong node kind: expected " + std::string(expected) + " but got " + (node.is_map() ? "MappingNode" : node.is_list() ? "SequenceNode" : "ScalarNode") + ": node contents:\n" + flow_yaml(node) + "\n");
}

// Keeps quotes as they are; a null becomes the text.
Status set_scalar(Node& node, const std::string& text) {
  if (!node.is_scalar() && node.kind != Node::Kind::kNone) return wrong_kind("ScalarNode", node);
  node = Node::string(text);
  return {};
}

// ---- namespace ---------------------------------------------------------------------------------------------

Status set_subjects(Node& object, const std::string& ns, const NamespaceOptions& options) {
  Node* subjects = object.find("subjects");
  if (subjects == nullptr || !subjects->is_list() || options.subjects == "none") return {};
  for (auto& subject : subjects->items) {
    if (!subject.is_map()) continue;
    bool mine = options.subjects == "allServiceAccounts" ? subject.text({"kind"}) == "ServiceAccount" : subject.text({"name"}) == "default";
    if (!mine || (options.only_unset && !subject.text({"namespace"}).empty())) continue;
    subject.set("namespace", Node::string(ns));
  }
  return {};
}

}  // namespace

Status set_namespace(ResMap& resources, const std::string& ns, const std::vector<FieldSpec>& specs, const NamespaceOptions& options) {
  if (ns.empty()) return {};
  auto set = [&](Node& node) -> Status {
    if (options.only_unset && node.is_scalar() && !node.is_null() && !node.value.empty()) return {};
    return set_scalar(node, ns);
  };
  for (auto& r : resources.all()) {
    if (r->node.is_empty()) continue;
    r->remember_id();
    Gvk gvk = r->gvk();
    if (!is_cluster_scoped(gvk)) TRY(apply_field({{}, "metadata/namespace", true}, r->node, CreateAs::kScalar, set));
    bool binding = gvk.kind == "RoleBinding" || gvk.kind == "ClusterRoleBinding";
    if (binding) TRY(set_subjects(r->node, ns, options));
    for (const auto& spec : specs) {
      if (spec.path == "metadata/namespace") continue;
      if (binding && spec.path == "subjects") continue;
      TRY(apply_field(spec, r->node, CreateAs::kScalar, set));
    }
    if (auto same = resources.with_current_id(r->id()); same.size() != 1) {
      std::string ids;
      for (const auto& s : same) ids += (ids.empty() ? "" : " ") + json::dump(to_json(s->node));
      return bad("namespace transformation produces ID conflict: [" + ids + "]");
    }
  }
  return {};
}

// ---- prefix and suffix -------------------------------------------------------------------------------------

namespace {

// Their names are made of other things, or are what others are named by.
bool keeps_name(const Gvk& gvk) {
  return gvk.kind == "CustomResourceDefinition" || gvk.kind == "Namespace" || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io");
}

Status add_affix(ResMap& resources, const std::string& affix, bool prefix, const std::vector<FieldSpec>& specs) {
  if (affix.empty()) return {};
  for (auto& r : resources.all()) {
    Gvk original = r->original_id().gvk;
    if (keeps_name(original)) continue;
    for (const auto& spec : specs) {
      if (!original.selected_by(spec.gvk)) continue;
      if (spec.path == "metadata/name") {
        (prefix ? r->prefixes : r->suffixes).push_back(affix);
        r->remember_id();
      }
      auto set = [&](Node& node) -> Status {
        if (!node.is_scalar()) return wrong_kind("ScalarNode", node);
        std::string text = prefix ? affix + node.value : node.value + affix;
        return set_scalar(node, text);
      };
      FieldSpec at{{}, spec.path, spec.create};
      TRY(apply_field(at, r->node, CreateAs::kScalar, set));
    }
  }
  return {};
}

}  // namespace

Status add_prefix(ResMap& resources, const std::string& prefix, const std::vector<FieldSpec>& specs) { return add_affix(resources, prefix, true, specs); }
Status add_suffix(ResMap& resources, const std::string& suffix, const std::vector<FieldSpec>& specs) { return add_affix(resources, suffix, false, specs); }

// ---- labels and annotations --------------------------------------------------------------------------------

Status add_texts(ResMap& resources, const Texts& texts, const std::vector<FieldSpec>& specs) {
  if (texts.empty()) return {};
  for (auto& r : resources.all()) {
    if (r->node.is_empty()) continue;
    for (const auto& spec : specs)
      TRY(apply_field(spec, r->node, CreateAs::kMap, [&](Node& node) -> Status {
        if (!node.is_map()) return wrong_kind("MappingNode", node);
        for (const auto& [key, value] : texts) node.set(key, Node::string(value));
        return {};
      }));
  }
  return {};
}

// ---- images ------------------------------------------------------------------------------------------------

namespace {

struct ImageParts {
  std::string name, tag, digest;
};

ImageParts split_image(const std::string& image) {
  size_t slash = image.find('/');
  size_t from = slash == std::string::npos || slash == 0 ? 0 : slash;  // a port before the first slash is no tag
  size_t at = image.find('@', from), colon = image.find(':', from);
  if (at == std::string::npos && colon == std::string::npos) return {image, "", ""};
  if (at != std::string::npos && at < colon) return {image.substr(0, at), "", image.substr(at + 1)};
  ImageParts out{image.substr(0, colon), image.substr(colon + 1), ""};
  if (at != std::string::npos) out = {image.substr(0, colon), image.substr(colon + 1, at - colon - 1), image.substr(at + 1)};
  return out;
}

class ImageSetter {
 public:
  static Result<ImageSetter> make(const Image& image) {
    ImageSetter out(image);
    out.regex_ = TRY(Regex::compile("^" + image.name + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$"));
    return out;
  }

  Status set(Node& node) const {
    if (!node.is_scalar()) return wrong_kind("ScalarNode", node);
    if (!regex_.search(node.value)) return {};
    ImageParts parts = split_image(node.value);
    if (!image_.new_name.empty()) parts.name = image_.new_name;
    if (!image_.new_tag.empty() || !image_.digest.empty()) {
      parts.tag = image_.new_tag;
      parts.digest = image_.digest;
    } else if (!image_.tag_suffix.empty()) {
      parts.tag += image_.tag_suffix;
      parts.digest.clear();
    }
    node = Node::string(parts.name + (parts.tag.empty() ? "" : ":" + parts.tag) + (parts.digest.empty() ? "" : "@" + parts.digest));
    return {};
  }

  // Any "containers" or "initContainers" anywhere: custom kinds hold pods too.
  Status walk(Node& node) const {
    if (node.is_list()) {
      for (auto& item : node.items) TRY(walk(item));
    } else if (node.is_map()) {
      for (auto& f : node.fields) {
        TRY(walk(f.value));
        if ((f.name != "containers" && f.name != "initContainers") || !f.value.is_list()) continue;
        for (auto& container : f.value.items)
          if (Node* image = container.find("image"); image != nullptr && !image->is_null()) TRY(set(*image));
      }
    }
    return {};
  }

 private:
  explicit ImageSetter(const Image& image) : image_(image) {}
  Image image_;
  Regex regex_;
};

}  // namespace

Status set_image(ResMap& resources, const Image& image, const std::vector<FieldSpec>& specs) {
  auto setter = ImageSetter::make(image);
  if (!setter) return {};  // a name that is no regular expression matches nothing
  for (auto& r : resources.all()) {
    if (r->gvk().kind == "CustomResourceDefinition") continue;
    TRY(setter->walk(r->node));
  }
  for (auto& r : resources.all()) {
    if (r->gvk().kind == "CustomResourceDefinition") continue;
    for (const auto& spec : specs)
      TRY(apply_field(spec, r->node, CreateAs::kNothing, [&](Node& node) -> Status { return node.is_null() ? Status() : setter->set(node); }));
  }
  return {};
}

// ---- replicas ----------------------------------------------------------------------------------------------

Status set_replicas(ResMap& resources, const std::string& name, int64_t count, const std::vector<FieldSpec>& specs) {
  bool found = false;
  for (const auto& spec : specs) {
    for (auto& r : resources.all()) {
      auto ids = r->previous_ids();
      ids.push_back(r->id());
      if (std::none_of(ids.begin(), ids.end(), [&](const ResId& id) { return id.name == name && id.gvk.selected_by(spec.gvk); })) continue;
      found = true;
      TRY(apply_field(spec, r->node, CreateAs::kScalar, [&](Node& node) -> Status {
        if (!node.is_scalar()) return wrong_kind("ScalarNode", node);
        node = Node::plain(std::to_string(count));
        node.tag = Node::Tag::kInt;
        return {};
      }));
    }
  }
  if (found) return {};
  std::string kinds;
  for (const auto& spec : specs) kinds += (kinds.empty() ? "" : " ") + spec.gvk.text();
  return bad("resource with name " + name + " does not match a config with the following GVK [" + kinds + "]");
}

// ---- hashes and order --------------------------------------------------------------------------------------

void add_hashes(ResMap& resources) {
  for (auto& r : resources.all()) {
    if (!r->hash_suffix) continue;
    std::string hash = content_hash(r->node);
    r->remember_id();
    r->set_name(r->name() + "-" + hash);
  }
}

void sort_legacy(ResMap& resources, const std::vector<std::string>& first, const std::vector<std::string>& last) {
  bool own = !first.empty() || !last.empty();
  auto rank = [&](const std::string& kind) {
    for (size_t i = 0; i < last.size(); ++i)
      if (last[i] == kind) return static_cast<int>(i) + 1;
    for (size_t i = 0; i < first.size(); ++i)
      if (first[i] == kind) return static_cast<int>(i) - static_cast<int>(first.size());
    return 0;
  };
  auto less_gvk = [&](const Gvk& a, const Gvk& b) {
    if (!own) return legacy_less(a, b);
    int ra = rank(a.kind), rb = rank(b.kind);
    if (ra != rb) return ra < rb;
    return sort_key(a) < sort_key(b);
  };
  struct Entry {
    ResId id;
    std::string key;
    ResourcePtr resource;
  };
  std::vector<Entry> list;
  for (auto& r : resources.all()) {
    ResId id = r->id();
    std::string key = id.gvk.text() + "|" + (id.ns.empty() ? "~X" : id.ns) + "|" + (id.name.empty() ? "~N" : id.name);
    list.push_back({std::move(id), std::move(key), r});
  }
  std::stable_sort(list.begin(), list.end(), [&](const Entry& a, const Entry& b) { return a.id.gvk == b.id.gvk ? a.key < b.key : less_gvk(a.id.gvk, b.id.gvk); });
  for (size_t i = 0; i < list.size(); ++i) resources.all()[i] = list[i].resource;
}

}  // namespace skerry::kustomize
