#include "kustomize/vars.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "kustomize/replacements.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

struct Value {
  Node node;
};
using Values = std::map<std::string, Node>;

// $(NAME) is the value, $$ is $, and what no var is called stays. A text that is nothing but a var takes its type.
Node expand(const std::string& text, const Values& values, std::set<std::string>& used) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    size_t close = text[i + 1] == '(' ? text.find(')', i + 2) : std::string::npos;
    if (close == std::string::npos) {
      out += text[i];
      continue;
    }
    std::string name = text.substr(i + 2, close - i - 2);
    auto value = values.find(name);
    if (value == values.end()) {
      out += text.substr(i, close - i + 1);
    } else {
      used.insert(name);
      if (i == 0 && close + 1 == text.size()) return value->second;
      out += value->second.value;
    }
    i = close;
  }
  return Node::string(out);
}

const Node* look_up(const Node& root, const std::string& path) {
  const Node* at = &root;
  for (std::string part : split_field_path(path)) {
    // a.b[0].c and a.b.0.c are the same.
    std::vector<std::string> steps;
    size_t bracket = part.find('[');
    steps.push_back(part.substr(0, bracket));
    if (bracket != std::string::npos && part.back() == ']') steps.push_back(part.substr(bracket + 1, part.size() - bracket - 2));
    for (const auto& step : steps) {
      if (step.empty()) continue;
      if (at->is_list()) {
        auto index = parse_int(step);
        if (!index || *index < 0 || static_cast<size_t>(*index) >= at->items.size()) return nullptr;
        at = &at->items[static_cast<size_t>(*index)];
      } else {
        at = at->find(step);
        if (at == nullptr) return nullptr;
      }
    }
  }
  return at;
}

Result<Node> value_of(const ResMap& resources, const Var& var) {
  for (const auto& r : resources.all()) {
    if (std::find(r->var_names.begin(), r->var_names.end(), var.name) == r->var_names.end()) continue;
    const Node* found = look_up(r->node, var.field_path);
    if (found == nullptr || !found->is_scalar()) return bad("field specified in var '" + var.text() + "' not found in corresponding resource");
    return *found;
  }
  return bad("var '" + var.text() + "' cannot be mapped to a field in the set of known resources");
}

}  // namespace

std::string Var::text() const { return "{" + name + " " + object.gvk.text() + " {" + field_path + "}}"; }

Result<std::vector<Var>> parse_vars(const Json& list) {
  std::vector<Var> out;
  for (const auto& j : json::array_or_empty(list)) {
    const Json& ref = json::find(j, "objref");
    Var v;
    v.name = json::str(j, "name");
    v.object.gvk = parse_api_version(json::str(ref, "apiVersion"));
    if (std::string group = json::str(ref, "group"); !group.empty()) v.object.gvk.group = group;
    if (std::string version = json::str(ref, "version"); !version.empty()) v.object.gvk.version = version;
    v.object.gvk.kind = json::str(ref, "kind");
    v.object.name = json::str(ref, "name");
    v.object.ns = json::str(ref, "namespace");
    std::string path = json::str(j, {"fieldref", "fieldPath"}, json::str(j, {"fieldref", "fieldpath"}));
    if (!path.empty()) v.field_path = path;
    out.push_back(std::move(v));
  }
  return out;
}

Status merge_vars(std::vector<Var>& into, const std::vector<Var>& more) {
  for (const auto& var : more) {
    for (const auto& known : into)
      if (known.name == var.name) return bad("var '" + var.name + "' already encountered");
    into.push_back(var);
  }
  std::sort(into.begin(), into.end(), [](const Var& a, const Var& b) { return a.name < b.name; });
  return {};
}

Status add_vars(std::vector<Var>& into, const std::vector<Var>& more, ResMap& resources) {
  for (const auto& var : more) {
    bool exact = !var.object.ns.empty() || is_cluster_scoped(var.object.gvk);
    std::vector<ResourcePtr> found;
    for (const auto& r : resources.all()) {
      ResId id = r->original_id();
      bool fits = id.name == var.object.name && id.gvk == var.object.gvk && (!exact || id.effective_namespace() == var.object.effective_namespace());
      if (fits) found.push_back(r);
    }
    if (found.size() > 1) return bad("found " + std::to_string(found.size()) + " resId matches for var " + var.text() + " (unable to disambiguate)");
    if (found.size() == 1) found[0]->var_names.push_back(var.name);
  }
  return merge_vars(into, more);
}

Status resolve_vars(ResMap& resources, const std::vector<Var>& vars, const std::vector<FieldSpec>& specs, std::vector<std::string>& warnings) {
  if (vars.empty()) return {};
  Values values;
  for (const auto& var : vars) {
    Node value = TRY(value_of(resources, var));
    values.emplace(var.name, std::move(value));
  }
  std::set<std::string> used;
  auto replace = [&](Node& node) { if (node.is_string()) node = expand(node.value, values, used); };
  for (auto& r : resources.all())
    for (const auto& spec : specs)
      TRY(apply_field(spec, r->node, CreateAs::kNothing, [&](Node& node) -> Status {
        if (node.is_scalar()) replace(node);
        for (auto& item : node.items) {
          if (!item.is_string()) return bad("invalid value type expect a string");
          replace(item);
        }
        for (auto& f : node.fields) replace(f.value);
        return {};
      }));
  std::string unused;
  for (const auto& [name, value] : values)
    if (!used.contains(name)) unused += (unused.empty() ? "" : ",") + name;
  if (!unused.empty()) warnings.push_back("well-defined vars that were never replaced: " + unused);
  return {};
}

}  // namespace skerry::kustomize
