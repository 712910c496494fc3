// `kubectl debug`: a container for looking into a pod, a copy of a pod, or a pod on a node.
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "base/strings.h"
#include "json/yaml.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/debug_profile.h"
#include "kubectl/streaming/pod_wait.h"
#include "kubectl/streaming/pods.h"

namespace skerry::kubectl {
namespace {

constexpr std::chrono::nanoseconds kStartTimeout = std::chrono::minutes(5);

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"arguments-only", 0, kBool, "false", "If specified, everything after -- will be passed to the new container as Args instead of Command."},
      {"attach", 0, kBool, "false", "If true, wait for the container to start running, and then attach as if 'kubectl attach ...' were called.  Default false, unless '-i/--stdin' is set, in which case the default is true."},
      {"container", 'c', kString, "", "Container name to use for debug container."},
      {"copy-to", 0, kString, "", "Create a copy of the target Pod with this name."},
      {"custom", 0, kString, "", "Path to a JSON or YAML file containing a partial container spec to customize built-in debug profiles."},
      {"env", 0, kArray, "", "Environment variables to set in the container."},
      {"filename", 'f', kStrings, "", "identifying the resource to debug"},
      {"image", 0, kString, "", "Container image to use for debug container."},
      {"image-pull-policy", 0, kString, "", "The image pull policy for the container. If left empty, this value will not be specified by the client and defaulted by the server."},
      {"keep-annotations", 0, kBool, "false", "If true, keep the original pod annotations.(This flag only works when used with '--copy-to')"},
      {"keep-init-containers", 0, kBool, "true", "Run the init containers for the pod. Defaults to true.(This flag only works when used with '--copy-to')"},
      {"keep-labels", 0, kBool, "false", "If true, keep the original pod labels.(This flag only works when used with '--copy-to')"},
      {"keep-liveness", 0, kBool, "false", "If true, keep the original pod liveness probes.(This flag only works when used with '--copy-to')"},
      {"keep-readiness", 0, kBool, "false", "If true, keep the original pod readiness probes.(This flag only works when used with '--copy-to')"},
      {"keep-startup", 0, kBool, "false", "If true, keep the original startup probes.(This flag only works when used with '--copy-to')"},
      {"profile", 0, kString, "general", "Options are \"general\", \"baseline\", \"restricted\", \"netadmin\" or \"sysadmin\". Defaults to \"general\""},
      {"quiet", 'q', kBool, "false", "If true, suppress informational messages."},
      {"replace", 0, kBool, "false", "When used with '--copy-to', delete the original Pod."},
      {"same-node", 0, kBool, "false", "When used with '--copy-to', schedule the copy of target Pod on the same node."},
      {"set-image", 0, kStrings, "", "When used with '--copy-to', a list of name=image pairs for changing container images, similar to how 'kubectl set image' works."},
      {"share-processes", 0, kBool, "true", "When used with '--copy-to', enable process namespace sharing in the copy."},
      {"stdin", 'i', kBool, "false", "Keep stdin open on the container(s) in the pod, even if nothing is attached."},
      {"target", 0, kString, "", "When using an ephemeral container, target processes in this container name."},
      {"tty", 't', kBool, "false", "Allocate a TTY for the debugging container."},
  };
}

class Debug {
 public:
  explicit Debug(Session& session) : s_(session), f_(session.flags) {}

  Result<int> run() {
    split_words();
    TRY(validate());
    ns_ = TRY(s_.ns());
    Selection selection;
    selection.filenames = f_.list("filename");
    for (const std::string& name : names_) selection.words.push_back(name.find('/') == std::string::npos ? "pods/" + name : name);
    auto items = TRY(select_items(s_, selection, {.fetch = true}));
    for (const Item& item : items) {
      const std::string& kind = item.mapping.kind;
      if (kind == "Pod") TRY(f_.text("copy-to").empty() ? ephemeral(item.object) : copy(item.object));
      else if (kind == "Node") TRY(node(item.name));
      else return plain_error("\"" + item.mapping.api_version() + ", Kind=" + kind + "\" not supported by debug");
    }
    return 0;
  }

 private:
  void split_words() {
    const auto& words = s_.words();
    int dash = f_.words_before_dash();
    size_t names = dash >= 0 ? static_cast<size_t>(dash) : words.size();
    names_.assign(words.begin(), words.begin() + static_cast<long>(names));
    command_.assign(words.begin() + static_cast<long>(names), words.end());
  }

