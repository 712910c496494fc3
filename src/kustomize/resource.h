// ResId, Resource, ResMap: the objects a build works on, with what it remembers about them.
//
// A resource keeps every identity it had (names before prefixes, namespaces before they were set), so that references and
// patches that use an old name still find it. kustomize keeps this in annotations of the object; here it stands beside it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/node.h"

namespace skerry::kustomize {

struct Gvk {
  std::string group;
  std::string version;
  std::string kind;

  bool operator==(const Gvk&) const = default;
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "Deployment.v1.apps", with [noKind], [noVer], [noGrp].
  std::string text() const;
  // Empty fields of the selector match everything.
  bool selected_by(const Gvk& selector) const;
};

Gvk gvk_of(const Node& object);
// "apps/v1" to group and version; "v1" has no group.
Gvk parse_api_version(std::string_view api_version);
// By what kustomize's schema (Kubernetes 1.21) knows: kinds it does not know are namespaced.
bool is_cluster_scoped(const Gvk& gvk);
// Kinds that stand first or last in the legacy order; then by group, version and kind.
bool legacy_less(const Gvk& a, const Gvk& b);
// "apps_v1_Deployment", with ~G, ~V and ~K for what is empty: the order of kinds that no list names.
std::string sort_key(const Gvk& gvk);

struct ResId {
  Gvk gvk;
  std::string name;
  std::string ns;

  // "default" where none is given, "_non_namespaceable_" for cluster-scoped kinds.
  std::string effective_namespace() const;
  bool equals(const ResId& other) const { return gvk == other.gvk && name == other.name && effective_namespace() == other.effective_namespace(); }
  bool selected_by(const ResId& selector) const;
  bool empty() const { return gvk == Gvk{} && name.empty() && ns.empty(); }
  // "Deployment.v1.apps/web.prod" with [noNs], [noName].
  std::string text() const;
};

enum class Behavior : uint8_t { kUnspecified, kCreate, kReplace, kMerge };

struct Resource {
  Node node;
  struct OldId {
    std::string ns;
    std::string name;
    std::string kind;
  };
  std::vector<OldId> old_ids;  // oldest first
  std::vector<std::string> prefixes;
  std::vector<std::string> suffixes;
  std::vector<std::string> var_names;  // vars whose value comes from here
  Behavior behavior = Behavior::kUnspecified;
  bool hash_suffix = false;
  bool allow_name_change = false;  // of a patch
  bool allow_kind_change = false;

  Gvk gvk() const { return gvk_of(node); }
  std::string name() const { return node.text({"metadata", "name"}); }
  std::string ns() const { return node.text({"metadata", "namespace"}); }
  void set_name(const std::string& name);
  ResId id() const;
  std::vector<ResId> previous_ids() const;
  ResId original_id() const;
  // Before anything that changes name, namespace or kind.
  void remember_id();

  // metadata.labels / metadata.annotations as text.
  std::vector<std::pair<std::string, std::string>> labels() const { return texts("labels"); }
  std::vector<std::pair<std::string, std::string>> annotations() const { return texts("annotations"); }
  void set_annotation(const std::string& key, const std::string& value);
  // What kustomize does when it writes annotations back: every value is text, an empty map goes away.
  void normalise_annotations() { normalise("annotations"); }
  void normalise_labels() { normalise("labels"); }

 private:
  std::vector<std::pair<std::string, std::string>> texts(std::string_view field) const;
  void normalise(std::string_view field);
};

using ResourcePtr = std::shared_ptr<Resource>;

class ResMap {
 public:
  std::vector<ResourcePtr>& all() { return list_; }
  const std::vector<ResourcePtr>& all() const { return list_; }

  // "may not add resource with an already registered id: ..."
  Status append(ResourcePtr resource);
  Status append_all(const ResMap& other);
  // What generators made: added, merged into or put in place of what is there, by their behavior.
  Status absorb(const ResMap& generated);
  void drop_empty();

  std::vector<ResourcePtr> with_current_id(const ResId& id) const;
  std::vector<ResourcePtr> with_any_id(const ResId& id) const;

 private:
  Status absorb_one(ResourcePtr resource);
  std::vector<ResourcePtr> list_;
};

// Resources of a YAML stream; lists are taken apart. Checks kind and name.
Result<std::vector<ResourcePtr>> parse_resources(std::string_view text);

}  // namespace skerry::kustomize
