// HorizontalPodAutoscaler, of autoscaling/v1 and v2.
#include "output/go_format.h"

#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

constexpr std::string_view kVersion = "autoscaling/v2";

// An optional amount.
std::string amount_text(const Json& value) { return value.is_null() ? "<nil>" : quantity_text(value); }

// "<unknown>" until the status has this metric.
std::string current_text(const Json& current, std::string_view key) {
  return current.is_object() ? amount_text(json::find(current, {"current", key})) : "<unknown>";
}

void put_external(Writer& w, const Json& metric, const Json& current) {
  std::string name = output::go_quote(json::str(metric, {"metric", "name"}));
  if (const Json& target = json::find(metric, {"target", "averageValue"}); !target.is_null()) {
    bool known = !json::find(current, {"current", "averageValue"}).is_null();
    w.field(1, name + " (target average value)", known ? current_text(current, "averageValue") : "<unknown>", " / ",
            amount_text(target));
  } else {
    w.field(1, name + " (target value)", current_text(current, "value"), " / ",
            amount_text(json::find(metric, {"target", "value"})));
  }
}

void put_object(Writer& w, const Json& metric, const Json& current) {
  w.put(1, '"', json::str(metric, {"metric", "name"}), "\" on ", json::str(metric, {"describedObject", "kind"}), "/",
        json::str(metric, {"describedObject", "name"}), " ");
  bool average = json::str(metric, {"target", "type"}) == "AverageValue";
  std::string_view key = average ? "averageValue" : "value";
  w.field(0, average ? "(target average value)" : "(target value)", current_text(current, key), " / ",
          amount_text(json::find(metric, {"target", key})));
}

void put_resource(Writer& w, const Json& metric, const Json& current, std::string_view title) {
  w.put(1, title);
  if (const Json& target = json::find(metric, {"target", "averageValue"}); !target.is_null())
    return w.line(0, ":\t", current_text(current, "averageValue"), " / ", amount_text(target));
  std::string now = "<unknown>", wanted = "<auto>";
  if (const Json& used = json::find(current, {"current", "averageUtilization"}); !used.is_null())
    now = go_value(used) + "% (" + current_text(current, "averageValue") + ")";
  if (const Json& target = json::find(metric, {"target", "averageUtilization"}); !target.is_null())
    wanted = go_value(target) + "%";
  w.line(1, "(as a percentage of request):\t", now, " / ", wanted);
}

void put_metric(Writer& w, const Json& metric, const Json& current) {
  std::string type = json::str(metric, "type");
  if (type == "External") {
    put_external(w, json::find(metric, "external"), json::find(current, "external"));
  } else if (type == "Pods") {
    const Json& pods = json::find(metric, "pods");
    w.field(1, output::go_quote(json::str(pods, {"metric", "name"})) + " on pods",
            current_text(json::find(current, "pods"), "averageValue"), " / ",
            amount_text(json::find(pods, {"target", "averageValue"})));
  } else if (type == "Object") {
    put_object(w, json::find(metric, "object"), json::find(current, "object"));
  } else if (type == "Resource") {
    const Json& resource = json::find(metric, "resource");
    put_resource(w, resource, json::find(current, "resource"), "resource " + json::str(resource, "name") + " on pods");
  } else if (type == "ContainerResource") {
    const Json& resource = json::find(metric, "containerResource");
    put_resource(w, resource, json::find(current, "containerResource"),
                 "resource " + json::str(resource, "name") + " of container \"" + json::str(resource, "container") +
                     "\" on pods");
  } else {
    w.line(1, "<unknown metric type ", output::go_quote(type), ">");
  }
}

void put_direction(Writer& w, std::string_view title, const Json& rules) {
  if (!rules.is_object()) return;
  w.line(1, title, ":");
  if (has(rules, "stabilizationWindowSeconds"))
    w.line(2, "Stabilization Window: ", json::integer(rules, "stabilizationWindowSeconds"), " seconds");
  const Json& policies = json::array_or_empty(json::find(rules, "policies"));
  if (policies.empty()) return;
  w.line(2, "Select Policy: ", json::str(rules, "selectPolicy", "Max"));
  w.line(2, "Policies:");
  for (const Json& policy : policies)
    w.line(3, "- Type: ", json::str(policy, "type"), "\tValue: ", json::integer(policy, "value"),
           "\tPeriod: ", json::integer(policy, "periodSeconds"), " seconds");
}

void put_metrics(const Subject& subject, Writer& w) {
  w.field(0, "Metrics", "( current / target )");
  const Json& current = json::array_or_empty(json::find(subject.status(), "currentMetrics"));
  static const Json kUnknown;
  size_t i = 0;
  for (const Json& metric : json::array_or_empty(json::find(subject.spec(), "metrics"))) {
    put_metric(w, metric, i < current.size() ? current[i] : kUnknown);
    ++i;
  }
}

void put_utilization(const Subject& subject, Writer& w) {
  if (!has(subject.spec(), "targetCPUUtilizationPercentage")) return;
  const Json& current = json::find(subject.status(), "currentCPUUtilizationPercentage");
  w.field(0, "Target CPU utilization", json::integer(subject.spec(), "targetCPUUtilizationPercentage"), "%");
  w.field(0, "Current CPU utilization", current.is_null() ? "<unknown>" : go_value(current), "%");
}

}  // namespace

Status describe_autoscaler(const Subject& asked, Writer& w) {
  // autoscaling/v2 says more: the same object is read again in it where the server has it.
  bool v1 = json::str(asked.object, "apiVersion") != kVersion;
  Json newer;
  if (v1) {
    auto found = asked.objects.get(mapping_of(kVersion, "horizontalpodautoscalers", "HorizontalPodAutoscaler", true),
                                   asked.ns(), asked.name());
    if (found) newer = std::move(*found);
    v1 = !found;
  }
  const Subject subject{asked.objects, asked.mapping, newer.is_object() ? newer : asked.object, asked.options,
                        asked.now};
  const Json &spec = subject.spec(), &status = subject.status();
  std::string kind = json::str(spec, {"scaleTargetRef", "kind"});
  put_metadata(w, subject.object, true);
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  w.field(0, "Reference", kind, "/", json::str(spec, {"scaleTargetRef", "name"}));
  if (v1) put_utilization(subject, w);
  else put_metrics(subject, w);
  w.field(0, "Min replicas", or_unset(spec, "minReplicas"));
  w.field(0, "Max replicas", json::integer(spec, "maxReplicas"));
  if (const Json& behavior = json::find(spec, "behavior"); !v1 && behavior.is_object()) {
    w.line(0, "Behavior:");
    put_direction(w, "Scale Up", json::find(behavior, "scaleUp"));
    put_direction(w, "Scale Down", json::find(behavior, "scaleDown"));
  }
  w.field(0, kind + " pods", json::integer(status, "currentReplicas"), " current / ",
          json::integer(status, "desiredReplicas"), " desired");
  const Json& conditions = json::array_or_empty(json::find(status, "conditions"));
  if (!v1 && !conditions.empty()) {
    w.line(0, "Conditions:");
    w.line(1, "Type\tStatus\tReason\tMessage");
    w.line(1, "----\t------\t------\t-------");
    for (const Json& c : conditions)
      w.line(1, json::str(c, "type"), "\t", json::str(c, "status"), "\t", json::str(c, "reason"), "\t",
             json::str(c, "message"));
  }
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
