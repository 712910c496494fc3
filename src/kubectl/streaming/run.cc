// `kubectl run`: a pod from an image, and a session in it.
#include <regex>

#include "base/strings.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/objects.h"
#include "kubectl/overrides.h"
#include "kubectl/select.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/pod_wait.h"
#include "kubectl/streaming/pods.h"
#include "kubectl/values.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return print_flags() + std::vector<Flag>{
      dry_run_flag(),
      field_manager_flag("kubectl-run"),
      {"annotations", 0, kArray, "", "Annotations to apply to the pod."},
      {"attach", 0, kBool, "false",
       "If true, wait for the Pod to start running, and then attach to the Pod as if 'kubectl attach ...' were called.  Default false, "
       "unless '-i/--stdin' is set, in which case the default is true. With '--restart=Never' the exit code of the container process is returned."},
      {"command", 0, kBool, "false", "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default."},
      {"env", 0, kArray, "", "Environment variables to set in the container."},
      {"expose", 0, kBool, "false", "If true, create a ClusterIP service associated with the pod.  Requires `--port`."},
      {"force", 0, kBool, "false", "With --rm: remove the pod immediately, without waiting for it to end."},
      {"grace-period", 0, kInt, "-1", "With --rm: seconds given to the pod to terminate gracefully. Ignored if negative."},
      {"image", 0, kString, "", "The image for the container to run.", "", false, "", true},
      {"image-pull-policy", 0, kString, "", "The image pull policy for the container.  If left empty, this value will not be specified by the client and defaulted by the server."},
      {"labels", 'l', kString, "", "Comma separated labels to apply to the pod. Will override previous values."},
      {"leave-stdin-open", 0, kBool, "false", "If the pod is started in interactive mode or with stdin, leave stdin open after the first attach completes."},
      {"override-type", 0, kString, "merge", "The method used to override the generated object: json, merge, or strategic."},
      {"overrides", 0, kString, "", "An inline JSON override for the generated object. Requires that the object supply a valid apiVersion field."},
      pod_timeout_flag("1m0s"),
      {"port", 0, kString, "", "The port that this container exposes."},
      {"privileged", 0, kBool, "false", "If true, run the container in privileged mode."},
      {"quiet", 'q', kBool, "false", "If true, suppress prompt messages."},
      record_flag(),
      {"restart", 0, kString, "Always", "The restart policy for this Pod.  Legal values [Always, OnFailure, Never]."},
      {"save-config", 0, kBool, "false", "If true, the configuration of current object will be saved in its annotation."},
      {"rm", 0, kBool, "false", "If true, delete the pod after it exits.  Only valid when attaching to the container, e.g. with '--attach' or with '-i/--stdin'."},
      {"stdin", 'i', kBool, "false", "Keep stdin open on the container in the pod, even if nothing is attached."},
      {"tty", 't', kBool, "false", "Allocate a TTY for the container in the pod."},
  };
}

// [host[:port]/]path[:tag][@digest]
bool is_image_reference(const std::string& text) {
  static const std::regex kReference(
      R"((([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(:[0-9]+)?/)?)"
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)"
      R"((:[0-9A-Za-z_][0-9A-Za-z_.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?)");
  return text.size() <= 1024 && std::regex_match(text, kReference);
}

Result<Json> pod_from_flags(Session& session, const std::string& name, const std::vector<std::string>& command) {
  const Flags& f = session.flags;
  Json labels = Json{{"run", name}};
  if (!f.text("labels").empty()) labels = TRY(label_map(f.text("labels")));
  Json container = {{"name", name}, {"image", f.text("image")}, {"resources", Json::object()}};
  if (f.boolean("stdin")) container["stdin"] = true;
  if (f.boolean("stdin") && !f.boolean("leave-stdin-open")) container["stdinOnce"] = true;
  if (f.boolean("tty")) container["tty"] = true;
  if (!command.empty()) container[f.boolean("command") ? "command" : "args"] = command;
  if (!f.text("image-pull-policy").empty()) container["imagePullPolicy"] = f.text("image-pull-policy");
  for (const std::string& word : f.list("env")) {
    size_t equal = word.find('=');
    if (equal == std::string::npos || !env_name_trouble(word.substr(0, equal)).empty()) return plain_error("invalid env: " + word);
    container["env"].push_back({{"name", word.substr(0, equal)}, {"value", word.substr(equal + 1)}});
  }
  if (!f.text("port").empty()) {
    auto port = parse_int(f.text("port"));
    if (!port) return plain_error("strconv.Atoi: parsing \"" + f.text("port") + "\": invalid syntax");
    container["ports"].push_back({{"containerPort", *port}});
  }
  if (f.boolean("privileged")) container["securityContext"] = {{"privileged", true}};
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"labels", std::move(labels)}}}};
  auto annotations = TRY(parse_pairs(f.list("annotations"), "annotations", false));
  for (auto& [key, value] : annotations.set) pod["metadata"]["annotations"][key] = value;
  pod["spec"]["containers"].push_back(std::move(container));
  pod["spec"]["restartPolicy"] = f.text("restart");
  pod["spec"]["dnsPolicy"] = "ClusterFirst";
  pod["status"] = Json::object();
  return pod;
}

