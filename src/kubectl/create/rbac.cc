// create role, clusterrole, their bindings, serviceaccount and token.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "output/go_format.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr const char* kRbacV1 = "rbac.authorization.k8s.io/v1";

// ---- roles ----

constexpr std::string_view kVerbs[] = {"get", "delete", "list", "create", "update", "patch", "watch", "proxy", "deletecollection", "use", "bind",
                                       "approve", "sign", "escalate", "impersonate", "*"};

std::vector<Flag> role_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"resource", 0, kStrings, "", "Resource that the rule applies to"},
             {"resource-name", 0, kArray, "", "Resource in the white list that the rule applies to, repeat this flag for multiple items"},
             {"verb", 0, kStrings, "", "Verb that applies to the resources contained in the rule"},
         } +
         generator_flags();
}
std::vector<Flag> cluster_role_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"aggregation-rule", 0, kStrings, "", "An aggregation label selector for combining ClusterRoles."},
             {"non-resource-url", 0, kStrings, "", "A partial url that user should have access to."},
         } +
         role_flags();
}

std::vector<std::string> unique(const std::vector<std::string>& in) {
  std::vector<std::string> out;
  for (auto& s : in)
    if (std::find(out.begin(), out.end(), s) == out.end()) out.push_back(s);
  return out;
}

struct NamedResource {
  std::string group, resource, subresource;
  std::string full() const { return resource + (subresource.empty() ? "" : "/" + subresource); }
};

// "pods", "deploy.apps/scale", "*.*". A bare "*" stands for everything that was named and is to come.
std::vector<NamedResource> parse_resources(const std::vector<std::string>& texts) {
  std::vector<NamedResource> out;
  for (auto& text : texts) {
    auto slash = text.find('/');
    std::string name = text.substr(0, slash);
    auto dot = name.find('.');
    NamedResource r{.group = dot == std::string::npos ? "" : name.substr(dot + 1), .resource = name.substr(0, dot), .subresource = slash == std::string::npos ? "" : text.substr(slash + 1)};
    if (text == "*") return {r};
    out.push_back(std::move(r));
  }
  return out;
}

struct SpecialVerb {
  std::string_view verb, group, resource;
};
constexpr SpecialVerb kSpecialVerbs[] = {
    {"use", "policy", "podsecuritypolicies"}, {"use", "extensions", "podsecuritypolicies"},
    {"bind", kRbac, "roles"}, {"bind", kRbac, "clusterroles"},
    {"escalate", kRbac, "roles"}, {"escalate", kRbac, "clusterroles"},
    {"impersonate", "", "users"}, {"impersonate", "", "serviceaccounts"}, {"impersonate", "", "groups"}, {"impersonate", "authentication.k8s.io", "userextras"},
    {"approve", "certificates.k8s.io", "signers"}, {"sign", "certificates.k8s.io", "signers"},
};

// The group and plural that the server has for each, and whether the verbs go with them. False: the server has none, which has been
// said (without "error: ", as kubectl does).
Result<bool> resolve(Session& s, std::vector<NamedResource>& resources, const std::vector<std::string>& verbs) {
  bool any = false;  // behind a "*" nothing is checked, but names are still looked up
  for (auto& r : resources) {
    if (r.resource.empty() && !any) return plain_error("resource must be specified if apiGroup/subresource specified");
    any |= r.resource == "*";
    if (r.resource == "*") continue;
    auto* discovery = TRY(s.discovery());
    auto mapping = discovery->by_resource(r.resource + (r.group.empty() ? "" : "." + r.group));
    std::string shown = "\"" + r.resource + "\"" + (r.group.empty() ? "" : " in group \"" + r.group + "\"");
    if (mapping) r.group = mapping->group, r.resource = mapping->resource;
    if (any) continue;
    bool known = mapping.has_value();
    for (auto& verb : verbs) {
      bool special = false, fits = false;
      for (auto& v : kSpecialVerbs) {
        special |= v.verb == verb;
        fits |= v.verb == verb && v.group == r.group && v.resource == r.resource;
      }
      if (special && !fits) return plain_error("can not perform '" + verb + "' on '" + r.resource + "' in group '" + r.group + "'");
      known |= fits;
    }
    if (known) continue;
    s.err << "the server doesn't have a resource type " << shown << '\n';
    return false;
  }
  return true;
}

