// create deployment, job and cronjob.
#include "base/random.h"
#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"

namespace skerry::kubectl {

namespace {

// A container's name from its image: the last part of the path without tag and digest. Where that cannot be a name, what may not be in
// one is replaced and the name made unique.
std::string name_from_image(const std::string& image) {
  std::string name = image.substr(image.rfind('/') == std::string::npos ? 0 : image.rfind('/') + 1);
  name = name.substr(0, name.find_first_of(":@"));
  if (name.find_first_of("_.") == std::string::npos) return name;
  for (char& c : name) if (c == '_' || c == '.') c = '-';
  return name + "-" + SystemRandom().name_suffix(5);
}

// NAME, and what stands behind "--" as the command.
Result<std::pair<std::string, std::vector<std::string>>> name_and_command(Session& s) {
  auto words = s.words();
  int dash = s.flags.words_before_dash();
  size_t names = dash >= 0 ? static_cast<size_t>(dash) : words.size();
  if (names != 1) return usage_error("exactly one NAME is required, got " + std::to_string(names));
  return std::pair(words[0], std::vector<std::string>(words.begin() + 1, words.end()));
}

std::vector<Flag> deployment_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"image", 0, kStrings, "", "Image names to run. A deployment can have multiple images set for multi-container pod.", "", false, "", true},
             {"port", 0, kInt, "-1", "The containerPort that this deployment exposes."},
             {"replicas", 'r', kInt, "1", "Number of replicas to create. Default is 1."},
         } +
         generator_flags();
}

Result<int> run_deployment(Session& s) {
  TRY(require_flags(s, {"image"}));
  auto [name, command] = TRY(name_and_command(s));
  auto images = s.flags.list("image");
  if (images.size() > 1 && !command.empty()) return plain_error("cannot specify multiple --image options and command");
  Json containers = Json::array();
  for (auto& image : images) {
    Json c = {{"image", image}, {"name", name_from_image(image)}, {"resources", Json::object()}};
    if (!command.empty()) c["command"] = command;
    if (int64_t port = s.flags.number("port"); port >= 0 && containers.empty()) c["ports"] = {{{"containerPort", port}}};
    containers.push_back(std::move(c));
  }
  Json labels = {{"app", name}};
  Json object = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"metadata", {{"labels", labels}, {"name", name}}},
                 {"spec", {{"replicas", s.flags.number("replicas")}, {"selector", {{"matchLabels", labels}}}, {"strategy", Json::object()},
                           {"template", {{"metadata", {{"labels", labels}}}, {"spec", {{"containers", containers}}}}}}},
                 {"status", Json::object()}};
  return create_generated(s, mapping_of("apps/v1", "deployments", "Deployment", true), std::move(object), "failed to create deployment: ");
}

std::vector<Flag> job_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"from", 0, kString, "", "The name of the resource to create a Job from (only cronjob is supported)."},
             {"image", 0, kString, "", "Image name to run."},
         } +
         generator_flags();
}

