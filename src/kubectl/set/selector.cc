// kubectl set selector and set subject, and the group of all `set` commands.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/set/pod_template.h"
#include "kubectl/workloads/commands.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

std::vector<Flag> selector_command_flags() {
  return std::vector<Flag>{{"resource-version", 0, FlagType::kString, "", "If non-empty, the selectors update will only succeed if this is the current resource-version for the object."}} +
         set_flags();
}

Result<int> run_selector(Session& s) {
  if (s.words().empty()) return plain_error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
  std::vector<std::string> resources(s.words().begin(), s.words().end() - 1);
  Json selector = Json::object();
  for (auto part : split(s.words().back(), ',')) {
    auto eq = part.find('=');
    if (eq == std::string_view::npos || eq == 0) return plain_error("invalid selector: " + s.words().back() + ", expected key=value");
    selector[std::string(part.substr(0, eq))] = std::string(part.substr(eq + 1));
  }
  return change_objects(s, resources, "selector", "selector updated", [&](const Item& item, Json& object) -> Result<bool> {
    if (item.mapping.kind != "Service") return plain_error("setting a selector is only supported for Services");
    if (auto v = s.flags.text("resource-version"); !v.empty()) object["metadata"]["resourceVersion"] = v;
    object["spec"]["selector"] = selector;
    return true;
  });
}

// ---- subject ----

std::vector<Flag> subject_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"group", 0, kArray, "", "Groups to bind to the role"},
             {"serviceaccount", 0, kArray, "", "Service accounts to bind to the role"},
             {"user", 0, kArray, "", "Usernames to bind to the role"},
         } +
         set_flags();
}

Result<int> run_subject(Session& s) {
  Json subjects = Json::array();
  for (auto& u : s.flags.list("user")) subjects.push_back({{"kind", "User"}, {"apiGroup", kRbac}, {"name", u}});
  for (auto& g : s.flags.list("group")) subjects.push_back({{"kind", "Group"}, {"apiGroup", kRbac}, {"name", g}});
  for (auto& a : s.flags.list("serviceaccount")) {
    auto colon = a.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == a.size()) return plain_error("serviceaccount must be <namespace>:<name>");
    subjects.push_back({{"kind", "ServiceAccount"}, {"namespace", a.substr(0, colon)}, {"name", a.substr(colon + 1)}});
  }
  if (!s.words().empty() && subjects.empty()) return plain_error("you must specify at least one value of user, group or serviceaccount");
  return change_objects(s, s.words(), "subjects", "subjects updated", [&](const Item& item, Json& object) -> Result<bool> {
    if (item.mapping.kind != "RoleBinding" && item.mapping.kind != "ClusterRoleBinding") return plain_error("setting subjects is only supported for RoleBinding/ClusterRoleBinding");
    Json& list = object["subjects"];
    if (!list.is_array()) list = Json::array();
    bool changed = false;
    for (auto& subject : subjects) {
      if (std::find(list.begin(), list.end(), subject) != list.end()) continue;
      list.push_back(subject);
      changed = true;
    }
    return changed;
  });
}

constexpr const Command* kChildren[] = {&kSetEnv, &kSetImage, &kSetResources, &kSetSelector, &kSetServiceAccount, &kSetSubject};

}  // namespace

constexpr Command kSetSelector{
    .use = "selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    .brief = "Set the selector on a resource",
    .text = "Replace the selector of a service.",
    .examples = "  kubectl set selector service web app=web,track=stable\n",
    .flags = selector_command_flags,
    .run = run_selector,
    .complete = complete_resources,
};
constexpr Command kSetSubject{
    .use = "subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    .brief = "Update the user, group, or service account in a role binding or cluster role binding",
    .text = "Add users, groups and service accounts to a binding.",
    .examples = "  kubectl set subject rolebinding edit --user=anna --serviceaccount=shop:till\n",
    .flags = subject_flags,
    .run = run_subject,
    .complete = complete_resources,
};
constexpr Command kSet{
    .use = "set SUBCOMMAND",
    .brief = "Set specific features on objects",
    .text = "Change one thing of objects that exist.",
    .examples = "  # Another image\n  kubectl set image deployment/web web=web:2\n\n  # An environment variable\n  kubectl set env deployment/web COLOR=blue\n",
    .children = kChildren,
};

}  // namespace skerry::kubectl