// One rule for each API group, in the order of their names.
Json resource_rules(const std::vector<std::string>& verbs, const std::vector<NamedResource>& resources, const std::vector<std::string>& names) {
  std::map<std::string, Json> groups;
  for (auto& r : resources) {
    Json& list = groups.try_emplace(r.group, Json::array()).first->second;
    if (std::find(list.begin(), list.end(), Json(r.full())) == list.end()) list.push_back(r.full());
  }
  Json rules = Json::array();
  for (auto& [group, list] : groups) {
    Json rule = {{"apiGroups", {group}}, {"resources", list}, {"verbs", verbs}};
    if (!names.empty()) rule["resourceNames"] = names;
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<std::string> verbs_of(Session& s) {
  auto verbs = unique(s.flags.list("verb"));
  if (std::find(verbs.begin(), verbs.end(), "*") != verbs.end()) verbs = {"*"};
  return verbs;
}

void warn_of_verbs(Session& s, const std::vector<std::string>& verbs) {
  for (auto& v : verbs)
    if (std::find(std::begin(kVerbs), std::end(kVerbs), v) == std::end(kVerbs)) s.err << "Warning: '" << v << "' is not a standard resource verb\n";
}

Result<int> run_role(Session& s) {
  auto name = TRY(one_name(s));
  auto verbs = verbs_of(s);
  if (verbs.empty()) return plain_error("at least one verb must be specified");
  warn_of_verbs(s, verbs);
  auto resources = parse_resources(s.flags.list("resource"));
  if (resources.empty()) return plain_error("at least one resource must be specified");
  if (!TRY(resolve(s, resources, verbs))) return 1;
  Json rules = resource_rules(verbs, resources, unique(s.flags.list("resource-name")));
  return create_generated(s, mapping_of(kRbacV1, "roles", "Role", true), {{"apiVersion", kRbacV1}, {"kind", "Role"}, {"metadata", {{"name", name}}}, {"rules", rules}}, "");
}

Status check_urls(const std::vector<std::string>& urls, const std::vector<std::string>& verbs) {
  static constexpr std::string_view kUrlVerbs[] = {"*", "get", "post", "put", "delete", "patch", "head", "options"};
  for (auto& verb : verbs)
    if (!urls.empty() && std::find(std::begin(kUrlVerbs), std::end(kUrlVerbs), verb) == std::end(kUrlVerbs))
      return plain_error("invalid verb: '" + verb + "' for nonResourceURL");
  for (auto& u : urls) {
    if (u == "*") continue;
    if (!starts_with(u, "/")) return plain_error("nonResourceURL should start with /");
    if (u.find('*') < u.size() - 1) return plain_error("nonResourceURL only supports wildcard matches when '*' is at the end");
  }
  return {};
}

Result<int> run_cluster_role(Session& s) {
  auto name = TRY(one_name(s));
  auto verbs = verbs_of(s);
  auto resources = parse_resources(s.flags.list("resource"));
  auto names = unique(s.flags.list("resource-name")), urls = unique(s.flags.list("non-resource-url")), aggregation = s.flags.list("aggregation-rule");
  Json object = {{"apiVersion", kRbacV1}, {"kind", "ClusterRole"}, {"metadata", {{"name", name}}}};
  if (!aggregation.empty()) {
    if (!verbs.empty() || !resources.empty() || !names.empty() || !urls.empty())
      return plain_error("aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames");
    Json labels = Json::object();
    for (auto& pair : aggregation) {
      auto equal = pair.find('=');
      if (equal == std::string::npos)
        return plain_error("invalid argument " + output::go_quote(pair) + " for \"--aggregation-rule\" flag: malformed pair, expect string=string\nSee '" + s.path + " --help' for usage.");
      labels[pair.substr(0, equal)] = pair.substr(equal + 1);
    }
    object["aggregationRule"] = {{"clusterRoleSelectors", {{{"matchLabels", labels}}}}};
    object["rules"] = nullptr;
  } else {
    if (verbs.empty()) return plain_error("at least one verb must be specified");
    if (resources.empty() && urls.empty()) return plain_error("one of resource or nonResourceURL must be specified");
    if (!resources.empty()) {
      warn_of_verbs(s, verbs);
      if (!TRY(resolve(s, resources, verbs))) return 1;
    }
    TRY(check_urls(urls, verbs));
    Json rules = resource_rules(verbs, resources, names);
    if (!urls.empty()) rules.push_back({{"nonResourceURLs", urls}, {"verbs", verbs}});
    object["rules"] = std::move(rules);
  }
  return create_generated(s, mapping_of(kRbacV1, "clusterroles", "ClusterRole", false), std::move(object), "");
}

// ---- bindings ----

std::vector<Flag> subject_flags() {
  using enum FlagType;
  return {
      {"group", 0, kArray, "", "Groups to bind to the role. The flag can be repeated to add multiple groups."},
      {"serviceaccount", 0, kArray, "", "Service accounts to bind to the role, in the format <namespace>:<name>. The flag can be repeated to add multiple service accounts."},
      {"user", 0, kArray, "", "Usernames to bind to the role. The flag can be repeated to add multiple users."},
  };
}
std::vector<Flag> binding_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"clusterrole", 0, kString, "", "ClusterRole this RoleBinding should reference"},
             {"role", 0, kString, "", "Role this RoleBinding should reference"},
         } +
         subject_flags() + generator_flags();
}
std::vector<Flag> cluster_binding_flags() {
  return std::vector<Flag>{{"clusterrole", 0, FlagType::kString, "", "ClusterRole this ClusterRoleBinding should reference", "", false, "", true}} + subject_flags() + generator_flags();
}

