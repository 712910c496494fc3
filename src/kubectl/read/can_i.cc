// kubectl auth can-i.
#include <algorithm>
#include <string_view>

#include "base/strings.h"
#include "kubectl/describe/policy_rules.h"
#include "kubectl/discovery.h"
#include "kubectl/read/auth.h"
#include "kubectl/select.h"
#include "kubectl/session.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kResourceVerbs[] = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use", "bind",
                                               "impersonate", "*", "approve", "sign", "escalate", "attest"};
constexpr std::string_view kUrlVerbs[] = {"get", "put", "post", "head", "options", "delete", "patch", "*"};

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"all-namespaces", 'A', kBool, "false", "If true, check the specified action in all namespaces."},
      {"list", 0, kBool, "false", "If true, prints all allowed actions."},
      {"no-headers", 0, kBool, "false", "If true, prints allowed actions without headers"},
      {"quiet", 'q', kBool, "false", "If true, suppress output and just return the exit code."},
      {"subresource", 0, kString, "", "SubResource such as pod/log or deployment/scale"},
  };
}

// What a word of the command line names; the word itself, with a warning, where the server knows nothing of the kind.
struct Asked {
  std::string group{}, resource{};
  bool known = false, namespaced = true;
};

class CanI {
 public:
  explicit CanI(Session& s) : s_(s) {}

  Result<int> run() {
    const Flags& f = s_.flags;
    auto& words = s_.words();
    if (f.boolean("list")) {
      if (!words.empty()) return plain_error("list option must be specified with no arguments");
      if (f.boolean("quiet") || f.boolean("all-namespaces") || !f.text("subresource").empty())
        return plain_error("list option can't be specified with neither quiet, all-namespaces nor subresource options");
      return list();
    }
    if (words.size() != 2) {
      s_.err << "error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee '" << s_.path << " -h' for help and examples.\n";
      return 1;
    }
    if (f.boolean("no-headers")) return plain_error("--no-headers cannot be set without --list specified");
    if (starts_with(words[1], "/")) return about_url(words[0], words[1]);
    return about_resource(words[0], words[1]);
  }

 private:
  void note(const std::string& text) { s_.err << "Warning: " << text << "\n\n"; }

  void check_verb(const std::string& verb, std::span<const std::string_view> known) {
    if (std::find(known.begin(), known.end(), verb) == known.end()) note("verb '" + verb + "' is not a known verb");
  }

  Result<Asked> find_resource(const std::string& word) {
    if (word == "*") return Asked{.resource = word};
    std::string lower = to_lower(word);
    auto* discovery = TRY(s_.discovery());
    auto mapping = discovery->by_resource(lower);
    if (mapping) return Asked{mapping->group, mapping->resource, true, mapping->namespaced};
    if (mapping.error().code != 0 || !starts_with(mapping.error().message, "the server doesn't have a resource type")) return mapping.error();
    auto dot = lower.find('.');
    // Kinds that only authorization knows of.
    if (lower != "users" && lower != "groups")
      note("the server doesn't have a resource type '" + lower.substr(0, dot) + "'" + (dot == std::string::npos ? "" : " in group '" + lower.substr(dot + 1) + "'"));
    return Asked{.resource = word};
  }

  Result<int> about_url(const std::string& verb, const std::string& url) {
    if (!s_.flags.text("subresource").empty()) return plain_error("--subresource can not be used with NonResourceURL");
    check_verb(verb, kUrlVerbs);
    Json spec = {{"nonResourceAttributes", {{"path", url}, {"verb", verb}}}};
    return ask(spec);
  }

  Result<int> about_resource(const std::string& verb, const std::string& word) {
    auto slash = word.find('/');
    auto asked = TRY(find_resource(word.substr(0, slash)));
    std::string ns;
    if (!s_.flags.boolean("all-namespaces")) ns = TRY(s_.ns());
    if (asked.known && !asked.namespaced && !ns.empty())
      note("resource '" + asked.resource + "' is not namespace scoped" + (asked.group.empty() ? "" : " in group '" + asked.group + "'"));
    check_verb(verb, kResourceVerbs);
    Json attributes = {{"verb", verb}, {"resource", asked.resource}};
    auto put = [&](const char* key, const std::string& value) {
      if (!value.empty()) attributes[key] = value;
    };
    put("namespace", ns);
    put("group", asked.group);
    put("subresource", s_.flags.text("subresource"));
    if (slash != std::string::npos) put("name", word.substr(slash + 1));
    Json spec = {{"resourceAttributes", attributes}};
    return ask(spec);
  }

