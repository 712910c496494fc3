// Small plugins that complete pods and nodes: priority, tolerations, runtime class, the first taint of a node.
#include <algorithm>

#include "admission/plugins.h"

namespace skerry::admission {
namespace {

class Priority final : public Plugin {
 public:
  explicit Priority(Reader reader) : reader_(std::move(reader)) {}
  std::string_view name() const override { return "Priority"; }

  Status mutate(Attempt& a) override {
    if (!a.creates(api::kPods)) return {};
    Json& spec = (*a.object)["spec"];
    std::string name = json::str(spec, "priorityClassName");
    int64_t priority = 0;
    std::string preemption = "PreemptLowerPriority";
    if (!name.empty()) {
      auto object = reader_.find(api::kPriorityClasses, "", name);
      if (!object) return refuse(a, "no PriorityClass with name " + name + " was found");
      const Json value = object->json();
      priority = json::integer(value, "value");
      preemption = json::str(value, "preemptionPolicy", preemption);
    } else {
      for (const auto& object : reader_.list(api::kPriorityClasses, "")) {
        const Json value = object->json();
        if (!json::boolean(value, "globalDefault")) continue;
        if (!name.empty() && json::integer(value, "value") > priority) continue;
        name = object->meta().name;
        priority = json::integer(value, "value");
        preemption = json::str(value, "preemptionPolicy", preemption);
      }
      if (!name.empty()) spec["priorityClassName"] = name;
    }
    if (spec.contains("priority") && json::integer(spec, "priority") != priority)
      return refuse(a, "the integer value of priority (" + std::to_string(json::integer(spec, "priority")) +
                           ") must not be provided in pod spec; priority admission controller computed " +
                           std::to_string(priority) + " from the given PriorityClass name");
    if (spec.contains("preemptionPolicy") && json::str(spec, "preemptionPolicy") != preemption)
      return refuse(a, "the string value of PreemptionPolicy (" + json::str(spec, "preemptionPolicy") +
                           ") must not be provided in pod spec; priority admission controller computed " + preemption +
                           " from the given PriorityClass name");
    spec["priority"] = priority;
    spec["preemptionPolicy"] = preemption;
    return {};
  }

 private:
  Reader reader_;
};

class DefaultTolerations final : public Plugin {
 public:
  std::string_view name() const override { return "DefaultTolerationSeconds"; }

  Status mutate(Attempt& a) override {
    if (!a.is(api::kPods)) return {};
    Json& spec = (*a.object)["spec"];
    for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
      const Json& list = json::array_or_empty(json::find(spec, "tolerations"));
      bool there = std::any_of(list.begin(), list.end(), [&](const Json& t) {
        std::string effect = json::str(t, "effect"), k = json::str(t, "key");
        return (k == key || k.empty()) && (effect == "NoExecute" || effect.empty());
      });
      if (there) continue;
      spec["tolerations"].push_back({{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
    }
    return {};
  }
};

class TaintNodes final : public Plugin {
 public:
  std::string_view name() const override { return "TaintNodesByCondition"; }

  Status mutate(Attempt& a) override {
    if (!a.creates(api::kNodes)) return {};
    constexpr const char* key = "node.kubernetes.io/not-ready";
    Json& spec = (*a.object)["spec"];
    for (const auto& t : json::array_or_empty(json::find(spec, "taints")))
      if (json::str(t, "key") == key && json::str(t, "effect") == "NoSchedule") return {};
    spec["taints"].push_back({{"key", key}, {"effect", "NoSchedule"}});
    return {};
  }
};

class RuntimeClass final : public Plugin {
 public:
  explicit RuntimeClass(Reader reader) : reader_(std::move(reader)) {}
  std::string_view name() const override { return "RuntimeClass"; }

  Status mutate(Attempt& a) override {
    if (!a.creates(api::kPods)) return {};
    Json& spec = (*a.object)["spec"];
    std::string name = json::str(spec, "runtimeClassName");
    if (name.empty()) {
      if (spec.contains("overhead")) return refuse(a, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
      return {};
    }
    auto object = reader_.find(api::kRuntimeClasses, "", name);
    if (!object) return refuse(a, "pod rejected: RuntimeClass \"" + name + "\" not found");
    const Json value = object->json();
    const Json& overhead = json::find(value, {"overhead", "podFixed"});
    if (overhead.is_object()) {
      if (spec.contains("overhead") && spec["overhead"] != overhead)
        return refuse(a, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      spec["overhead"] = overhead;
    } else if (spec.contains("overhead")) {
      return refuse(a, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    }
    for (const auto& [key, selected] : json::object_or_empty(json::find(value, {"scheduling", "nodeSelector"})).items()) {
      if (spec.contains("nodeSelector") && spec["nodeSelector"].contains(key) && spec["nodeSelector"][key] != selected)
        return refuse(a, "conflict: runtimeClass.scheduling.nodeSelector[" + key + "] differs from the pod's");
      spec["nodeSelector"][key] = selected;
    }
    for (const auto& t : json::array_or_empty(json::find(value, {"scheduling", "tolerations"}))) {
      const Json& list = json::array_or_empty(json::find(spec, "tolerations"));
      if (std::find(list.begin(), list.end(), t) == list.end()) spec["tolerations"].push_back(t);
    }
    return {};
  }

 private:
  Reader reader_;
};

}  // namespace

std::unique_ptr<Plugin> make_priority(Reader reader) { return std::make_unique<Priority>(std::move(reader)); }
std::unique_ptr<Plugin> make_default_toleration_seconds() { return std::make_unique<DefaultTolerations>(); }
std::unique_ptr<Plugin> make_taint_nodes_by_condition() { return std::make_unique<TaintNodes>(); }
std::unique_ptr<Plugin> make_runtime_class(Reader reader) { return std::make_unique<RuntimeClass>(std::move(reader)); }

}  // namespace skerry::admission