  Status validate() {
    bool copies = !f_.text("copy-to").empty();
    std::string pull = f_.text("image-pull-policy");
    if (copies) {
      if (f_.text("image").empty() && f_.list("set-image").empty() && command_.empty()) return plain_error("you must specify --image, --set-image or command arguments.");
      if (!command_.empty() && f_.text("image").empty() && f_.text("container").empty()) return plain_error("you must specify an existing container or a new image when specifying args.");
    } else {
      if (f_.text("image").empty()) return plain_error("you must specify --image when not using --copy-to.");
      for (const char* flag : {"replace", "same-node"}) {
        if (f_.boolean(flag)) return plain_error("--" + std::string(flag) + " may only be used with --copy-to.");
      }
      if (!f_.list("set-image").empty()) return plain_error("--set-image may only be used with --copy-to.");
    }
    if (copies && !f_.text("target").empty()) return plain_error("--target is incompatible with --copy-to. Use --share-processes instead.");
    if (!pull.empty() && pull != "Always" && pull != "IfNotPresent" && pull != "Never") return plain_error("invalid image pull policy: " + pull);
    if (names_.empty() && f_.list("filename").empty()) return plain_error("NAME or filename is required for debug");
    if (f_.boolean("tty") && !f_.boolean("stdin")) return plain_error("-i/--stdin is required for containers with -t/--tty=true");
    TRY(check_profile(f_.text("profile")));
    if (f_.text("profile") == "legacy") {
      s_.err << "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n" << std::flush;
    }
    if (f_.text("custom").empty()) return {};
    std::ifstream file(f_.text("custom"), std::ios::binary);
    if (!file) return plain_error("must pass a valid container spec json file: cannot read " + f_.text("custom"));
    std::string text(std::istreambuf_iterator<char>(file), {});
    auto partial = json::parse_yaml(text);
    if (!partial) return plain_error("unable to unmarshall custom profile: " + partial.error().message);
    custom_ = *partial;
    return {};
  }

  // The debug container as the flags say, without what a profile adds.
  Result<Json> container(const std::string& name) {
    Json c = {{"name", name}, {"image", f_.text("image")}, {"resources", Json::object()}, {"terminationMessagePolicy", "File"}};
    if (!f_.text("image-pull-policy").empty()) c["imagePullPolicy"] = f_.text("image-pull-policy");
    if (f_.boolean("stdin")) c["stdin"] = true;
    if (f_.boolean("tty")) c["tty"] = true;
    if (!command_.empty()) c[f_.boolean("arguments-only") ? "args" : "command"] = command_;
    for (const std::string& word : f_.list("env")) {
      size_t equal = word.find('=');
      if (equal == 0 || equal == std::string::npos) return plain_error("invalid env: " + word);
      c["env"].push_back({{"name", word.substr(0, equal)}, {"value", word.substr(equal + 1)}});
    }
    return c;
  }
  Status customize(Json& container) { return custom_.is_null() ? Status() : apply_custom(custom_, container); }

  std::string new_name(const Json& pod) {
    if (!f_.text("container").empty()) return f_.text("container");
    SystemRandom random;
    std::string name;
    do {
      name = "debugger-" + random.name_suffix(5);
    } while (find_container(pod, name));
    say("Defaulting debug container name to " + name + ".");
    return name;
  }
  void say(const std::string& line) {
    if (!f_.boolean("quiet")) s_.err << line << '\n' << std::flush;
  }
  bool attaches() const { return f_.changed("attach") ? f_.boolean("attach") : f_.boolean("stdin"); }
  Status attach(const std::string& ns, const std::string& pod, const std::string& container) {
    if (!attaches()) return {};
    AttachOptions options{.in = f_.boolean("stdin"), .tty = f_.boolean("tty"), .quiet = f_.boolean("quiet")};
    return attach_when_running(s_, ns, pod, container, kStartTimeout, options);
  }

  Status ephemeral(const Json& pod) {
    std::string name = new_name(pod);
    Json c = TRY(container(name));
    if (std::string target = f_.text("target"); !target.empty()) {
      say("Targeting container \"" + target + "\". If you don't see processes from this container it may be because the container runtime doesn't support this feature.");
      c["targetContainerName"] = target;
    }
    Json unused;
    apply_profile(f_.text("profile"), DebugTarget::kEphemeral, unused, c);
    TRY(customize(c));
    Json patch = {{"spec", {{"ephemeralContainers", Json::array({c})}}}};
    Objects* objects = TRY(s_.objects());
    auto patched = objects->patch(pod_mapping(), pod_namespace(pod), pod_name(pod), PatchKind::kStrategic, json::dump(patch), {.subresource = "ephemeralcontainers"});
    if (!patched && patched.error().is(Reason::kNotFound) && (!patched.error().details || patched.error().details->name.empty())) {
      return plain_error("ephemeral containers are disabled for this cluster (error from server: \"" + patched.error().message + "\").");
    }
    if (!patched) return patched.error();
    return attach(pod_namespace(pod), pod_name(pod), name);
  }

