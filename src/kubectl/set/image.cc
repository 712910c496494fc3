// kubectl set image, resources, serviceaccount.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/set/pod_template.h"
#include "kubectl/values.h"

namespace skerry::kubectl {

namespace {

// ---- image ----

Result<int> run_image(Session& s) {
  auto run = TRY(begin_set(s));
  auto words = TRY(split_pairs(s.words(), "image"));
  auto images = TRY(parse_pairs(words.pairs, "image", false)).set;
  if (!TRY(find_objects(s, run, words.resources))) return 1;
  if (images.empty()) return plain_error("at least one image update is required");
  bool all = std::any_of(images.begin(), images.end(), [](auto& i) { return i.first == "*"; });
  if (images.size() > 1 && all)
    return plain_error("all containers are already specified by *, but saw more than one container_name=container_image pairs");
  TRY(check_set_flags(s, run));
  std::vector<Error> not_found;
  return change_objects(s, run, {"image updated", "failed to patch image update to pod template: "}, [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    for (auto& [name, image] : images) {
      bool found = false;
      for (const char* list : {"initContainers", "containers"}) {
        if (!spec->contains(list)) continue;
        for (auto& c : (*spec)[list]) {
          if (name != "*" && json::str(c, "name") != name) continue;
          found = true;
          c["image"] = image;
        }
      }
      if (!found) not_found.push_back(plain_error("error: unable to find container named \"" + name + "\""));
    }
    return true;
  }, &not_found);
}

// ---- resources ----

std::vector<Flag> resource_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"containers", 'c', kString, "*", "The names of containers in the selected pod templates to change, all containers are selected by default - may use wildcards"},
             {"limits", 0, kString, "", "The resource requirement requests for this container. For example, 'cpu=100m,memory=256Mi'."},
             {"requests", 0, kString, "", "The resource requirement requests for this container. For example, 'cpu=100m,memory=256Mi'."},
         } +
         set_flags();
}

Result<int> run_resources(Session& s) {
  auto run = TRY(begin_set(s));
  if (!TRY(find_objects(s, run, s.words()))) return 1;
  TRY(check_set_flags(s, run));
  std::string limits_text = s.flags.text("limits"), requests_text = s.flags.text("requests");
  if (limits_text.empty() && requests_text.empty()) return plain_error("you must specify an update to requests or limits (in the form of --requests/--limits)");
  auto limits = TRY(resource_list(limits_text));
  auto requests = TRY(resource_list(requests_text));
  std::string pattern = s.flags.text("containers");
  std::vector<Error> not_found;
  return change_objects(s, run, {"resource requirements updated", "failed to patch resources update to pod template "}, [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    bool found = false;
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec->contains(list)) continue;
      for (auto& c : (*spec)[list]) {
        if (!matches_name(pattern, json::str(c, "name"))) continue;
        found = true;
        for (auto& [name, value] : limits.items()) c["resources"]["limits"][name] = value;
        for (auto& [name, value] : requests.items()) c["resources"]["requests"][name] = value;
      }
    }
    if (!found) not_found.push_back(plain_error("error: unable to find container named " + pattern));
    return found;
  }, &not_found);
}

// ---- serviceaccount ----

Result<int> run_account(Session& s) {
  auto run = TRY(begin_set(s));
  if (run.local && run.dry_run == DryRun::kServer) return plain_error("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  if (s.words().empty()) return plain_error("serviceaccount is required");
  std::string account = s.words().back();
  std::vector<std::string> resources(s.words().begin(), s.words().end() - 1);
  if (!TRY(find_objects(s, run, resources))) return 1;
  SetTexts texts{.done = "serviceaccount updated", .failure = "failed to patch ServiceAccountName ", .sends_nothing = true};
  return change_objects(s, run, texts, [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    (*spec)["serviceAccountName"] = account;
    return true;
  });
}

constexpr std::string_view kAccountAliases[] = {"sa"};

}  // namespace

constexpr Command kSetImage{
    .use = "image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    .brief = "Update the image of a pod template",
    .text = "Give containers of pods, deployments, daemon sets, stateful sets, replica sets, jobs and cron jobs another image. \"*\" means every container.",
    .examples = "  kubectl set image deployment/web web=web:2\n\n  # All containers of all daemon sets\n  kubectl set image daemonset --all '*=agent:2'\n",
    .flags = set_flags,
    .run = run_image,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"daemonsets", "deployments", "pods", "cronjobs", "replicasets", "replicationcontrollers", "statefulsets"}); },
};
constexpr Command kSetResources{
    .use = "resources (-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]",
    .brief = "Update resource requests/limits on objects with pod templates",
    .text = "Set what containers ask for and what they may use. 0 removes a value.",
    .examples = "  kubectl set resources deployment web -c=web --limits=cpu=200m,memory=512Mi --requests=cpu=100m\n",
    .flags = resource_flags,
    .run = run_resources,
    .complete = complete_resources,
};
constexpr Command kSetServiceAccount{
    .use = "serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    .brief = "Update the service account of a resource",
    .text = "Let pods of a template run as another service account.",
    .examples = "  kubectl set serviceaccount deployment web till\n",
    .flags = set_flags,
    .run = run_account,
    .aliases = kAccountAliases,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
