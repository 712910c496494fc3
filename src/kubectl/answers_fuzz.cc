// A server that answers anything: commands meet objects, lists, Tables, discovery and OpenAPI documents that are not
// what they should be. Each ends, with text or an Error.
//
// The input: a line that names the command as it stands below (any other chooses one by its bytes), then lines; each
// request gets the next one, and after the last the first again. Discovery is answered truly unless the first line
// begins with "!".
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <sstream>

#include "base/strings.h"
#include "http/server.h"
#include "json/json.h"
#include "kubectl/main.h"

using namespace skerry;

namespace {

struct Kind {
  const char* version;
  const char* resource;
  const char* kind;
  bool namespaced = true;
};
constexpr Kind kKinds[] = {
    {"v1", "configmaps", "ConfigMap"},
    {"v1", "endpoints", "Endpoints"},
    {"v1", "limitranges", "LimitRange"},
    {"v1", "namespaces", "Namespace", false},
    {"v1", "nodes", "Node", false},
    {"v1", "persistentvolumes", "PersistentVolume", false},
    {"v1", "persistentvolumeclaims", "PersistentVolumeClaim"},
    {"v1", "pods", "Pod"},
    {"v1", "replicationcontrollers", "ReplicationController"},
    {"v1", "resourcequotas", "ResourceQuota"},
    {"v1", "secrets", "Secret"},
    {"v1", "services", "Service"},
    {"v1", "serviceaccounts", "ServiceAccount"},
    {"v1", "events", "Event"},
    {"apps/v1", "daemonsets", "DaemonSet"},
    {"apps/v1", "deployments", "Deployment"},
    {"apps/v1", "replicasets", "ReplicaSet"},
    {"apps/v1", "statefulsets", "StatefulSet"},
    {"apps/v1", "controllerrevisions", "ControllerRevision"},
    {"autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"},
    {"batch/v1", "cronjobs", "CronJob"},
    {"batch/v1", "jobs", "Job"},
    {"certificates.k8s.io/v1", "certificatesigningrequests", "CertificateSigningRequest", false},
    {"discovery.k8s.io/v1", "endpointslices", "EndpointSlice"},
    {"networking.k8s.io/v1", "ingresses", "Ingress"},
    {"networking.k8s.io/v1", "ingressclasses", "IngressClass", false},
    {"networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"},
    {"networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", false},
    {"networking.k8s.io/v1", "ipaddresses", "IPAddress", false},
    {"policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"},
    {"rbac.authorization.k8s.io/v1", "roles", "Role"},
    {"rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"},
    {"scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", false},
    {"storage.k8s.io/v1", "csinodes", "CSINode", false},
    {"storage.k8s.io/v1", "storageclasses", "StorageClass", false},
    {"storage.k8s.io/v1", "volumeattributesclasses", "VolumeAttributesClass", false},
    {"metrics.k8s.io/v1beta1", "pods", "PodMetrics"},
    {"metrics.k8s.io/v1beta1", "nodes", "NodeMetrics", false},
    {"example.com/v1", "things", "Thing"},
};

// Beside these there is `describe` of every kind.
const std::vector<std::string>& commands() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> c{"get pods",
                               "get pods -o wide -A --show-labels",
                               "get pods,deployments -o yaml",
                               "get pods --sort-by=.metadata.name -L app",
                               "get pod x -o kyaml",
                               "get things -o custom-columns=A:.metadata.name,B:.spec",
                               "get all",
                               "get pods -o jsonpath={.items[*].spec}",
                               "get pods -o name",
                               "api-resources -o wide",
                               "api-versions",
                               "explain pods.spec.containers",
                               "explain pods --recursive",
                               "explain deployments.spec -o plaintext-openapiv2",
                               "explain things -o plaintext-openapiv2 --recursive",
                               "top pods --containers",
                               "top nodes",
                               "top pods --sum -A",
                               "rollout status deployment/x --watch=false",
                               "rollout status daemonset/x --watch=false",
                               "rollout status statefulset/x --watch=false",
                               "rollout history deployment/x",
                               "rollout history statefulset/x --revision=1",
                               "rollout undo deployment/x --dry-run=server",
                               "rollout undo daemonset/x --to-revision=1",
                               "rollout restart deployment/x",
                               "auth can-i --list",
                               "auth can-i get pods",
                               "auth whoami -o yaml",
                               "events",
                               "events -o json",
                               "wait --for=condition=Ready pod/x --timeout=0",
                               "wait --for=jsonpath={.status}=a pod/x --timeout=0",
                               "cluster-info",
                               "version -o yaml",
                               "set image deployment/x *=y --dry-run=client -o yaml",
                               "set env deployment/x A=b --list",
                               "set env deployment/x A=b",
                               "set resources deployment/x --limits=cpu=1",
                               "set serviceaccount deployment/x y",
                               "set selector service x a=b",
                               "set subject rolebinding x --user=y",
                               "expose deployment x --port=80 --dry-run=client -o yaml",
                               "expose service x --name=y",
                               "autoscale deployment x --max=3 --dry-run=client -o yaml",
                               "scale deployment x --replicas=1 --current-replicas=2",
                               "label pod x a=b --overwrite",
                               "label pods --all --list",
                               "annotate pod x a-",
                               "drain x --dry-run=client --force --ignore-daemonsets",
                               "cordon x",
                               "taint node x a=b:NoSchedule c-",
                               "certificate approve x",
                               "delete pod x --wait=false",
                               "patch pod x -p {\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]}}",
                               "patch things x --type=json -p [{\"op\":\"remove\",\"path\":\"/spec\"}]",
                               "apply -f -",
                               "apply -f - --dry-run=server -o yaml",
                               "apply view-last-applied pod/x",
                               "apply set-last-applied -f -",
                               "replace -f -",
                               "create -f - -o name",
                               "auth reconcile -f -",
                               "logs x",
                               "create job y --from=cronjob/x",
                               "create token x"};
    for (const Kind& k : kKinds) c.push_back(std::string("describe ") + k.resource + " x");
    return c;
  }();
  return all;
}

