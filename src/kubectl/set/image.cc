// kubectl set image, resources, serviceaccount.
#include <map>

#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/set/pod_template.h"

namespace skerry::kubectl {

namespace {

Error no_pod_template(const Item& item) {
  return plain_error(item.mapping.resource + "/" + item.name + " the object is not a pod or does not have a pod template: " + item.mapping.kind);
}

// ---- image ----

Result<int> run_image(Session& s) {
  auto words = TRY(split_set_words(s, "image", false));
  if (words.changes.empty()) return plain_error("at least one image update is required");
  std::vector<std::pair<std::string, std::string>> images;
  for (auto& c : words.changes) {
    auto eq = c.find('=');
    if (eq == 0 || eq + 1 == c.size()) return plain_error("invalid image: " + c);
    for (auto& other : images)
      if (other.first == c.substr(0, eq)) return plain_error("container name must not be specified more than once: " + other.first);
    images.emplace_back(c.substr(0, eq), c.substr(eq + 1));
  }
  return change_objects(s, words.resources, "image", "image updated", [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    bool changed = false;
    for (auto& [name, image] : images) {
      bool found = false;
      for (const char* list : {"containers", "initContainers"}) {
        if (!spec->contains(list)) continue;
        for (auto& c : (*spec)[list]) {
          if (name != "*" && json::str(c, "name") != name) continue;
          found = true;
          changed |= json::str(c, "image") != image;
          c["image"] = image;
        }
      }
      if (!found) s.fail(plain_error("unable to find container named \"" + name + "\""));
    }
    return changed;
  });
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

Result<std::map<std::string, std::string>> parse_resources(const std::string& text) {
  std::map<std::string, std::string> out;
  if (text.empty()) return out;
  for (auto part : split(text, ',')) {
    auto eq = part.find('=');
    if (eq == std::string_view::npos || eq == 0) return plain_error("invalid argument syntax " + std::string(part) + ", expected <resource>=<value>");
    std::string value(part.substr(eq + 1));
    if (!api::Quantity::parse(value)) return plain_error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    out[std::string(part.substr(0, eq))] = value;
  }
  return out;
}

Result<int> run_resources(Session& s) {
  auto limits = TRY(parse_resources(s.flags.text("limits")));
  auto requests = TRY(parse_resources(s.flags.text("requests")));
  if (limits.empty() && requests.empty()) return plain_error("you must specify an update to requests or limits (in the form of --requests/--limits)");
  std::string pattern = s.flags.text("containers");
  return change_objects(s, s.words(), "resources", "resource requirements updated", [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    bool found = false;
    for (auto& c : (*spec)["containers"]) {
      if (!matches_name(pattern, json::str(c, "name"))) continue;
      found = true;
      for (auto& [name, value] : limits) {
        if (value == "0" && c.contains("resources") && c["resources"].contains("limits")) c["resources"]["limits"].erase(name);
        else c["resources"]["limits"][name] = value;
      }
      for (auto& [name, value] : requests) {
        if (value == "0" && c.contains("resources") && c["resources"].contains("requests")) c["resources"]["requests"].erase(name);
        else c["resources"]["requests"][name] = value;
      }
    }
    if (!found) return plain_error("unable to find container named " + pattern);
    return object != item.object;
  });
}

// ---- serviceaccount ----

Result<int> run_account(Session& s) {
  if (s.words().empty()) return plain_error("serviceaccount is required");
  std::string account = s.words().back();
  std::vector<std::string> resources(s.words().begin(), s.words().end() - 1);
  return change_objects(s, resources, "serviceaccount", "serviceaccount updated", [&](const Item& item, Json& object) -> Result<bool> {
    Json* spec = pod_spec_of(object);
    if (!spec) return no_pod_template(item);
    (*spec)["serviceAccountName"] = account;
    if (spec->contains("serviceAccount")) (*spec)["serviceAccount"] = account;
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