// Null: the cron job could not be had, which has been shown.
Result<Json> job_from_cronjob(Session& s, const std::string& name, const std::string& from) {
  Selection q;
  q.words = {from};
  auto found = TRY(select(s, q, {.fetch = true}));
  if (!found.errors.empty()) {
    s.fail(found.errors);
    return Json();
  }
  if (found.items.size() != 1) return plain_error("from must be an existing cronjob");
  const Item& item = found.items[0];
  if (item.mapping.kind != "CronJob") return plain_error("unknown object type *" + item.mapping.version + "." + item.mapping.kind);
  const Json& cronjob = item.object;
  Json annotations = {{"cronjob.kubernetes.io/instantiate", "manual"}};
  for (auto& [k, v] : json::object_or_empty(json::find(cronjob, {"spec", "jobTemplate", "metadata", "annotations"})).items()) annotations[k] = v;
  Json metadata = {{"name", name}, {"annotations", annotations}};
  if (auto& labels = json::find(cronjob, {"spec", "jobTemplate", "metadata", "labels"}); !labels.is_null()) metadata["labels"] = labels;
  metadata["ownerReferences"] = {{{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"name", json::str(cronjob, {"metadata", "name"})},
                                  {"uid", json::str(cronjob, {"metadata", "uid"})}, {"controller", true}}};
  return Json{{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", metadata}, {"spec", json::find(cronjob, {"spec", "jobTemplate", "spec"})}, {"status", Json::object()}};
}

Result<int> run_job(Session& s) {
  auto [name, command] = TRY(name_and_command(s));
  std::string image = s.flags.text("image"), from = s.flags.text("from");
  if (image.empty() == from.empty()) return plain_error("either --image or --from must be specified");
  if (!command.empty() && image.empty()) return plain_error("cannot specify --from and command");
  Json object;
  if (!from.empty()) {
    object = TRY(job_from_cronjob(s, name, from));
    if (object.is_null()) return 1;
  } else {
    Json container = {{"image", image}, {"name", name}, {"resources", Json::object()}};
    if (!command.empty()) container["command"] = command;
    object = {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", {{"name", name}}},
              {"spec", {{"template", {{"metadata", Json::object()}, {"spec", {{"containers", {container}}, {"restartPolicy", "Never"}}}}}}},
              {"status", Json::object()}};
  }
  return create_generated(s, mapping_of("batch/v1", "jobs", "Job", true), std::move(object), "failed to create job: ");
}

std::vector<Flag> cronjob_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"image", 0, kString, "", "Image name to run.", "", false, "", true},
             {"restart", 0, kString, "", "job's restart policy. supported values: OnFailure, Never"},
             {"schedule", 0, kString, "", "A schedule in the Cron format the job should be run with.", "", false, "", true},
         } +
         generator_flags();
}

Result<int> run_cronjob(Session& s) {
  TRY(require_flags(s, {"image", "schedule"}));
  auto [name, command] = TRY(name_and_command(s));
  std::string restart = s.flags.text("restart").empty() ? "OnFailure" : s.flags.text("restart");
  Json container = {{"image", s.flags.text("image")}, {"name", name}, {"resources", Json::object()}};
  if (!command.empty()) container["command"] = command;
  Json job = {{"metadata", {{"name", name}}}, {"spec", {{"template", {{"metadata", Json::object()}, {"spec", {{"containers", {container}}, {"restartPolicy", restart}}}}}}}};
  Json object = {{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"metadata", {{"name", name}}},
                 {"spec", {{"jobTemplate", job}, {"schedule", s.flags.text("schedule")}}}, {"status", Json::object()}};
  return create_generated(s, mapping_of("batch/v1", "cronjobs", "CronJob", true), std::move(object), "failed to create cronjob: ");
}

constexpr std::string_view kDeploymentAliases[] = {"deploy", "dep"};
constexpr std::string_view kCronJobAliases[] = {"cj"};

}  // namespace

constexpr Command kCreateDeployment{
    .use = "deployment NAME --image=image -- [COMMAND] [args...]",
    .brief = "Create a deployment with the specified name",
    .examples = "  # Three replicas of an image\n  kubectl create deployment web --image=web:1 --replicas=3\n\n"
                "  # With another command\n  kubectl create deployment date --image=busybox -- date\n",
    .flags = deployment_flags,
    .run = run_deployment,
    .aliases = kDeploymentAliases,
};
constexpr Command kCreateJob{
    .use = "job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    .brief = "Create a job with the specified name",
    .examples = "  # A job\n  kubectl create job backup --image=busybox -- sh -c 'echo done'\n\n  # Now, what a cron job does later\n  kubectl create job now --from=cronjob/backup\n",
    .flags = job_flags,
    .run = run_job,
};
constexpr Command kCreateCronJob{
    .use = "cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
    .brief = "Create a cron job with the specified name",
    .examples = "  # Every five minutes\n  kubectl create cronjob backup --image=busybox --schedule='*/5 * * * *' -- date\n",
    .flags = cronjob_flags,
    .run = run_cronjob,
    .aliases = kCronJobAliases,
};

}  // namespace skerry::kubectl