Json service_for(const std::string& name, const Json& labels, int64_t port) {
  Json spec = {{"ports", Json::array({{{"port", port}, {"protocol", "TCP"}, {"targetPort", port}}})}, {"selector", labels}};
  return {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", name}}}, {"spec", std::move(spec)},
          {"status", {{"loadBalancer", Json::object()}}}};
}

Result<Json> create(Session& session, const Mapping& mapping, const std::string& ns, Json object, DryRun dry_run) {
  if (session.ns_enforced()) object["metadata"]["namespace"] = ns;
  record_change(session, object);
  if (dry_run == DryRun::kClient) return object;
  if (session.flags.boolean("save-config")) object = with_last_applied(std::move(object), true);
  WriteOptions options = TRY(write_options_of(session));
  Objects* objects = TRY(session.objects());
  return objects->create(mapping, ns, object, options);
}

Status print(ResultPrinter& printer, const Mapping& mapping, const std::string& ns, const Json& object) {
  Item item{.mapping = mapping, .ns = ns, .name = json::str(object, {"metadata", "name"})};
  return printer.print(item, object, "created");
}

void remove(Session& session, const Mapping& mapping, const std::string& ns, const std::string& name) {
  const Flags& f = session.flags;
  Json options = {{"propagationPolicy", "Background"}};
  if (f.boolean("force")) options["gracePeriodSeconds"] = 0;
  else if (f.number("grace-period") >= 0) options["gracePeriodSeconds"] = f.number("grace-period");
  auto objects = session.objects();
  auto removed = objects ? (*objects)->remove(mapping, ns, name, options) : Result<Json>(objects.error());
  if (!removed && !removed.error().is(Reason::kNotFound)) return session.fail(removed.error());
  if (removed && !f.boolean("quiet")) session.out << mapping.singular_name() << " \"" << name << "\" deleted from " << ns << " namespace\n" << std::flush;
}

// Of a pod that runs once: the exit code of its process.
struct Ended {
  int code = 0;
  std::string text{};  // for standard error
};
Result<Ended> exit_code_of(Session& session, const std::string& ns, const std::string& name, std::chrono::nanoseconds timeout) {
  bool only_success = session.flags.text("restart") == "OnFailure";
  Json pod = TRY(wait_for_pod(session, ns, name, timeout, [&](const Json& seen) -> Result<bool> {
    return json::str(seen, {"status", "phase"}) == "Succeeded" || (!only_success && pod_completed(seen));
  }));
  if (json::str(pod, {"status", "phase"}) == "Succeeded") return Ended{};
  const Json& statuses = json::array_or_empty(json::find(pod, {"status", "containerStatuses"}));
  const Json& ended = statuses.empty() ? json::find(pod, "none") : json::find(statuses[0], {"state", "terminated"});
  auto code = json::integer(ended, "exitCode");
  if (code == 0) return plain_error("pod " + ns + "/" + name + " failed with unknown exit code");
  Ended result{static_cast<int>(code), "pod " + ns + "/" + name + " terminated (" + json::str(ended, "reason") + ")\n"};
  if (std::string message = json::str(ended, "message"); !message.empty()) result.text += message + "\n";
  return result;
}

