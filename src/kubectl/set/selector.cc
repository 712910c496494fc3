// kubectl set selector and set subject, and the group of all `set` commands.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/set/pod_template.h"
#include "kubectl/values.h"
#include "kubectl/workloads/commands.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

std::vector<Flag> selector_command_flags() {
  auto flags = std::vector<Flag>{{"resource-version", 0, FlagType::kString, "", "If non-empty, the selectors update will only succeed if this is the current resource-version for the object."}} +
               set_flags();
  for (auto& f : flags)
    if (f.name == "recursive") f.fallback = "true";
  return flags;
}

// As Go writes the requirements: "[{a In [b c]} {d Exists []}]".
std::string shown(const Json& expressions) {
  std::string out;
  for (auto& e : expressions) {
    std::vector<std::string> values;
    for (auto& v : json::array_or_empty(json::find(e, "values"))) values.push_back(v.get<std::string>());
    out += (out.empty() ? "{" : " {") + json::str(e, "key") + " " + json::str(e, "operator") + " [" + join(values, " ") + "]}";
  }
  return "[" + out + "]";
}

Result<int> run_selector(Session& s) {
  auto run = TRY(begin_set(s));
  Json selector;
  std::vector<std::string> resources;
  if (!s.words().empty()) {
    selector = TRY(label_selector(s.words().back()));
    resources.assign(s.words().begin(), s.words().end() - 1);
  }
  if (selector.is_null()) return plain_error("one selector is required");
  if (!TRY(find_objects(s, run, resources))) return 1;
  SetTexts texts{.done = "selector updated", .failure = "", .sends_nothing = true, .names_object = false};
  return change_objects(s, run, texts, [&](const Item& item, Json& object) -> Result<bool> {
    if (item.mapping.kind != "Service") return plain_error("setting a selector is only supported for Services");
    if (selector.contains("matchExpressions")) return plain_error("match expression " + shown(selector["matchExpressions"]) + " not supported on this object");
    if (auto v = s.flags.text("resource-version"); !v.empty()) object["metadata"]["resourceVersion"] = v;
    object["spec"]["selector"] = selector.contains("matchLabels") ? selector["matchLabels"] : Json::object();
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

// The values of a flag without duplicates, sorted.
std::set<std::string> values_of(Session& s, std::string_view flag) {
  auto list = s.flags.list(flag);
  return {list.begin(), list.end()};
}

Result<int> run_subject(Session& s) {
  auto run = TRY(begin_set(s));
  if (!TRY(find_objects(s, run, s.words()))) return 1;
  TRY(check_set_flags(s, run));
  auto users = values_of(s, "user"), groups = values_of(s, "group"), accounts = values_of(s, "serviceaccount");
  if (users.empty() && groups.empty() && accounts.empty()) return plain_error("you must specify at least one value of user, group or serviceaccount");
  std::string own_ns = TRY(s.ns());
  Json subjects = Json::array();
  for (auto& u : users) subjects.push_back({{"kind", "User"}, {"apiGroup", kRbac}, {"name", u}});
  for (auto& g : groups) subjects.push_back({{"kind", "Group"}, {"apiGroup", kRbac}, {"name", g}});
  for (auto& a : accounts) {
    auto colon = a.find(':');
    if (std::count(a.begin(), a.end(), ':') != 1 || colon + 1 == a.size()) return plain_error("serviceaccount must be <namespace>:<name>");
    for (auto& item : run.items)
      if (colon == 0 && item.mapping.kind == "ClusterRoleBinding") return plain_error("serviceaccount must be <namespace>:<name>, namespace must be specified");
    subjects.push_back({{"kind", "ServiceAccount"}, {"namespace", colon == 0 ? own_ns : a.substr(0, colon)}, {"name", a.substr(colon + 1)}});
  }
  return change_objects(s, run, {"subjects updated", "failed to patch subjects to rolebinding: "}, [&](const Item& item, Json& object) -> Result<bool> {
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
