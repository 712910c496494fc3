// kubectl drain: a node without pods, politely: evictions that respect disruption budgets.
#include <chrono>
#include <map>
#include <set>
#include <thread>

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

struct Sorted {
  std::vector<Json> leave;
  std::map<std::string, std::vector<std::string>> errors, warnings;  // text -> pods
};

std::string pod_name(const Json& pod) { return json::str(pod, {"metadata", "namespace"}) + "/" + json::str(pod, {"metadata", "name"}); }

class Drain {
 public:
  explicit Drain(Session& s) : s_(s), f_(s.flags) {}

  Result<int> run() {
    dry_run_ = TRY(dry_run_of(s_));
    auto nodes = TRY(select_nodes(s_));
    objects_ = TRY(s_.objects());
    eviction_version_ = TRY(eviction_version());
    TRY(cordon_nodes(s_, nodes, true, dry_run_));
    std::vector<std::string> undrained;
    for (auto& node : nodes) {
      auto status = drain(node);
      if (status) {
        s_.out << "node/" << node.name << " drained" << suffix() << '\n' << std::flush;
        continue;
      }
      s_.out << std::flush;
      s_.err << "error: unable to drain node \"" << node.name << "\" due to error: " << status.error().message << ", continuing command...\n";
      undrained.push_back(node.name);
      last_error_ = status.error();
    }
    if (undrained.empty()) return 0;
    s_.err << "There are pending nodes to be drained:\n";
    for (auto& n : undrained) s_.err << ' ' << n << '\n';
    return last_error_;
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

  // Which pods have to go, as kubectl's filters decide.
  Result<Sorted> sort_pods(const Item& node) {
    Sorted out;
    Json list = TRY(objects_->list(pods(), "", {.label_selector = f_.text("pod-selector"), .field_selector = "spec.nodeName=" + node.name, .chunk = f_.number("chunk-size")}));
    bool force = f_.boolean("force"), ignore_daemons = f_.boolean("ignore-daemonsets");
    bool delete_data = f_.boolean("delete-emptydir-data") || f_.boolean("delete-local-data");
    for (auto& pod : json::array_or_empty(json::find(list, "items"))) {
      std::string phase = json::str(pod, {"status", "phase"}), name = pod_name(pod);
      bool finished = phase == "Succeeded" || phase == "Failed";
      if (!json::find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}).is_null()) continue;
      const Json* controller = nullptr;
      for (auto& o : json::array_or_empty(json::find(pod, {"metadata", "ownerReferences"})))
        if (json::boolean(o, "controller")) controller = &o;
      if (controller && json::str(*controller, "kind") == "DaemonSet" && !finished) {
        if (!ignore_daemons) {
          out.errors["cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"].push_back(name);
        } else {
          out.warnings["ignoring DaemonSet-managed Pods"].push_back(name);
        }
        continue;
      }
      bool local_data = false;
      for (auto& v : json::array_or_empty(json::find(pod, {"spec", "volumes"}))) local_data |= v.contains("emptyDir");
      if (local_data && !finished && !delete_data) {
        out.errors["cannot delete Pods with local storage (use --delete-emptydir-data to override)"].push_back(name);
        continue;
      }
      if (!controller && !finished) {
        if (!force) {
          out.errors["cannot delete Pods that declare no controller (use --force to override)"].push_back(name);
          continue;
        }
        out.warnings["deleting Pods that declare no controller"].push_back(name);
      }
      out.leave.push_back(pod);
    }
    return out;
  }

  static std::string joined(const std::map<std::string, std::vector<std::string>>& messages) {
    std::string out;
    for (auto& [text, names] : messages) out += (out.empty() ? "" : "; ") + text + ": " + join(names, ", ");
    return out;
  }

  Status drain(const Item& node) {
    auto sorted = TRY(sort_pods(node));
    if (!sorted.errors.empty()) return plain_error("[" + joined(sorted.errors) + "]");
    if (!sorted.warnings.empty()) s_.warn(joined(sorted.warnings));
    auto timeout = f_.duration("timeout");
    auto deadline = timeout.count() > 0 ? SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout) : SteadyClock::time_point::max();
    for (auto& pod : sorted.leave) TRY(evict(pod, deadline));
    if (dry_run_ != DryRun::kNone) return {};
    return wait_for(sorted.leave, deadline);
  }

  Status evict(const Json& pod, SteadyClock::time_point deadline) {
    std::string ns = json::str(pod, {"metadata", "namespace"}), name = json::str(pod, {"metadata", "name"});
    bool deletes = f_.boolean("disable-eviction") || eviction_version_.empty();
    s_.out << (deletes ? "deleting pod " : "evicting pod ") << ns << '/' << name << suffix() << '\n' << std::flush;
    if (dry_run_ == DryRun::kClient) return {};
    Json options = Json::object();
    if (f_.number("grace-period") >= 0) options["gracePeriodSeconds"] = f_.number("grace-period");
    for (;;) {
      Result<Json> answer = Json();
      if (deletes) {
        answer = objects_->remove(pods(), ns, name, options, dry_run_ == DryRun::kServer);
      } else {
        Json eviction = {{"apiVersion", eviction_version_}, {"kind", "Eviction"}, {"metadata", {{"name", name}, {"namespace", ns}}}};
        if (!options.empty()) eviction["deleteOptions"] = options;
        answer = objects_->create(pods(), ns, eviction, {.dry_run = dry_run_ == DryRun::kServer, .subresource = "eviction"});
      }
      if (answer || answer.error().code == 404) return {};
      const Error& e = answer.error();
      if (e.code != 429) {
        Error wrapped = e;
        wrapped.message = "error when evicting pods/\"" + name + "\" -n \"" + ns + "\": " + e.message;
        return wrapped;
      }
      s_.err << "error when evicting pods/\"" << name << "\" -n \"" << ns << "\" (will retry after 5s): " << e.message << '\n' << std::flush;
      if (SteadyClock::now() + kRetryEviction > deadline)
        return plain_error("error when evicting pods/\"" + name + "\" -n \"" + ns + "\": global timeout reached: " + format_duration(f_.duration("timeout")));
      std::this_thread::sleep_for(kRetryEviction);
    }
  }

  // --skip-wait-for-delete-timeout: its deletion was asked for so long ago that nobody waits any more.
  bool skip_waiting(const Json& pod) const {
    int64_t seconds = f_.number("skip-wait-for-delete-timeout");
    auto since = parse_rfc3339(json::str(pod, {"metadata", "deletionTimestamp"}));
    return seconds > 0 && since && SystemClock().now() - *since > std::chrono::seconds(seconds);
  }

  Status wait_for(const std::vector<Json>& leaving, SteadyClock::time_point deadline) {
    std::vector<const Json*> left;
    for (auto& pod : leaving) left.push_back(&pod);
    while (!left.empty()) {
      std::vector<const Json*> still;
      for (auto* pod : left) {
        std::string ns = json::str(*pod, {"metadata", "namespace"}), name = json::str(*pod, {"metadata", "name"});
        auto now = objects_->get(pods(), ns, name);
        if ((!now && now.error().code == 404) || (now && json::str(*now, {"metadata", "uid"}) != json::str(*pod, {"metadata", "uid"}))) {
          s_.out << "pod/" << name << (f_.boolean("disable-eviction") || eviction_version_.empty() ? " deleted" : " evicted") << '\n' << std::flush;
          continue;
        }
        if (!now) return now.error();
        if (skip_waiting(*now)) continue;
        still.push_back(pod);
      }
      left = std::move(still);
      if (left.empty()) return {};
      if (SteadyClock::now() > deadline) return plain_error("error when waiting for pod \"" + pod_name(*left[0]) + "\" to terminate: global timeout reached: " + format_duration(f_.duration("timeout")));
      std::this_thread::sleep_for(kLookAgain);
    }
    return {};
  }

  Session& s_;
  const Flags& f_;
  Objects* objects_ = nullptr;
  DryRun dry_run_ = DryRun::kNone;
  std::string eviction_version_;
  Error last_error_;
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
