// kubectl drain: a node without pods, politely: evictions that respect disruption budgets.
#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "api/selector.h"
#include "base/clock.h"
#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/nodes/cordon.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kRetryEviction = std::chrono::seconds(5);  // as kubectl, when a budget forbids it for now
constexpr auto kLookAgain = std::chrono::seconds(1);

const Mapping& pods() {
  static const Mapping m = mapping_of("v1", "pods", "Pod", true);
  return m;
}

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"chunk-size", 0, kInt, "500", "Return large lists in chunks rather than all at once. Pass 0 to disable."},
      {"delete-emptydir-data", 0, kBool, "false", "Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained)."},
      {"delete-local-data", 0, kBool, "false", "Continue even if there are pods using emptyDir.", "", true, "This option is deprecated and will be deleted. Use --delete-emptydir-data."},
      {"disable-eviction", 0, kBool, "false", "Force drain to use delete, even if eviction is supported. This will bypass checking PodDisruptionBudgets, use with caution."},
      dry_run_flag(),
      {"force", 0, kBool, "false", "Continue even if there are pods that do not declare a controller."},
      {"grace-period", 0, kInt, "-1", "Period of time in seconds given to each pod to terminate gracefully. If negative, the default value specified in the pod will be used."},
      {"ignore-daemonsets", 0, kBool, "false", "Ignore DaemonSet-managed pods."},
      {"ignore-errors", 0, kBool, "false", "Ignore errors occurred between drain nodes in group.", "", true, "it is ignored and will be removed."},
      {"pod-selector", 0, kString, "", "Label selector to filter pods on the node"},
      selector_flag(),
      {"skip-wait-for-delete-timeout", 0, kInt, "0", "If pod DeletionTimestamp older than N seconds, skip waiting for the pod. Seconds must be greater than 0 to skip."},
      {"timeout", 0, kDuration, "0s", "The length of time to wait before giving up, zero means infinite"},
  };
}

std::string pod_name(const Json& pod) { return json::str(pod, {"metadata", "name"}); }
std::string pod_namespace(const Json& pod) { return json::str(pod, {"metadata", "namespace"}); }
std::string full_name(const Json& pod) { return pod_namespace(pod) + "/" + pod_name(pod); }

// What goes wrong with one node: one Error, or several that belong together, which kubectl shows in a line each, without "error: ".
struct Failure {
  std::vector<Error> errors;
  bool together = false;

  std::string text() const {
    std::string out;
    for (auto& e : errors) out += (out.empty() ? "" : ", ") + e.message;
    return errors.size() == 1 ? out : "[" + out + "]";
  }
};
std::string line_of(const Error& e, std::string_view path) { return e.code == 0 ? e.message + "\n" : error_text(e, path); }

struct Sorted {
  std::vector<Json> leave;
  std::map<std::string, std::vector<std::string>> errors, warnings;  // text -> pods
};

// A pod on its way: to be evicted at `next`, or looked for then, until it is gone.
struct Leaving {
  const Json* pod;
  bool evicted = false;
  SteadyClock::time_point next{};
};

class Drain {
 public:
  explicit Drain(Session& s) : s_(s), f_(s.flags) {}

  Result<int> run() {
    dry_run_ = TRY(dry_run_of(s_));
    std::string pod_selector = f_.text("pod-selector");
    if (!api::LabelSelector::parse(pod_selector)) return plain_error("--pod-selector=<pod_selector> must be a valid label selector");
    auto nodes = TRY(select_nodes(s_));
    objects_ = TRY(s_.objects());
    eviction_version_ = TRY(eviction_version());
    TRY(cordon_nodes(s_, nodes, true, dry_run_));
    std::vector<std::string> undrained;
    std::vector<Failure> failures;
    for (auto& node : nodes) {
      Failure failure = drain(node);
      s_.out << std::flush;
      if (failure.errors.empty()) {
        s_.out << "node/" << node.name << " drained" << suffix() << '\n' << std::flush;
        continue;
      }
      s_.err << "error: unable to drain node \"" << node.name << "\" due to error: " << failure.text() << ", continuing command...\n";
      undrained.push_back(node.name);
      failures.push_back(std::move(failure));
    }
    if (failures.empty()) return 0;
    s_.err << "There are pending nodes to be drained:\n";
    for (auto& n : undrained) s_.err << ' ' << n << '\n';
    if (failures.size() == 1 && !failures[0].together) return failures[0].errors[0];
    if (failures.size() == 1) {
      for (auto& e : failures[0].errors) s_.err << line_of(e, s_.path);
    } else {
      for (auto& f : failures) s_.err << (f.together ? f.text() + "\n" : line_of(f.errors[0], s_.path));
    }
    return 1;
  }