struct Script {
  std::mutex mutex;
  std::vector<std::string> lines;
  size_t next = 0;
  int left = 0;  // requests this run may make
  bool true_discovery = true;
};
Script& script() {
  static Script s;
  return s;
}

std::string discovery(std::string_view path) {
  Json out;
  if (path == "/api") return R"({"kind":"APIVersions","versions":["v1"]})";
  if (path == "/apis") {
    out = {{"kind", "APIGroupList"}, {"groups", Json::array()}};
    std::string last = "v1";
    for (const Kind& k : kKinds) {
      if (k.version == last) continue;
      last = k.version;
      const Json version = {{"groupVersion", last}, {"version", last.substr(last.find('/') + 1)}};
      out["groups"].push_back(
          {{"name", last.substr(0, last.find('/'))}, {"versions", {version}}, {"preferredVersion", version}});
    }
    return out.dump();
  }
  const std::string version(path.starts_with("/apis/")  ? path.substr(6)
                            : path.starts_with("/api/") ? path.substr(5)
                                                        : "");
  for (const Kind& k : kKinds) {
    if (k.version != version) continue;
    if (out.is_null()) out = {{"kind", "APIResourceList"}, {"groupVersion", version}, {"resources", Json::array()}};
    out["resources"].push_back({{"name", k.resource},
                                {"kind", k.kind},
                                {"namespaced", k.namespaced},
                                {"categories", {"all"}},
                                {"verbs", {"get", "list", "watch", "create", "update", "patch", "delete"}}});
  }
  return out.is_null() ? "" : out.dump();
}

void answer(const http::Request& request, http::ResponseWriter& writer) {
  Script& s = script();
  std::lock_guard l(s.mutex);
  if (--s.left < 0) return writer.send(404, "application/json", std::string("{}"));
  if (s.true_discovery)
    if (std::string text = discovery(request.path); !text.empty()) return writer.send(200, "application/json", text);
  if (request.path == "/openapi/v3" && s.lines.size() > 1)
    return writer.send(
        200, "application/json",
        std::string(
            R"({"paths":{"api/v1":{"serverRelativeURL":"/o"},"apis/apps/v1":{"serverRelativeURL":"/o"},"apis/example.com/v1":{"serverRelativeURL":"/o?a=b"}}})"));
  const std::string& line = s.lines[s.next++ % s.lines.size()];
  const auto status = json::parse_json(line);
  const int64_t code = status && json::str(*status, "kind") == "Status" ? json::integer(*status, "code") : 200;
  writer.send(code >= 200 && code < 600 ? static_cast<int>(code) : 200, "application/json", line);
}

const std::string& url() {
  static const std::string address = [] {
    setenv("KUBECONFIG", "/dev/null", 1);
    setenv("HOME", "/nonexistent", 1);
    static http::Server* server = new http::Server({}, answer);
    if (!server->start()) abort();
    return "http://127.0.0.1:" + std::to_string(server->port());
  }();
  return address;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == text.npos || size > 50'000) return 0;
  std::string_view line = text.substr(0, end);
  const bool untrue = line.starts_with('!');
  if (untrue) line.remove_prefix(1);
  if (std::find(commands().begin(), commands().end(), line) == commands().end()) {
    size_t number = 0;
    for (unsigned char c : line) number = number * 31 + c;
    line = commands()[number % commands().size()];
  }
  std::vector<std::string> args;
  for (auto word : split(line, ' ')) args.emplace_back(word);
  for (const std::string& flag :
       {"--server=" + url(), std::string("--cache-dir=/dev/null/none"), std::string("--request-timeout=20s")})
    args.insert(args.begin(), flag);
  Script& s = script();
  {
    std::lock_guard l(s.mutex);
    s.lines.clear();
    for (auto part : split(text.substr(end + 1), '\n')) s.lines.emplace_back(part);
    s.next = 0;
    s.left = 60;
    s.true_discovery = !untrue;
  }
  // What apply, replace and create read.
  std::istringstream in(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","annotations":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"b","env":[{"name":"c","value":"d"}]}]}})");
  std::ostringstream out, err;
  (void)kubectl::run_kubectl(args, {in, out, err});
  return 0;
}