  Status copy(const Json& original) {
    Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", f_.text("copy-to")}, {"namespace", pod_namespace(original)}}}, {"spec", original["spec"]}};
    for (auto [flag, key] : {std::pair("keep-labels", "labels"), {"keep-annotations", "annotations"}}) {
      const Json& kept = json::find(original, {"metadata", key});
      if (f_.boolean(flag) && kept.is_object()) pod["metadata"][key] = kept;
    }
    Json& spec = pod["spec"];
    spec.erase("ephemeralContainers");
    if (!f_.boolean("same-node")) spec.erase("nodeName");
    if (!f_.boolean("keep-init-containers")) spec.erase("initContainers");
    for (Json& c : spec["containers"]) {
      for (auto [flag, key] : {std::pair("keep-liveness", "livenessProbe"), {"keep-readiness", "readinessProbe"}, {"keep-startup", "startupProbe"}}) {
        if (!f_.boolean(flag)) c.erase(key);
      }
    }
    if (f_.text("profile") != "legacy" || f_.changed("share-processes")) spec["shareProcessNamespace"] = f_.boolean("share-processes");
    TRY(set_images(spec["containers"]));
    std::string name = f_.text("container");
    Json* found = nullptr;
    for (Json& c : spec["containers"]) {
      if (!name.empty() && json::str(c, "name") == name) found = &c;
    }
    if (found) {
      if (!f_.text("image").empty()) (*found)["image"] = f_.text("image");
      if (!command_.empty()) {
        (*found)[f_.boolean("arguments-only") ? "args" : "command"] = command_;
        if (!f_.boolean("arguments-only")) found->erase("args");
      }
      if (f_.boolean("stdin")) (*found)["stdin"] = true;
      if (f_.boolean("tty")) (*found)["tty"] = true;
    } else if (!f_.text("image").empty()) {
      name = new_name(pod);
      Json fresh = TRY(container(name));
      spec["containers"].push_back(std::move(fresh));
      found = &spec["containers"].back();
    } else if (name.empty()) {
      name = json::str(spec["containers"][0], "name");
    } else {
      return plain_error("an image must be specified when adding a new debug container");
    }
    if (found) {
      apply_profile(f_.text("profile"), DebugTarget::kCopy, pod, *found);
      TRY(customize(*found));
    }
    Objects* objects = TRY(s_.objects());
    TRY(objects->create(pod_mapping(), pod_namespace(original), pod));
    if (f_.boolean("replace")) TRY(objects->remove(pod_mapping(), pod_namespace(original), pod_name(original)));
    return attach(pod_namespace(original), f_.text("copy-to"), name);
  }

  Status set_images(Json& containers) {
    for (const std::string& word : f_.list("set-image")) {
      size_t equal = word.find('=');
      if (equal == 0 || equal == std::string::npos) return plain_error("--set-image must be in the form \"container=image\"");
      bool any = word.substr(0, equal) == "*", found = false;
      for (Json& c : containers) {
        if (!any && json::str(c, "name") != word.substr(0, equal)) continue;
        c["image"] = word.substr(equal + 1);
        found = true;
      }
      if (!found) return plain_error("unable to find container \"" + word.substr(0, equal) + "\"");
    }
    return {};
  }

  Status node(const std::string& node) {
    std::string name = f_.text("container").empty() ? "debugger" : f_.text("container");
    std::string pod_name = "node-debugger-" + node + "-" + SystemRandom().name_suffix(5);
    if (!f_.text("target").empty()) say("Targeting container \"" + f_.text("target") + "\". If you don't see processes from this container it may be because the container runtime doesn't support this feature.");
    say("Creating debugging pod " + pod_name + " with container " + name + " on node " + node + ".");
    Json c = TRY(container(name));
    Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"},
                {"metadata", {{"name", pod_name}, {"namespace", ns_}, {"labels", {{"app.kubernetes.io/managed-by", "kubectl-debug"}}}}},
                {"spec", {{"nodeName", node}, {"restartPolicy", "Never"}, {"tolerations", Json::array({{{"operator", "Exists"}}})}}}};
    apply_profile(f_.text("profile"), DebugTarget::kNode, pod, c);
    TRY(customize(c));
    pod["spec"]["containers"].push_back(std::move(c));
    Objects* objects = TRY(s_.objects());
    TRY(objects->create(pod_mapping(), ns_, pod));
    return attach(ns_, pod_name, name);
  }

  Session& s_;
  const Flags& f_;
  std::string ns_;
  std::vector<std::string> names_, command_;
  Json custom_;
};

Result<int> run(Session& session) { return Debug(session).run(); }

}  // namespace

const Command kDebug{
    .use = "debug (POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    .brief = "Create debugging sessions for troubleshooting workloads and nodes",
    .text = "Debug cluster resources using interactive debugging containers.\n\n'debug' adds an ephemeral container to a running pod, makes a "
            "copy of a pod with some things changed (--copy-to), or starts a pod in the namespaces of a node's host (node/NAME).",
    .examples = R"(  # A session in a new ephemeral container of pod mypod
  kubectl debug mypod -it --image=busybox

  # One that sees the processes of the container app, with a name of its own
  kubectl debug mypod --image=busybox --target=app -c debugger -it

  # A copy of mypod with another container beside the others
  kubectl debug mypod -it --image=busybox --copy-to=my-debugger

  # A copy with other images; with another command
  kubectl debug mypod --copy-to=my-debugger --set-image=app=app:debug,sidecar=sidecar:debug
  kubectl debug mypod -it --copy-to=my-debugger --container=mycontainer -- sh

  # A session on a node, whose file system is at /host
  kubectl debug node/mynode -it --image=busybox)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