Result<Json> subjects_of(Session& s) {
  Json out = Json::array();
  for (auto& u : s.flags.list("user")) out.push_back({{"apiGroup", kRbac}, {"kind", "User"}, {"name", u}});
  for (auto& g : s.flags.list("group")) out.push_back({{"apiGroup", kRbac}, {"kind", "Group"}, {"name", g}});
  for (auto& a : s.flags.list("serviceaccount")) {
    auto colon = a.find(':');
    if (std::count(a.begin(), a.end(), ':') != 1 || colon == 0 || colon + 1 == a.size()) return plain_error("serviceaccount must be <namespace>:<name>");
    out.push_back({{"kind", "ServiceAccount"}, {"name", a.substr(colon + 1)}, {"namespace", a.substr(0, colon)}});
  }
  return out;
}

Result<int> run_binding(Session& s) {
  auto name = TRY(one_name(s));
  std::string role = s.flags.text("role"), cluster_role = s.flags.text("clusterrole");
  if (role.empty() == cluster_role.empty()) return plain_error("exactly one of clusterrole or role must be specified");
  Json object = {{"apiVersion", kRbacV1}, {"kind", "RoleBinding"}, {"metadata", {{"name", name}}},
                 {"roleRef", {{"apiGroup", kRbac}, {"kind", role.empty() ? "ClusterRole" : "Role"}, {"name", role.empty() ? cluster_role : role}}}};
  Json subjects = TRY(subjects_of(s));
  if (!subjects.empty()) object["subjects"] = std::move(subjects);
  return create_generated(s, mapping_of(kRbacV1, "rolebindings", "RoleBinding", true), std::move(object), "failed to create rolebinding: ");
}

Result<int> run_cluster_binding(Session& s) {
  TRY(require_flags(s, {"clusterrole"}));
  auto name = TRY(one_name(s));
  Json object = {{"apiVersion", kRbacV1}, {"kind", "ClusterRoleBinding"}, {"metadata", {{"name", name}}},
                 {"roleRef", {{"apiGroup", kRbac}, {"kind", "ClusterRole"}, {"name", s.flags.text("clusterrole")}}}};
  Json subjects = TRY(subjects_of(s));
  if (!subjects.empty()) object["subjects"] = std::move(subjects);
  return create_generated(s, mapping_of(kRbacV1, "clusterrolebindings", "ClusterRoleBinding", false), std::move(object), "failed to create clusterrolebinding: ");
}

// ---- service accounts ----

Result<int> run_account(Session& s) {
  auto name = TRY(one_name(s));
  return create_generated(s, mapping_of("v1", "serviceaccounts", "ServiceAccount", true),
                          {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", name}}}}, "failed to create serviceaccount: ");
}

std::vector<Flag> token_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"audience", 0, kArray, "", "Audience of the requested token. If unset, defaults to requesting a token for use with the Kubernetes API server. May be repeated."},
             {"bound-object-kind", 0, kString, "", "Kind of an object to bind the token to. Supported kinds are Node, Pod, Secret."},
             {"bound-object-name", 0, kString, "", "Name of an object to bind the token to. The token will expire when the object is deleted."},
             {"bound-object-uid", 0, kString, "", "UID of an object to bind the token to."},
             {"duration", 0, kDuration, "0s", "Requested lifetime of the issued token. If not set or if set to 0, the lifetime will be determined by the server automatically."},
         } +
         print_flags();
}

