// create namespace, quota, poddisruptionbudget and priorityclass.
#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/values.h"

namespace skerry::kubectl {

namespace {

Result<int> run_namespace(Session& s) {
  auto name = TRY(one_name(s));
  return create_generated(s, mapping_of("v1", "namespaces", "Namespace", false),
                          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}, {"spec", Json::object()}, {"status", Json::object()}}, "");
}

std::vector<Flag> quota_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"hard", 0, kString, "", "A comma-delimited set of resource=quantity pairs that define a hard limit."},
             {"scopes", 0, kString, "", "A comma-delimited set of quota scopes that must all match each object tracked by the quota."},
         } +
         generator_flags();
}

Result<int> run_quota(Session& s) {
  auto name = TRY(one_name(s));
  Json spec = Json::object();
  if (std::string hard = s.flags.text("hard"); !hard.empty()) spec["hard"] = TRY(resource_list(hard));
  if (std::string scopes = s.flags.text("scopes"); !scopes.empty())
    for (auto p : split(scopes, ',')) {
      if (p.empty()) return plain_error("invalid resource quota scope \"\"");
      spec["scopes"].push_back(std::string(p));
    }
  return create_generated(s, mapping_of("v1", "resourcequotas", "ResourceQuota", true),
                          {{"apiVersion", "v1"}, {"kind", "ResourceQuota"}, {"metadata", {{"name", name}}}, {"spec", spec}, {"status", Json::object()}}, "failed to create quota: ");
}

std::vector<Flag> budget_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"max-unavailable", 0, kString, "", "The maximum number or percentage of unavailable pods this budget requires."},
             {"min-available", 0, kString, "", "The minimum number or percentage of available pods this budget requires."},
             {"selector", 0, kString, "", "A label selector to use for this budget. Only equality-based selector requirements are supported."},
         } +
         generator_flags();
}

// "10", "50%"
bool is_amount(std::string_view text) {
  if (ends_with(text, "%")) text.remove_suffix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<int> run_budget(Session& s) {
  auto name = TRY(one_name(s));
  std::string most = s.flags.text("max-unavailable"), least = s.flags.text("min-available"), selector = s.flags.text("selector");
  if (selector.empty()) return plain_error("a selector must be specified");
  if (most.empty() && least.empty()) return plain_error("one of min-available or max-unavailable must be specified");
  if (!most.empty() && !least.empty()) return plain_error("min-available and max-unavailable cannot be both specified");
  if (!least.empty() && !is_amount(least)) return plain_error("invalid format specified for min-available");
  if (!most.empty() && !is_amount(most)) return plain_error("invalid format specified for max-unavailable");
  Json spec = Json::object();
  spec["selector"] = TRY(label_selector(selector));
  if (!most.empty()) spec["maxUnavailable"] = number_or_text(most);
  if (!least.empty()) spec["minAvailable"] = number_or_text(least);
  Json status = {{"currentHealthy", 0}, {"desiredHealthy", 0}, {"disruptionsAllowed", 0}, {"expectedPods", 0}};
  return create_generated(s, mapping_of("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", true),
                          {{"apiVersion", "policy/v1"}, {"kind", "PodDisruptionBudget"}, {"metadata", {{"name", name}}}, {"spec", spec}, {"status", status}}, "failed to create poddisruptionbudgets: ");
}

std::vector<Flag> priority_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"description", 0, kString, "", "description is an arbitrary string that usually provides guidelines on when this priority class should be used."},
             {"global-default", 0, kBool, "false", "global-default specifies whether this PriorityClass should be considered as the default priority."},
             {"preemption-policy", 0, kString, "PreemptLowerPriority", "preemption-policy is the policy for preempting pods with lower priority."},
             {"value", 0, kInt, "0", "the value of this priority class."},
         } +
         generator_flags();
}

Result<int> run_priority(Session& s) {
  auto name = TRY(one_name(s));
  Json object = {{"apiVersion", "scheduling.k8s.io/v1"}, {"kind", "PriorityClass"}, {"metadata", {{"name", name}}},
                 {"value", s.flags.number("value")}, {"preemptionPolicy", s.flags.text("preemption-policy")}};
  if (s.flags.boolean("global-default")) object["globalDefault"] = true;
  if (!s.flags.text("description").empty()) object["description"] = s.flags.text("description");
  return create_generated(s, mapping_of("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", false), std::move(object), "failed to create priorityclass: ");
}

constexpr std::string_view kNamespaceAliases[] = {"ns"};
constexpr std::string_view kQuotaAliases[] = {"resourcequota"};
constexpr std::string_view kBudgetAliases[] = {"pdb"};
constexpr std::string_view kPriorityAliases[] = {"pc"};

}  // namespace

constexpr Command kCreateNamespace{
    .use = "namespace NAME [--dry-run=server|client|none]",
    .brief = "Create a namespace with the specified name",
    .examples = "  kubectl create namespace shop\n",
    .flags = generator_flags,
    .run = run_namespace,
    .aliases = kNamespaceAliases,
};
constexpr Command kCreateQuota{
    .use = "quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    .brief = "Create a quota with the specified name",
    .examples = "  # Limits of a namespace\n  kubectl create quota small --hard=cpu=1,memory=1G,pods=2\n",
    .flags = quota_flags,
    .run = run_quota,
    .aliases = kQuotaAliases,
};
constexpr Command kCreatePodDisruptionBudget{
    .use = "poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    .brief = "Create a pod disruption budget with the specified name",
    .examples = "  # At least one pod labelled app=web stays available\n  kubectl create pdb web --selector=app=web --min-available=1\n",
    .flags = budget_flags,
    .run = run_budget,
    .aliases = kBudgetAliases,
};
constexpr Command kCreatePriorityClass{
    .use = "priorityclass NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    .brief = "Create a priority class with the specified name",
    .examples = "  kubectl create priorityclass high --value=1000 --description=\"tills\"\n",
    .flags = priority_flags,
    .run = run_priority,
    .aliases = kPriorityAliases,
};

}  // namespace skerry::kubectl