  Result<Json> post(const std::string& resource, const std::string& kind, const Json& spec) {
    Json review = {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", kind}, {"metadata", Json::object()}, {"spec", spec}};
    auto* rest = TRY(s_.rest());
    return rest->json({.method = "POST", .path = "/apis/authorization.k8s.io/v1/" + resource, .body = json::dump(review)});
  }

  Result<int> ask(const Json& spec) {
    Json answer = TRY(post("selfsubjectaccessreviews", "SelfSubjectAccessReview", spec));
    bool allowed = json::boolean(answer, {"status", "allowed"});
    if (!s_.flags.boolean("quiet")) {
      s_.out << (allowed ? "yes" : "no");
      for (std::string_view why : {"reason", "evaluationError"})
        if (std::string text = json::str(answer, {"status", why}); !allowed && !text.empty()) s_.out << " - " << text;
      s_.out << '\n';
    }
    return allowed ? 0 : 1;
  }

  Result<int> list() {
    auto ns = TRY(s_.ns());
    Json spec = {{"namespace", ns}};
    Json answer = TRY(post("selfsubjectrulesreviews", "SelfSubjectRulesReview", spec));
    const Json& status = json::find(answer, "status");
    if (json::boolean(status, "incomplete")) {
      std::string why = json::str(status, "evaluationError");
      s_.err << "warning: the list may be incomplete" << (why.empty() ? "" : ": " + why) << '\n';
    }
    Json rules = Json::array();
    for (auto& r : json::array_or_empty(json::find(status, "resourceRules"))) rules.push_back(r);
    for (auto& r : json::array_or_empty(json::find(status, "nonResourceRules"))) rules.push_back(r);
    auto writer = output::TabWriter::for_tables();
    if (!s_.flags.boolean("no-headers")) writer.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    for (auto& rule : compact_rules(rules)) writer.write(rule.row() + '\n');
    s_.out << writer.flush();
    return 0;
  }

  Session& s_;
};

Result<int> run(Session& s) { return CanI(s).run(); }

// A verb, then a kind.
std::vector<std::string> complete(Session& s, const std::string& prefix) {
  std::vector<std::string> out;
  if (s.words().empty()) {
    for (auto verb : kResourceVerbs)
      if (starts_with(verb, prefix)) out.emplace_back(verb);
  } else if (s.words().size() == 1) {
    out = complete_types(s, prefix);
  }
  return out;
}

}  // namespace

constexpr Command kCanI{
    .use = "can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    .brief = "Check whether an action is allowed",
    .text = "Ask the server whether you may do something. VERB is what is done (get, list, watch, create, delete, ...), to a TYPE of objects, to one "
            "object, or to a path of the server that begins with a slash. With --as it answers for somebody else. The exit code is 0 for yes, 1 for no.",
    .examples = "  # May I create pods in every namespace?\n  kubectl auth can-i create pods --all-namespaces\n\n"
                "  # May I read the logs of pods in this one?\n  kubectl auth can-i get pods --subresource=log\n\n"
                "  # May the account \"robot\" of the namespace \"dev\" delete the job \"nightly\"?\n"
                "  kubectl auth can-i delete jobs.batch/nightly -n dev --as=system:serviceaccount:dev:robot\n\n"
                "  # May I do everything here?\n  kubectl auth can-i '*' '*'\n\n"
                "  # May I see the server's metrics?\n  kubectl auth can-i get /metrics\n\n"
                "  # What may I do in the namespace \"dev\"?\n  kubectl auth can-i --list -n dev\n",
    .flags = flags,
    .run = run,
    .complete = complete,
};

}  // namespace skerry::kubectl