Result<int> run_token(Session& s) {
  auto name = TRY(one_name(s));
  auto duration = s.flags.duration("duration");
  if (duration.count() < 0) return plain_error("--duration must be greater than or equal to 0");
  if (duration.count() % 1000000000) return plain_error("--duration cannot be expressed in units less than seconds");
  std::string kind = s.flags.text("bound-object-kind"), object_name = s.flags.text("bound-object-name"), uid = s.flags.text("bound-object-uid");
  Json spec = {{"audiences", nullptr}};
  auto audiences = s.flags.list("audience");
  if (std::find(audiences.begin(), audiences.end(), "") != audiences.end()) return plain_error("--audience must not be an empty string");
  if (!audiences.empty()) spec["audiences"] = audiences;
  if (duration.count() > 0) spec["expirationSeconds"] = duration.count() / 1000000000;
  if (!kind.empty()) {
    if (kind != "Pod" && kind != "Secret" && kind != "Node") return plain_error("supported --bound-object-kind values are Node, Pod, Secret");
    if (object_name.empty()) return plain_error("--bound-object-name is required if --bound-object-kind is provided");
    spec["boundObjectRef"] = {{"kind", kind}, {"apiVersion", "v1"}, {"name", object_name}};
    if (!uid.empty()) spec["boundObjectRef"]["uid"] = uid;
  } else if (!object_name.empty() || !uid.empty()) {
    return plain_error(std::string("--bound-object-") + (object_name.empty() ? "uid" : "name") + " can only be set if --bound-object-kind is provided");
  }
  auto printer_flags = s.flags.text("output");
  auto* objects = TRY(s.objects());
  std::string ns = TRY(s.ns());
  Json request = {{"kind", "TokenRequest"}, {"apiVersion", "authentication.k8s.io/v1"}, {"metadata", {{"name", name}}}, {"spec", spec}};
  auto answer = objects->create(mapping_of("v1", "serviceaccounts", "ServiceAccount", true), ns, request, {.subresource = "token"});
  if (!answer) {
    Error e = answer.error();
    if (e.code != 0) return plain_error("failed to create token: " + e.message);
    return e;
  }
  std::string token = json::str(*answer, {"status", "token"});
  if (token.empty()) return plain_error("failed to create token:  no token in server response");
  if (printer_flags.empty()) {
    // For a program nothing but the token.
    s.out << token << (s.out_is_terminal() ? "\n" : "");
    return 0;
  }
  auto printer = TRY(result_printer(s, DryRun::kNone, true));
  TRY(printer->print({.mapping = mapping_of("authentication.k8s.io/v1", "tokenrequests", "TokenRequest", true), .ns = ns, .name = name}, *answer, "created"));
  return 0;
}

constexpr std::string_view kAccountAliases[] = {"sa"};

}  // namespace

constexpr Command kCreateRole{
    .use = "role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
    .brief = "Create a role with single rule",
    .examples = "  # Reading pods\n  kubectl create role reader --verb=get,list,watch --resource=pods\n\n  # Scaling deployments\n"
                "  kubectl create role scaler --verb=get,update --resource=deployments.apps/scale\n",
    .flags = role_flags,
    .run = run_role,
};
constexpr Command kCreateClusterRole{
    .use = "clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
    .brief = "Create a cluster role",
    .examples = "  # Reading nodes\n  kubectl create clusterrole nodes --verb=get,list --resource=nodes\n\n  # Metrics of the server\n"
                "  kubectl create clusterrole metrics --verb=get --non-resource-url=/metrics\n",
    .flags = cluster_role_flags,
    .run = run_cluster_role,
};
constexpr Command kCreateRoleBinding{
    .use = "rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] "
           "[--dry-run=server|client|none]",
    .brief = "Create a role binding for a particular role or cluster role",
    .examples = "  kubectl create rolebinding anna --clusterrole=edit --user=anna -n shop\n",
    .flags = binding_flags,
    .run = run_binding,
};
constexpr Command kCreateClusterRoleBinding{
    .use = "clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] "
           "[--dry-run=server|client|none]",
    .brief = "Create a cluster role binding for a particular cluster role",
    .examples = "  kubectl create clusterrolebinding ops --clusterrole=cluster-admin --group=ops\n",
    .flags = cluster_binding_flags,
    .run = run_cluster_binding,
};
constexpr Command kCreateServiceAccount{
    .use = "serviceaccount NAME [--dry-run=server|client|none]",
    .brief = "Create a service account with the specified name",
    .examples = "  kubectl create serviceaccount till\n",
    .flags = generator_flags,
    .run = run_account,
    .aliases = kAccountAliases,
};
constexpr Command kCreateToken{
    .use = "token SERVICE_ACCOUNT_NAME",
    .brief = "Request a service account token",
    .examples = "  # With the server's lifetime\n  kubectl create token till\n\n  # For ten minutes\n  kubectl create token till --duration 10m\n",
    .flags = token_flags,
    .run = run_token,
};

}  // namespace skerry::kubectl
