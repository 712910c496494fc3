// kubectl cluster-info dump: the state of a cluster as files, or on standard output.
#include "kubectl/read/cluster_dump.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/strings.h"
#include "kubectl/objects.h"
#include "kubectl/printing.h"
#include "kubectl/read/event_rows.h"
#include "kubectl/read/typed_json.h"
#include "kubectl/write_flags.h"
#include "output/typed_order.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  auto out = std::vector<Flag>{
                 {"all-namespaces", 'A', kBool, "false", "If true, dump all namespaces.  If true, --namespaces is ignored."},
                 {"namespaces", 0, kStrings, "", "A comma separated list of namespaces to dump."},
                 {"output-directory", 0, kString, "", "Where to output the files.  If empty or '-' uses stdout, otherwise creates a directory hierarchy in that directory"},
                 {"pod-running-timeout", 0, kDuration, "20s", "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running"},
             } +
             print_flags();
  for (auto& f : out) if (f.name == "output") f.fallback = "json";
  return out;
}

struct Kind {
  std::string_view api_version, resource, kind, file;
};
constexpr Kind kKinds[] = {
    {"v1", "events", "Event", "events"},
    {"v1", "replicationcontrollers", "ReplicationController", "replication-controllers"},
    {"v1", "services", "Service", "services"},
    {"apps/v1", "daemonsets", "DaemonSet", "daemonsets"},
    {"apps/v1", "deployments", "Deployment", "deployments"},
    {"apps/v1", "replicasets", "ReplicaSet", "replicasets"},
    {"v1", "pods", "Pod", "pods"},
};

class Dump {
 public:
  explicit Dump(Session& s) : s_(s), directory_(s.flags.text("output-directory")) {
    if (directory_ == "-") directory_.clear();
  }

  Result<int> run() {
    flags_ = output_flags_of(s_);
    format_ = TRY(output::parse_output_format(flags_, {}));
    extension_ = format_.format == output::Format::kJson ? ".json" : format_.format == output::Format::kYaml ? ".yaml" : ".txt";
    auto* objects = TRY(s_.objects());
    objects_ = objects;
    Mapping nodes = mapping_of("v1", "nodes", "Node", false);
    TRY(list(nodes, "", "nodes"));
    auto namespaces = TRY(chosen_namespaces());
    for (auto& ns : namespaces) TRY(dump_namespace(ns));
    if (!directory_.empty()) s_.out << "Cluster info dumped to " << directory_ << '\n';
    return 0;
  }

 private:
  Result<std::vector<std::string>> chosen_namespaces() {
    std::vector<std::string> out;
    if (s_.flags.boolean("all-namespaces")) {
      Json all = TRY(objects_->list(mapping_of("v1", "namespaces", "Namespace", false), ""));
      for (auto& n : json::array_or_empty(json::find(all, "items"))) out.push_back(json::str(n, {"metadata", "name"}));
      return out;
    }
    out = s_.flags.list("namespaces");
    if (!out.empty()) return out;
    std::string current = TRY(s_.ns());
    return std::vector<std::string>{"kube-system", current};
  }

  Status dump_namespace(const std::string& ns) {
    Json pods;
    for (auto& k : kKinds) pods = TRY(list(mapping_of(k.api_version, k.resource, k.kind, true), ns, ns + "/" + std::string(k.file)));
    for (auto& pod : json::array_or_empty(json::find(pods, "items"))) TRY(dump_logs(ns, pod));
    return {};
  }

  Status dump_logs(const std::string& ns, const Json& pod) {
    std::string name = json::str(pod, {"metadata", "name"});
    auto* rest = TRY(s_.rest());
    return to_file(ns + "/" + name + "/logs.txt", [&](std::ostream& out) -> Status {
      for (const char* part : {"initContainers", "containers"}) {
        for (auto& c : json::array_or_empty(json::find(pod, {"spec", part}))) {
          std::string what = "logs for container " + json::str(c, "name") + " of pod " + ns + "/" + name + " ====\n";
          out << "==== START " << what;
          RestRequest request{.path = "/api/v1/namespaces/" + ns + "/pods/" + name + "/log", .accept = "*/*"};
          request.query.emplace_back("container", json::str(c, "name"));
          auto status = rest->stream(request, [&](std::string_view chunk) {
            out << chunk;
            return bool(out);
          });
          if (!status) {
            if (status.error().code == 0) return status;
            out << "Request log error: " << status.error().message << '\n';
          }
          out << "==== END " << what;
        }
      }
      return {};
    });
  }

  // Reads a whole list, prints it to its file and returns it.
  Result<Json> list(const Mapping& mapping, const std::string& ns, const std::string& file) {
    Json answer = TRY(objects_->list(mapping, ns, {.chunk = 0}));
    if (format_.format == output::Format::kName)
      return plain_error("list types are not supported by name printing: *v1." + mapping.kind + "List");
    Json shown = s_.flags.boolean("show-managed-fields") ? answer : output::without_managed_fields(answer);
    output::OrderedJson out;
    out["kind"] = mapping.kind + "List";
    out["apiVersion"] = mapping.api_version();
    out["metadata"] = json::find(shown, "metadata");
    out["items"] = nullptr;  // of an empty list, as Go writes it
    for (auto& item : json::array_or_empty(json::find(shown, "items"))) {
      Json named = item;
      named["kind"] = mapping.kind;
      named["apiVersion"] = mapping.api_version();
      auto object = mapping.kind == "Event" ? typed_event(named) : output::typed_order(named);
      object.erase("kind");
      object.erase("apiVersion");
      out["items"].push_back(std::move(object));
    }
    TRY(to_file(file + extension_, [&](std::ostream& to) -> Status {
      if (format_.format == output::Format::kJson) {
        to << output::dump_json(out) << '\n';
        return {};
      }
      auto printer = TRY(output::make_printer(format_, flags_, template_reader(s_)));
      return printer->print(Json::parse(out.dump()), to);
    }));
    return answer;
  }

  Status to_file(const std::string& file, const std::function<Status(std::ostream&)>& write) {
    if (directory_.empty()) return write(s_.out);
    // Names of objects cannot hold a slash, but a server is not trusted with our files.
    if (file.find("..") != std::string::npos) return plain_error("the server sent a name that is no file name: " + file);
    std::string path = directory_ + "/" + file, folder = path.substr(0, path.rfind('/'));
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    if (ec) return plain_error("mkdir " + folder + ": " + to_lower(ec.message()));
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!out) return plain_error("open " + path + ": " + to_lower(std::strerror(errno)));
    TRY(write(out));
    if (!out.flush()) return plain_error("write " + path + ": " + to_lower(std::strerror(errno)));
    return {};
  }

  Session& s_;
  std::string directory_, extension_;
  output::OutputFlags flags_;
  output::OutputFormat format_;
  Objects* objects_ = nullptr;
};

Result<int> run(Session& s) { return Dump(s).run(); }

}  // namespace

constexpr Command kClusterDump{
    .use = "dump",
    .brief = "Dump relevant information for debugging and diagnosis",
    .text = "Write nodes, events, workloads, services and the logs of all pods to standard output, or into files below --output-directory. Of the "
            "current namespace and kube-system, unless --namespaces or --all-namespaces say otherwise.",
    .examples = "  # Everything that is usually asked for, on standard output\n  kubectl cluster-info dump\n\n"
                "  # As files below /tmp/state, all namespaces\n  kubectl cluster-info dump --output-directory=/tmp/state --all-namespaces\n\n"
                "  # Two namespaces\n  kubectl cluster-info dump --namespaces shop,kube-system --output-directory=/tmp/state\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
