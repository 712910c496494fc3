#include "kustomize/references.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/strings.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// What is looked at again and again, made once.
struct Known {
  ResourcePtr resource;
  ResId now;
  std::vector<ResId> before;
  std::string name;
  std::string ns;
  bool cluster_scoped = false;
};

// The shorter list is the end of the longer one.
bool same_ending(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  size_t n = std::min(a.size(), b.size());
  return std::equal(a.end() - static_cast<std::ptrdiff_t>(n), a.end(), b.end() - static_cast<std::ptrdiff_t>(n));
}

bool same_affixes(const Resource& a, const Resource& b, bool allow_empty) {
  auto same = [&](const std::vector<std::string>& x, const std::vector<std::string>& y) {
    if (allow_empty && (x.empty() || y.empty())) return true;
    return x.size() == y.size() || allow_empty ? same_ending(x, y) : same_ending(x, y) && x.empty() == y.empty();
  };
  return same(a.prefixes, b.prefixes) && same(a.suffixes, b.suffixes);
}

using Candidates = std::vector<const Known*>;

class Follower {
 public:
  Follower(const Known& referrer, const NameReference& reference, const FieldSpec& spec, const Candidates& candidates)
      : referrer_(referrer), target_(reference.target), spec_(spec), candidates_(candidates) {}

  Status set(Node& node) {
    if (node.is_null()) return {};
    if (node.is_scalar()) return set_scalar(node);
    if (node.is_map()) return set_map(node);
    for (auto& item : node.items) {
      if (item.is_null()) continue;
      if (item.is_scalar()) TRY(set_scalar(item));
      else if (item.is_map()) TRY(set_map(item));
      else return bad("node must be a scalar or map");
    }
    return {};
  }

 private:
  Status set_scalar(Node& node) {
    const Known* found = TRY(select(node.value, candidates_, false));
    if (found != nullptr && found->name != node.value) node = Node::string(found->name);
    return {};
  }

  // {name: ..., namespace: ...}: both follow.
  Status set_map(Node& node) {
    const Node* name = node.find("name");
    if (name == nullptr) return bad("path config error; no 'name' field in node");
    Candidates candidates;
    if (const Node* ns = node.find("namespace")) {
      for (const Known* c : candidates_)
        if (!c->cluster_scoped && original(*c).effective_namespace() == ns->value) candidates.push_back(c);
      if (candidates.empty())
        for (const Known* c : candidates_)
          if (!c->cluster_scoped && c->now.effective_namespace() == ns->value) candidates.push_back(c);
    } else {
      candidates = candidates_;
    }
    std::string old = name->value;
    const Known* found = TRY(select(old, candidates, true));
    if (found == nullptr || (found->name == old && found->ns.empty())) return {};
    node.set("name", Node::string(found->name));
    if (!found->ns.empty()) node.set("namespace", Node::string(found->ns));
    return {};
  }

  static const ResId& original(const Known& k) { return k.before.empty() ? k.now : k.before.front(); }

  bool reachable(const Known& k) const { return referrer_.cluster_scoped || k.cluster_scoped || k.now.gvk.kind == "ServiceAccount" || k.now.effective_namespace() == referrer_.now.effective_namespace(); }

  Result<const Known*> select(const std::string& old_name, Candidates list, bool with_namespace) const {
    auto keep = [&](auto&& test) { std::erase_if(list, [&](const Known* k) { return !test(*k); }); };
    auto some_before = [](const Known& k, auto&& test) { return std::any_of(k.before.begin(), k.before.end(), test); };
    keep([&](const Known& k) { return some_before(k, [&](const ResId& id) { return id.name == old_name; }); });
    keep([&](const Known& k) { return some_before(k, [&](const ResId& id) { return id.gvk.selected_by(target_); }); });
    if (list.empty()) return nullptr;
    if (ends_with(spec_.path, "roleRef/name")) {
      const Node& node = referrer_.resource->node;
      Gvk role{node.text({"roleRef", "apiGroup"}), "", node.text({"roleRef", "kind"})};
      const Node* ref = node.find("roleRef");
      if (ref != nullptr && ref->find("apiGroup") != nullptr && ref->find("kind") != nullptr) keep([&](const Known& k) { return some_before(k, [&](const ResId& id) { return id.gvk.selected_by(role); }); });
    }
    keep([&](const Known& k) { return reachable(k); });
    if (list.size() == 1) return list[0];
    keep([&](const Known& k) { return same_affixes(*k.resource, *referrer_.resource, true); });
    if (list.size() == 1) return list[0];
    keep([&](const Known& k) { return same_affixes(*k.resource, *referrer_.resource, false); });
    if (list.empty()) return nullptr;
    bool same = std::all_of(list.begin(), list.end(), [&](const Known* k) { return k->name == list[0]->name && (!with_namespace || k->ns == list[0]->ns); });
    if (list.size() == 1 || same) return list[0];
    std::string ids;
    for (const Known* k : list) ids += (ids.empty() ? "" : ", ") + k->now.text();
    return bad("updating name reference in '" + spec_.path + "' field of '" + referrer_.now.text() + "':  found multiple possible referrals: " + ids);
  }

  const Known& referrer_;
  const Gvk& target_;
  const FieldSpec& spec_;
  const Candidates& candidates_;
};

// Other namespaces' ServiceAccounts may be subjects of a RoleBinding.
std::set<std::string> namespaces_of_subjects(const Resource& r) {
  std::set<std::string> out;
  const Node* subjects = r.gvk().kind == "RoleBinding" ? r.node.find("subjects") : nullptr;
  if (subjects != nullptr)
    for (const auto& subject : subjects->items)
      if (subject.text({"kind"}) == "ServiceAccount" && !subject.text({"namespace"}).empty()) out.insert(subject.text({"namespace"}));
  return out;
}

}  // namespace

Status fix_references(ResMap& resources, const std::vector<NameReference>& references) {
  std::vector<Known> known;
  for (const auto& r : resources.all()) known.push_back({r, r->id(), r->previous_ids(), r->name(), r->ns(), is_cluster_scoped(r->gvk())});
  for (const auto& referrer : known) {
    Candidates candidates;
    bool gathered = false;
    ResId original = referrer.before.empty() ? referrer.now : referrer.before.front();
    for (const auto& reference : references) {
      for (const auto& spec : reference.referrers) {
        if (!original.gvk.selected_by(spec.gvk) || !has_field(referrer.resource->node, spec.path)) continue;
        if (!gathered) {
          gathered = true;
          auto subjects = namespaces_of_subjects(*referrer.resource);
          for (const auto& k : known)
            if (!k.before.empty() && (referrer.cluster_scoped || k.cluster_scoped || k.now.effective_namespace() == referrer.now.effective_namespace() || subjects.contains(k.ns))) candidates.push_back(&k);
        }
        FieldSpec here{{}, spec.path, spec.create};
        Follower follower(referrer, reference, spec, candidates);
        TRY(apply_field(here, referrer.resource->node, CreateAs::kNothing, [&](Node& node) { return follower.set(node); }));
      }
    }
  }
  return {};
}

}  // namespace skerry::kustomize
