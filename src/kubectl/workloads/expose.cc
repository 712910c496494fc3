// kubectl expose.
#include "base/strings.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/completion.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/overrides.h"
#include "kubectl/select.h"
#include "kubectl/values.h"
#include "kubectl/workloads/commands.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"cluster-ip", 0, kString, "", "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service."},
             dry_run_flag(),
             {"external-ip", 0, kString, "", "Additional external IP address (not managed by Kubernetes) to accept for the service."},
             field_manager_flag("kubectl-expose"),
             {"labels", 'l', kString, "", "Labels to apply to the service created by this call."},
             {"load-balancer-ip", 0, kString, "", "IP to assign to the LoadBalancer."},
             {"name", 0, kString, "", "The name for the newly created object."},
             {"override-type", 0, kString, "merge", "The method used to override the generated object: json, merge, or strategic."},
             {"overrides", 0, kString, "", "An inline JSON override for the generated object."},
             {"port", 0, kString, "", "The port that the service should serve on. Copied from the resource being exposed, if unspecified"},
             {"protocol", 0, kString, "", "The network protocol for the service to be created. Default is 'TCP'."},
             record_flag(),
             {"save-config", 0, kBool, "false", "If true, the configuration of current object will be saved in its annotation."},
             {"selector", 0, kString, "", "A label selector to use for this service. If empty (the default) infer the selector from the replication controller or replica set."},
             {"session-affinity", 0, kString, "", "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'"},
             {"target-port", 0, kString, "", "Name or number for the port on the container that the service should direct traffic to. Optional."},
             {"type", 0, kString, "", "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to expose a service") + print_flags();
}

// The pods that the object stands for, as a Service selects them.
Result<Json> pod_selector(const Item& item) {
  const std::string& kind = item.mapping.kind;
  const Json& o = item.object;
  if (kind == "ReplicationController" || kind == "Service") {
    const Json& map = json::find(o, {"spec", "selector"});
    if (kind == "Service" && (!map.is_object() || map.empty())) return plain_error("the service has no pod selector set");
    return map;
  }
  if (kind == "Pod") {
    const Json& labels = json::find(o, {"metadata", "labels"});
    if (!labels.is_object() || labels.empty()) return plain_error("the pod has no labels and cannot be exposed");
    return labels;
  }
  if (kind == "Deployment" || kind == "ReplicaSet") {
    if (!json::array_or_empty(json::find(o, {"spec", "selector", "matchExpressions"})).empty())
      return plain_error("couldn't convert expressions - \"" + json::dump(json::find(o, {"spec", "selector", "matchExpressions"})) + "\" to map-based selector format");
    const Json& map = json::find(o, {"spec", "selector", "matchLabels"});
    if (!map.is_object() || map.empty()) return plain_error("invalid deployment: no selectors, therefore cannot be exposed");
    return map;
  }
  return plain_error("cannot expose a " + item.mapping.group_kind());
}

struct Port {
  int64_t number;
  std::string protocol;
};
std::vector<Port> ports_of(const Item& item) {
  std::vector<Port> out;
  if (item.mapping.kind == "Service") {
    for (auto& p : json::array_or_empty(json::find(item.object, {"spec", "ports"}))) out.push_back({json::integer(p, "port"), json::str(p, "protocol", "TCP")});
    return out;
  }
  const Json& spec = item.mapping.kind == "Pod" ? json::find(item.object, "spec") : json::find(item.object, {"spec", "template", "spec"});
  for (auto& c : json::array_or_empty(json::find(spec, "containers")))
    for (auto& p : json::array_or_empty(json::find(c, "ports"))) out.push_back({json::integer(p, "containerPort"), json::str(p, "protocol", "TCP")});
  return out;
}