Result<Ended> attach(Session& session, const std::string& ns, const std::string& name, std::chrono::nanoseconds timeout) {
  const Flags& f = session.flags;
  AttachOptions options{.in = f.boolean("stdin"), .tty = f.boolean("tty"), .quiet = f.boolean("quiet")};
  TRY(attach_when_running(session, ns, name, "", timeout, options));
  if (f.boolean("leave-stdin-open") || f.text("restart") == "Always") return Ended{};
  return exit_code_of(session, ns, name, timeout);
}

Result<int> run(Session& session) {
  const Flags& f = session.flags;
  const auto& words = session.words();
  if (!f.changed("image")) return plain_error("required flag(s) \"image\" not set");
  if (words.empty() || f.words_before_dash() == 0) return usage_error("NAME is required for run");
  auto timeout = TRY(pod_timeout_of(session));
  if (f.text("image").empty()) return plain_error("--image is required");
  if (!is_image_reference(f.text("image"))) return plain_error("Invalid image name \"" + f.text("image") + "\": invalid reference format");
  bool in = f.boolean("stdin");
  if (f.boolean("tty") && !in) return usage_error("-i/--stdin is required for containers with -t/--tty=true");
  if (f.boolean("expose") && f.text("port").empty()) return usage_error("--port must be set when exposing a service");
  std::string restart = f.text("restart"), pull = f.text("image-pull-policy");
  if (restart != "Always" && restart != "OnFailure" && restart != "Never") return usage_error("invalid restart policy: " + restart);
  bool attaches = f.changed("attach") ? f.boolean("attach") : in;
  if (f.boolean("rm") && !attaches) return usage_error("--rm should only be used for attached containers");
  DryRun dry_run = TRY(dry_run_of(session));
  if (attaches && dry_run != DryRun::kNone) {
    return usage_error("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
  }
  if (!pull.empty() && pull != "Always" && pull != "IfNotPresent" && pull != "Never") return usage_error("invalid image pull policy: " + pull);

  std::string ns = TRY(session.ns());
  Json pod = TRY(pod_from_flags(session, words[0], {words.begin() + 1, words.end()}));
  pod = TRY(with_overrides(std::move(pod), f.text("overrides"), f.text("override-type")));
  static const Mapping services = mapping_of("v1", "services", "Service", true);
  bool quiet = attaches && f.boolean("quiet");
  auto printer = TRY(result_printer(session, dry_run, true));
  Json labels = pod["metadata"]["labels"];
  Json created = TRY(create(session, pod_mapping(), ns, std::move(pod), dry_run));
  if (f.boolean("expose")) {
    auto port = parse_int(f.text("port"));
    Json wanted = service_for(words[0], labels, port.value_or(0));
    if (!f.text("labels").empty()) wanted["metadata"]["labels"] = labels;
    Json service = TRY(create(session, services, ns, std::move(wanted), dry_run));
    TRY(print(*printer, services, ns, service));
    if (f.text("output") == "yaml") session.out << "---\n";  // kubectl's own, beside the printer's
  }
  if (!attaches) {
    if (!quiet) TRY(print(*printer, pod_mapping(), ns, created));
    return 0;
  }
  auto outcome = attach(session, ns, pod_name(created), timeout);
  if (f.boolean("rm")) {
    remove(session, pod_mapping(), ns, pod_name(created));
    if (f.boolean("expose")) remove(session, services, ns, words[0]);
  }
  if (!outcome) return outcome.error();
  session.out << std::flush;
  session.err << outcome->text << std::flush;
  return outcome->code;
}

}  // namespace

const Command kRun{
    .use = "run NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    .brief = "Run a particular image on the cluster",
    .text = "Create and run a particular image in a pod.",
    .examples = R"(  # A pod with nginx; with a port that it exposes
  kubectl run nginx --image=nginx
  kubectl run hazelcast --image=hazelcast/hazelcast --port=5701

  # With environment variables and labels
  kubectl run hazelcast --image=hazelcast/hazelcast --env="DNS_DOMAIN=cluster" --labels="app=hazelcast,env=prod"

  # What would be sent, without sending it
  kubectl run nginx --image=nginx --dry-run=client

  # A shell in a busybox that is not started again when it ends, and deleted then
  kubectl run -i -t busybox --image=busybox --restart=Never --rm

  # Arguments of the image's own command, and another command
  kubectl run nginx --image=nginx -- <arg1> <arg2>
  kubectl run nginx --image=nginx --command -- <cmd> <arg1>)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