 private:
  std::string_view suffix() const { return dry_run_ == DryRun::kClient ? " (dry run)" : dry_run_ == DryRun::kServer ? " (server dry run)" : ""; }

  // The API version of evictions there ("policy/v1beta1" before 1.22); empty: pods are deleted.
  Result<std::string> eviction_version() {
    Json core = TRY(objects_->rest().json({.path = "/api/v1"}));
    for (auto& resource : json::array_or_empty(json::find(core, "resources")))
      if (json::str(resource, "name") == "pods/eviction" && json::str(resource, "kind") == "Eviction")
        return json::str(resource, "group") + "/" + json::str(resource, "version");
    return std::string();
  }
  bool deletes() const { return f_.boolean("disable-eviction") || eviction_version_.empty(); }

  // Its daemon set exists; an Error where that cannot be found out.
  Status daemon_set_of(const Json& pod, const Json& controller) {
    static const Mapping kDaemonSets = mapping_of("apps/v1", "daemonsets", "DaemonSet", true);
    TRY(objects_->get(kDaemonSets, pod_namespace(pod), json::str(controller, "name")));
    return {};
  }

  // Where one pod belongs, as kubectl's filters decide.
  void sort_pod(const Json& pod, Sorted& out) {
    bool force = f_.boolean("force"), delete_data = f_.boolean("delete-emptydir-data") || f_.boolean("delete-local-data");
    std::string phase = json::str(pod, {"status", "phase"}), name = full_name(pod);
    bool finished = phase == "Succeeded" || phase == "Failed";
    if (skip_waiting(pod)) return;
    const Json* controller = nullptr;
    for (auto& o : json::array_or_empty(json::find(pod, {"metadata", "ownerReferences"})))
      if (json::boolean(o, "controller")) controller = &o;
    if (controller && json::str(*controller, "kind") == "DaemonSet" && !finished) {
      auto exists = daemon_set_of(pod, *controller);
      if (!exists && !(exists.error().code == 404 && force)) {
        out.errors["cannot delete " + exists.error().message].push_back(name);
        return;
      }
      if (exists && f_.boolean("ignore-daemonsets")) {
        out.warnings["ignoring DaemonSet-managed Pods"].push_back(name);
        return;
      }
      if (exists) {
        out.errors["cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"].push_back(name);
        return;
      }
    }
    if (!json::find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}).is_null()) return;
    bool local_data = false;
    for (auto& v : json::array_or_empty(json::find(pod, {"spec", "volumes"}))) local_data |= v.contains("emptyDir");
    if (local_data && !finished && !delete_data) {
      out.errors["cannot delete Pods with local storage (use --delete-emptydir-data to override)"].push_back(name);
      return;
    }
    if (!controller && !finished) {
      if (!force) {
        out.errors["cannot delete Pods that declare no controller (use --force to override)"].push_back(name);
        return;
      }
      out.warnings["deleting Pods that declare no controller"].push_back(name);
    }
    out.leave.push_back(pod);
  }

  Result<Sorted> sort_pods(const Item& node) {
    Sorted out;
    Json list = TRY(objects_->list(pods(), "", {.label_selector = f_.text("pod-selector"), .field_selector = "spec.nodeName=" + node.name, .chunk = f_.number("chunk-size")}));
    for (auto& pod : json::array_or_empty(json::find(list, "items"))) sort_pod(pod, out);
    return out;
  }

  static std::vector<std::string> lines(const std::map<std::string, std::vector<std::string>>& messages) {
    std::vector<std::string> out;
    for (auto& [text, names] : messages) out.push_back(text + ": " + join(names, ", "));
    return out;
  }

  Failure drain(const Item& node) {
    auto sorted = sort_pods(node);
    if (!sorted) return {{sorted.error()}, true};
    if (!sorted->errors.empty()) {
      Failure failure{{}, true};
      for (auto& line : lines(sorted->errors)) failure.errors.push_back(plain_error(line));
      return failure;
    }
    if (!sorted->warnings.empty()) s_.warn(join(lines(sorted->warnings), "; "));
    if (dry_run_ == DryRun::kClient) {
      for (auto& pod : sorted->leave) s_.out << "evicting pod " << full_name(pod) << suffix() << '\n';
      return {};
    }
    Failure failure = take_away(sorted->leave);
    if (!failure.errors.empty()) say_pending(node, failure);
    return failure;
  }

  // Evicts all pods and waits until they are gone. One that may not go now is tried again, while the others go.
  Failure take_away(const std::vector<Json>& pods_to_go) {
    auto timeout = f_.duration("timeout");
    const auto deadline = timeout.count() > 0 ? SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout) : SteadyClock::time_point::max();
    std::vector<Leaving> left;
    for (auto& pod : pods_to_go) {
      if (deletes())
        if (auto gone = remove(pod); !gone) return {{gone.error()}, false};
      left.push_back({&pod, deletes()});
    }
    Failure failure{{}, !deletes()};
    while (!left.empty()) {
      auto wake = SteadyClock::time_point::max();
      std::vector<Leaving> still;
      for (auto& l : left) {
        if (l.next <= SteadyClock::now()) {
          auto done = l.evicted ? gone(l, deadline) : evict(l, deadline);
          if (!done) failure.errors.push_back(done.error());
          if (!done || *done) continue;
        }
        wake = std::min(wake, l.next);
        still.push_back(l);
      }
      left = std::move(still);
      if (deletes() && !failure.errors.empty()) break;
      if (!left.empty()) std::this_thread::sleep_until(wake);
    }
    return failure;
  }

  Json delete_options() const {
    Json options = Json::object();
    if (f_.number("grace-period") >= 0) options["gracePeriodSeconds"] = f_.number("grace-period");
    return options;
  }

  Status remove(const Json& pod) {
    auto answer = objects_->remove(pods(), pod_namespace(pod), pod_name(pod), delete_options(), dry_run_ == DryRun::kServer);
    if (!answer && answer.error().code != 404) return answer.error();
    return {};
  }

  Error late(const std::string& doing) const { return plain_error(doing + "global timeout reached: " + format_duration(f_.duration("timeout"))); }

  // Tries it once. True: nothing remains to be done for it.
  Result<bool> evict(Leaving& l, SteadyClock::time_point deadline) {
    const std::string ns = pod_namespace(*l.pod), name = pod_name(*l.pod), who = "pods/\"" + name + "\" -n \"" + ns + "\"";
    s_.out << "evicting pod " << ns << '/' << name << (dry_run_ == DryRun::kServer ? " (server dry run)" : "") << '\n' << std::flush;
    if (SteadyClock::now() >= deadline) return late("error when evicting " + who + ": ");
    Json eviction = {{"apiVersion", eviction_version_}, {"kind", "Eviction"}, {"metadata", {{"name", name}, {"namespace", ns}}}};
    if (Json options = delete_options(); !options.empty()) eviction["deleteOptions"] = options;
    RestRequest request{.method = "POST", .path = pods().path(ns, name, "eviction"), .body = json::dump(eviction), .retries = false};
    if (dry_run_ == DryRun::kServer) request.query.emplace_back("dryRun", "All");
    auto answer = objects_->rest().json(request);
    if (answer) {
      l.evicted = true;
      l.next = {};
      return dry_run_ == DryRun::kServer;
    }
    const Error& e = answer.error();
    if (e.code == 404) return true;
    if (e.code == 403 && e.message.find("because it is being terminated") != std::string::npos) {
      // Nothing is evicted from a namespace that goes away itself.
      auto now = objects_->get(pods(), ns, name);
      if (now && !json::str(*now, {"metadata", "deletionTimestamp"}).empty()) {
        l.evicted = true;
        return false;
      }
      s_.err << "error when evicting pod \"" << name << "\" from terminating namespace \"" << ns << "\" (will retry after 5s): " << e.message << '\n' << std::flush;
    } else if (e.code == 429) {
      s_.err << "error when evicting " << who << " (will retry after 5s): " << e.message << '\n' << std::flush;
    } else {
      return plain_error("error when evicting " + who + ": " + e.message);
    }
    l.next = SteadyClock::now() + kRetryEviction;
    return false;
  }

  // --skip-wait-for-delete-timeout: its deletion was asked for so long ago that nobody waits any more.
  bool skip_waiting(const Json& pod) const {
    int64_t seconds = f_.number("skip-wait-for-delete-timeout");
    auto since = parse_rfc3339(json::str(pod, {"metadata", "deletionTimestamp"}));
    return seconds > 0 && since && SystemClock().now() - *since > std::chrono::seconds(seconds);
  }

  // Looks once. True: it is gone, or nobody waits for it any more.
  Result<bool> gone(Leaving& l, SteadyClock::time_point deadline) {
    const std::string ns = pod_namespace(*l.pod), name = pod_name(*l.pod);
    const std::string doing = deletes() ? "" : "error when waiting for pod \"" + name + "\" in namespace \"" + ns + "\" to terminate: ";
    if (deletes() && dry_run_ == DryRun::kServer) return true;
    auto now = objects_->get(pods(), ns, name);
    if ((!now && now.error().code == 404) || (now && json::str(*now, {"metadata", "uid"}) != json::str(*l.pod, {"metadata", "uid"}))) {
      s_.out << "pod/" << name << (deletes() ? " deleted" : " evicted") << '\n' << std::flush;
      return true;
    }
    if (!now) return deletes() ? now.error() : plain_error(doing + now.error().message);
    if (skip_waiting(*now)) {
      s_.out << "pod \"" << name << "\" has DeletionTimestamp older than " << f_.number("skip-wait-for-delete-timeout") << " seconds, skipping\n" << std::flush;
      return true;
    }
    if (SteadyClock::now() >= deadline) return late(doing);
    l.next = SteadyClock::now() + kLookAgain;
    return false;
  }

  // Which pods are still there after a failure.
  void say_pending(const Item& node, const Failure& failure) {
    auto sorted = sort_pods(node);
    if (sorted && !sorted->leave.empty()) {
      s_.err << "There are pending pods in node \"" << node.name << "\" when an error occurred: " << failure.text() << '\n';
      for (auto& pod : sorted->leave) s_.err << "pod/" << pod_name(pod) << '\n';
    }
    if (sorted && sorted->errors.empty()) return;
    s_.err << "Following errors occurred while getting the list of pods to delete:\n";
    s_.err << (sorted ? join(lines(sorted->errors), ", ") : sorted.error().message) << '\n';
  }

  Session& s_;
  const Flags& f_;
  Objects* objects_ = nullptr;
  DryRun dry_run_ = DryRun::kNone;
  std::string eviction_version_;
};

Result<int> run(Session& s) { return Drain(s).run(); }
std::vector<std::string> complete_nodes(Session& s, const std::string& prefix) { return complete_names(s, "nodes", prefix); }

}  // namespace

constexpr Command kDrain{
    .use = "drain NODE",
    .brief = "Drain node in preparation for maintenance",
    .text = "Cordon a node and evict its pods, with respect for disruption budgets, until none is left that would not come back by itself. Pods of daemon sets "
            "(--ignore-daemonsets), with data in an emptyDir (--delete-emptydir-data) and without a controller (--force) are left to your decision.",
    .examples = "  # Before switching it off\n  kubectl drain shop-1 --ignore-daemonsets --delete-emptydir-data\n\n  # At most five minutes, each pod 30 seconds\n"
                "  kubectl drain shop-1 --timeout=5m --grace-period=30\n",
    .flags = flags,
    .run = run,
    .complete = complete_nodes,
};

}  // namespace skerry::kubectl