Result<Json> make_service(Session& s, const Item& item, const std::string& name) {
  const Flags& f = s.flags;
  Json selector;
  if (!f.text("selector").empty()) selector = TRY(label_map(f.text("selector")));
  else {
    auto found = pod_selector(item);
    if (!found && !starts_with(found.error().message, "cannot expose")) return plain_error("couldn't retrieve selectors via --selector flag or introspection: " + found.error().message);
    selector = TRY(std::move(found));
  }
  Json labels = !f.text("labels").empty() ? TRY(label_map(f.text("labels"))) : json::find(item.object, {"metadata", "labels"});
  Json metadata = {{"name", name}};
  if (labels.is_object() && !labels.empty()) metadata["labels"] = labels;
  Json ports = Json::array();
  std::string given = f.text("port"), protocol = f.text("protocol");
  auto found = ports_of(item);
  bool headless = f.text("cluster-ip") == "None";
  if (!given.empty()) {
    auto list = split(given, ',');
    for (auto p : list) {
      auto number = parse_int(p);
      if (!number) return plain_error("strconv.Atoi: parsing \"" + std::string(p) + "\": invalid syntax");
      std::string proto = protocol;
      for (auto& have : found)
        if (proto.empty() && have.number == *number) proto = have.protocol;
      Json port = {{"port", *number}, {"protocol", proto.empty() ? "TCP" : proto}, {"targetPort", *number}};
      if (list.size() > 1) port["name"] = "port-" + std::to_string(ports.size() + 1);
      ports.push_back(std::move(port));
    }
  } else {
    if (found.empty() && !headless) return plain_error("couldn't find port via --port flag or introspection");
    for (auto& have : found) {
      Json port = {{"port", have.number}, {"protocol", protocol.empty() ? have.protocol : protocol}, {"targetPort", have.number}};
      if (found.size() > 1) port["name"] = "port-" + std::to_string(ports.size() + 1);
      ports.push_back(std::move(port));
    }
  }
  if (std::string target = f.text("target-port"); !target.empty())
    for (auto& p : ports) p["targetPort"] = number_or_text(target);
  Json spec = {{"selector", selector}};
  if (!ports.empty()) spec["ports"] = ports;
  if (auto t = f.text("type"); !t.empty()) spec["type"] = t;
  if (auto t = f.text("cluster-ip"); !t.empty()) spec["clusterIP"] = t;
  if (auto t = f.text("external-ip"); !t.empty()) spec["externalIPs"] = {t};
  if (auto t = f.text("load-balancer-ip"); !t.empty() && f.text("type") == "LoadBalancer") spec["loadBalancerIP"] = t;
  if (auto t = f.text("session-affinity"); !t.empty()) {
    if (t != "None" && t != "ClientIP") return plain_error("unknown session affinity: " + t);
    spec["sessionAffinity"] = t;
  }
  return Json{{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", metadata}, {"spec", spec}, {"status", {{"loadBalancer", Json::object()}}}};
}

Result<int> run(Session& s) {
  DryRun dry_run = TRY(dry_run_of(s));
  auto printer = TRY(result_printer(s, dry_run, true));
  WriteOptions write = TRY(write_options_of(s));
  Selection q = selection_of(s);
  q.label_selector.clear();  // --selector is the service's
  // What a file describes need not exist.
  auto found = TRY(select(s, q, {.fetch = q.filenames.empty() && q.kustomize.empty()}));
  auto* objects = TRY(s.objects());
  for (auto& item : found.items) {
    std::string name = s.flags.text("name").empty() ? item.name : s.flags.text("name");
    if (s.flags.text("name").empty() && name.size() > 63) name.resize(63);
    auto made = make_service(s, item, name);
    if (!made) {
      found.errors.push_back(made.error());
      continue;
    }
    Json service = std::move(*made);
    auto overridden = with_overrides(std::move(service), s.flags.text("overrides"), s.flags.text("override-type"));
    if (!overridden) {
      found.errors.push_back(overridden.error());
      continue;
    }
    service = std::move(*overridden);
    record_change(s, service);
    if (s.ns_enforced()) service["metadata"]["namespace"] = item.ns;
    if (s.flags.boolean("save-config")) service = with_last_applied(std::move(service), true);
    Item target{.mapping = mapping_of("v1", "services", "Service", true), .ns = item.ns, .name = name};
    if (dry_run != DryRun::kClient) {
      auto created = objects->create(target.mapping, item.ns, service, write);
      if (!created) {
        found.errors.push_back(created.error());
        continue;
      }
      service = std::move(*created);
    }
    TRY(printer->print(target, service, "exposed"));
  }
  s.fail(found.errors);
  return 0;
}

}  // namespace

constexpr Command kExpose{
    .use = "expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] "
           "[--type=type]",
    .brief = "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    .text = "Create a Service for the pods of a deployment, replica set, replication controller, service or pod. Without --port the ports that its containers name are taken.",
    .examples = "  # Port 80 to the containers' port 8080\n  kubectl expose deployment web --port=80 --target-port=8080\n\n"
                "  # On every node\n  kubectl expose deployment web --type=NodePort --name=web-outside --port=80\n",
    .flags = flags,
    .run = run,
    .complete = [](Session& s, const std::string& p) { return complete_some(s, p, {"pod", "service", "replicationcontroller", "deployment", "replicaset"}); },
};

}  // namespace skerry::kubectl
