#include "kubectl/describe/pod_parts.h"

#include <algorithm>

#include "kubectl/describe/format.h"
#include "kubectl/describe/volume_kinds.h"

namespace skerry::kubectl {
namespace {

std::vector<const Json*> sorted_by(const Json& list, std::string_view key) {
  std::vector<const Json*> sorted;
  for (const Json& element : json::array_or_empty(list)) sorted.push_back(&element);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Json* a, const Json* b) { return json::str(*a, key) < json::str(*b, key); });
  return sorted;
}

std::string toleration_text(const Json& toleration) {
  std::string text = json::str(toleration, "key"), value = json::str(toleration, "value"),
              effect = json::str(toleration, "effect");
  if (!value.empty()) text += "=" + value;
  if (!effect.empty()) text += ":" + effect;
  if (json::str(toleration, "operator") == "Exists" && value.empty()) text += text.empty() ? "op=Exists" : " op=Exists";
  if (has(toleration, "tolerationSeconds"))
    text += " for " + std::to_string(json::integer(toleration, "tolerationSeconds")) + "s";
  return text;
}

}  // namespace

void put_volumes(Writer& w, const Json& volumes, std::string_view indent) {
  const Json& list = json::array_or_empty(volumes);
  w.line(0, indent, "Volumes:", list.empty() ? "\t<none>" : "");
  for (const Json& volume : list) {
    w.line(1, indent.empty() ? "" : " ", json::str(volume, "name"), ":");
    put_volume_source(w, volume, false);
  }
}

void put_tolerations(Writer& w, std::string_view title, const Json& tolerations) {
  w.put(0, title, ":\t");
  bool first = true;
  for (const Json* toleration : sorted_by(tolerations, "key")) {
    if (!first) w.put(0, "\t");
    first = false;
    w.line(0, toleration_text(*toleration));
  }
  if (first) w.line(0, "<none>");
}

void put_spread_constraints(Writer& w, const Json& constraints, std::string_view indent) {
  if (json::array_or_empty(constraints).empty()) return;
  w.put(0, indent, "Topology Spread Constraints:\t");
  bool first = true;
  for (const Json* constraint : sorted_by(constraints, "topologyKey")) {
    if (!first) w.put(0, indent, "\t");
    first = false;
    std::string text = json::str(*constraint, "topologyKey") + ":" + json::str(*constraint, "whenUnsatisfiable") +
                       " when max skew " + std::to_string(json::integer(*constraint, "maxSkew")) + " is exceeded";
    const Json& selector = json::find(*constraint, "labelSelector");
    if (selector.is_object()) text += " for selector " + selector_or_none(selector);
    w.line(0, text);
  }
}

void put_scheduling_group(Writer& w, const Json& pod_spec, std::string_view indent) {
  const Json& group = json::find(pod_spec, "schedulingGroup");
  if (!group.is_object()) return;
  w.line(0, indent, "SchedulingGroup:");
  w.field(1, "PodGroupName", json::str(group, "podGroupName"));
}

void put_pod_template(Writer& w, const Json& pod_template) {
  w.line(0, "Pod Template:");
  if (!pod_template.is_object()) return w.put(1, "<unset>");
  const Json& spec = json::find(pod_template, "spec");
  const Json& annotations = json::object_or_empty(json::find(pod_template, {"metadata", "annotations"}));
  put_labels(w, "  Labels", json::find(pod_template, {"metadata", "labels"}));
  if (!annotations.empty()) put_annotations(w, "  Annotations", annotations);
  if (std::string account = json::str(spec, "serviceAccountName"); !account.empty())
    w.field(1, "Service Account", account);
  const Json& init = json::find(spec, "initContainers");
  if (!json::array_or_empty(init).empty()) put_containers(w, "Init Containers", init, nullptr, nullptr, "  ");
  put_containers(w, "Containers", json::find(spec, "containers"), nullptr, nullptr, "  ");
  put_volumes(w, json::find(spec, "volumes"), "  ");
  put_spread_constraints(w, json::find(spec, "topologySpreadConstraints"), "  ");
  if (std::string name = json::str(spec, "priorityClassName"); !name.empty()) w.field(1, "Priority Class Name", name);
  put_labels(w, "  Node-Selectors", json::find(spec, "nodeSelector"));
  put_tolerations(w, "  Tolerations", json::find(spec, "tolerations"));
  put_scheduling_group(w, spec, "  ");
}

}  // namespace skerry::kubectl
