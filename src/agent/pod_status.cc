#include "agent/pod_status.h"

#include <algorithm>

#include "api/pod.h"

namespace skerry::agent {
namespace {

using runtime::ContainerInfo;
using runtime::ContainerState;
using Kind = ContainerModel::Kind;

const Json& old_container(const Json& status, const char* list, const std::string& name) {
  for (auto& c : json::array_or_empty(json::find(status, list)))
    if (json::str(c, "name") == name) return c;
  return json::find(status, {list, name});  // null
}

std::string container_id(const ContainerInfo& c) { return "skerry://" + c.id; }

class StatusMaker {
 public:
  explicit StatusMaker(const StatusInput& in) : in_(in), old_(in.old_status) {}

  Json run() {
    Json s = Json::object();
    initialized_ = initialized(in_.model, in_.seen) ||
                   (api::condition_is_true(Json{{"status", old_}}, "Initialized") && !in_.seen.sandbox_ready() && all_done(in_.model, in_.seen));
    Json inits = Json::array(), apps = Json::array(), ephemerals = Json::array();
    for (auto& c : json::array_or_empty(json::find(in_.pod, {"spec", "initContainers"}))) inits.push_back(container(c, "initContainerStatuses"));
    for (auto& c : json::array_or_empty(json::find(in_.pod, {"spec", "containers"}))) apps.push_back(container(c, "containerStatuses"));
    for (auto& c : json::array_or_empty(json::find(in_.pod, {"spec", "ephemeralContainers"}))) ephemerals.push_back(container(c, "ephemeralContainerStatuses"));
    for (auto* list : {&apps, &ephemerals})
      std::stable_sort(list->begin(), list->end(), [](auto& a, auto& b) { return json::str(a, "name") < json::str(b, "name"); });
    const std::string phase = phase_of(apps);
    s["phase"] = phase;
    if (in_.failure && phase == "Failed") {
      s["reason"] = in_.failure->reason;
      s["message"] = in_.failure->message;
    } else {
      for (const char* key : {"reason", "message"})
        if (phase == "Failed" && old_.contains(key)) s[key] = old_[key];
    }
    s["conditions"] = conditions(phase, inits, apps);
    if (!inits.empty()) s["initContainerStatuses"] = std::move(inits);
    s["containerStatuses"] = std::move(apps);
    if (!ephemerals.empty()) s["ephemeralContainerStatuses"] = std::move(ephemerals);
    s["qosClass"] = std::string(api::pod_qos_class(in_.pod));
    s["startTime"] = old_.contains("startTime") ? old_["startTime"] : Json(format_rfc3339(in_.now));
    if (!in_.facts.host_ip.empty()) {
      s["hostIP"] = in_.facts.host_ip;
      s["hostIPs"] = Json::array({{{"ip", in_.facts.host_ip}}});
    }
    if (!in_.facts.pod_ips.empty()) {
      s["podIP"] = in_.facts.pod_ips.front();
      s["podIPs"] = Json::array();
      for (auto& ip : in_.facts.pod_ips) s["podIPs"].push_back({{"ip", ip}});
    } else if (old_.contains("podIP")) {
      s["podIP"] = old_["podIP"];
      if (old_.contains("podIPs")) s["podIPs"] = old_["podIPs"];
    }
    for (const char* others : {"nominatedNodeName", "resourceClaimStatuses", "resize", "extendedResourceClaimStatus"})
      if (old_.contains(others)) s[others] = old_[others];
    if (auto generation = json::integer(in_.pod, {"metadata", "generation"}); generation > 0) s["observedGeneration"] = generation;
    return s;
  }

 private:
  Json terminated(const ContainerInfo& c, const Json& spec) {
    Json t = {{"exitCode", c.exit_code}, {"reason", c.reason.empty() ? (c.exit_code == 0 ? "Completed" : "Error") : c.reason},
              {"finishedAt", format_rfc3339(c.finished_at)}, {"containerID", container_id(c)}};
    t["startedAt"] = c.started_at == WallTime{} ? Json() : Json(format_rfc3339(c.started_at));
    std::string message = in_.message_of ? in_.message_of(c, spec) : "";
    if (message.empty()) message = c.message;
    if (!message.empty()) t["message"] = message;
    return t;
  }

  // What was written down of an ended container stays as it was written.
  Json terminated_as_before(const ContainerInfo& c, const Json& spec, const Json& before) {
    for (const char* at : {"state", "lastState"}) {
      const Json& t = json::find(before, {at, "terminated"});
      if (t.is_object() && json::str(t, "containerID") == container_id(c)) return t;
    }
    return terminated(c, spec);
  }

  Json container(const Json& spec, const char* list) {
    const std::string name = json::str(spec, "name");
    const Json& before = old_container(old_, list, name);
    const ContainerModel* model = in_.model.find(name);
    const ContainerInfo* last = in_.seen.newest(name);
    const bool ephemeral = model && model->kind == Kind::kEphemeral;
    const bool init = model && model->kind != Kind::kApp && !ephemeral;
    Json c = {{"name", name}, {"image", json::str(spec, "image")}, {"imageID", ""}, {"ready", false}, {"started", false},
              {"restartCount", 0}, {"state", Json::object()}, {"lastState", Json::object()}};
    if (ephemeral) c.erase("started");  // nothing probes it
    auto why = in_.waiting.find(name);
    auto waiting = [&](std::string reason, const std::string& message = "") {
      Json w = {{"reason", std::move(reason)}};
      if (!message.empty()) w["message"] = message;
      return Json{{"waiting", std::move(w)}};
    };
    if (!last) {
      // Never started here, or all trace of it is lost: then what was known before counts.
      if (!json::str(before, "containerID").empty()) {
        c = before;
        const Json& t = json::find(before, {"state", "terminated"});
        if (t.is_object() && (in_.ending || init || (model && model->policy != RestartPolicy::kAlways))) return c;
        if (t.is_object()) c["lastState"] = {{"terminated", t}};
        c["ready"] = false;
        if (!ephemeral) c["started"] = false;
      }
      if ((in_.ending || ephemeral) && json::find(c, {"state", "running"}).is_object()) {
        c["state"] = {{"terminated", {{"exitCode", 137}, {"reason", "ContainerStatusUnknown"}, {"startedAt", Json()}, {"finishedAt", Json()},
                                      {"message", "The container could not be located when the pod was terminated"}}}};
        return c;
      }
      const std::string usual = init || (!in_.model.inits.empty() && (ephemeral || !initialized_)) ? "PodInitializing" : "ContainerCreating";
      c["state"] = why != in_.waiting.end() ? waiting(why->second.reason, why->second.message) : waiting(usual);
      return c;
    }
    c["restartCount"] = last->config.attempt;
    c["containerID"] = container_id(*last);
    c["imageID"] = last->image_id;
    if (!last->config.image_name.empty()) c["image"] = last->config.image_name;
    if (auto p = in_.seen.previous(name)) c["lastState"] = {{"terminated", terminated_as_before(*p, spec, before)}};
    else if (const Json& l = json::find(before, {"lastState", "terminated"}); l.is_object() && json::str(l, "containerID") != container_id(*last))
      c["lastState"] = {{"terminated", l}};
    if (last->state == ContainerState::kRunning) {
      c["state"] = {{"running", {{"startedAt", format_rfc3339(last->started_at)}}}};
      if (ephemeral) return c;
      auto probe = in_.seen.probes.find(last->id);
      const bool hooked = in_.seen.hook_running.contains(last->id);
      c["started"] = !hooked && (probe == in_.seen.probes.end() || probe->second.started);
      c["ready"] = !hooked && !(init && model->kind == Kind::kInit) && (probe == in_.seen.probes.end() || probe->second.ready);
      return c;
    }
    Json t = terminated_as_before(*last, spec, before);
    const bool succeeded = last->exit_code == 0;
    if (init && model->kind == Kind::kInit && succeeded) c["ready"] = true;
    if (why != in_.waiting.end() && !in_.ending) {
      c["state"] = waiting(why->second.reason, why->second.message);
      c["lastState"] = {{"terminated", std::move(t)}};
    } else {
      c["state"] = {{"terminated", std::move(t)}};
    }
    return c;
  }

  std::string phase_of(const Json& apps) {
    const std::string before = json::str(old_, "phase");
    if (before == "Succeeded" || before == "Failed") return before;
    if (in_.init_failed && !in_.seen.any_running()) return "Failed";
    int running = 0, stopped = 0, succeeded = 0, waiting = 0;
    for (auto& c : apps) {
      const Json &state = json::find(c, "state"), &last = json::find(c, {"lastState", "terminated"});
      if (json::find(state, "running").is_object()) {
        ++running;
      } else if (const Json& t = json::find(state, "terminated"); t.is_object()) {
        ++stopped;
        if (json::integer(t, "exitCode") == 0) ++succeeded;
      } else if (last.is_object()) {
        ++stopped;
      } else {
        ++waiting;
      }
    }
    if (in_.failure) return in_.seen.any_running() ? (before.empty() ? "Pending" : before) : "Failed";
    if (in_.ending && !in_.seen.any_running()) {
      if (stopped > 0 && waiting == 0) return stopped == succeeded ? "Succeeded" : "Failed";
      return before.empty() || before == "Pending" ? "Pending" : "Failed";
    }
    if (!initialized_ && running == 0 && stopped == 0) return "Pending";
    if (waiting > 0) return "Pending";
    if (running > 0) return "Running";
    if (stopped > 0) {
      if (!all_done(in_.model, in_.seen) || in_.seen.any_running()) return "Running";
      return stopped == succeeded ? "Succeeded" : "Failed";
    }
    return "Pending";
  }

  Json condition(const std::string& type, bool status, const std::string& reason = "", const std::string& message = "") {
    Json c = {{"type", type}, {"status", status ? "True" : "False"}, {"lastProbeTime", Json()}};
    if (auto generation = json::integer(in_.pod, {"metadata", "generation"}); generation > 0) c["observedGeneration"] = generation;
    if (!reason.empty()) c["reason"] = reason;
    if (!message.empty()) c["message"] = message;
    c["lastTransitionTime"] = format_rfc3339(in_.now);
    for (auto& old : json::array_or_empty(json::find(old_, "conditions")))
      if (json::str(old, "type") == type && json::str(old, "status") == c["status"] && old.contains("lastTransitionTime"))
        c["lastTransitionTime"] = old["lastTransitionTime"];
    return c;
  }

  static std::string list_of(const std::vector<std::string>& names) {
    std::string out = "[";
    for (auto& n : names) out += (out.size() > 1 ? " " : "") + n;
    return out + "]";
  }

  Json conditions(const std::string& phase, const Json& inits, const Json& apps) {
    Json all = Json::array();
    const bool final = phase == "Succeeded" || phase == "Failed";
    all.push_back(condition("PodReadyToStartContainers", in_.seen.sandbox_ready() && !in_.facts.pod_ips.empty()));
    std::vector<std::string> incomplete;
    for (auto& c : inits) {
      auto model = in_.model.find(json::str(c, "name"));
      bool sidecar = model && model->kind == Kind::kSidecar;
      if (sidecar ? !json::boolean(c, "started") : !json::boolean(c, "ready")) incomplete.push_back(json::str(c, "name"));
    }
    if (phase == "Succeeded") all.push_back(condition("Initialized", true, "PodCompleted"));
    else if (initialized_ || incomplete.empty()) all.push_back(condition("Initialized", true));
    else all.push_back(condition("Initialized", false, "ContainersNotInitialized", "containers with incomplete status: " + list_of(incomplete)));

    bool ready = true;
    std::string reason, message;
    std::vector<std::string> unready;
    for (auto& c : inits) {
      auto model = in_.model.find(json::str(c, "name"));
      if (model && model->kind == Kind::kSidecar && !json::boolean(c, "ready")) unready.push_back(json::str(c, "name"));
    }
    for (auto& c : apps)
      if (!json::boolean(c, "ready")) unready.push_back(json::str(c, "name"));
    if (final) {
      ready = false;
      reason = phase == "Succeeded" ? "PodCompleted" : "PodFailed";
      if (in_.failure) reason = "PodFailed";
    } else if (!unready.empty()) {
      ready = false;
      reason = "ContainersNotReady";
      message = "containers with unready status: " + list_of(unready);
    }
    Json containers_ready = condition("ContainersReady", ready, reason, message);
    if (ready) {
      std::string gates;
      for (auto& gate : json::array_or_empty(json::find(in_.pod, {"spec", "readinessGates"}))) {
        const std::string type = json::str(gate, "conditionType");
        const Json* found = nullptr;
        for (auto& c : json::array_or_empty(json::find(in_.pod, {"status", "conditions"})))
          if (json::str(c, "type") == type) found = &c;
        std::string text;
        if (!found) text = "corresponding condition of pod readiness gate \"" + type + "\" does not exist.";
        else if (json::str(*found, "status") != "True")
          text = "the status of pod readiness gate \"" + type + "\" is not \"True\", but " + json::str(*found, "status");
        if (!text.empty()) gates += (gates.empty() ? "" : ", ") + text;
      }
      if (!gates.empty()) {
        ready = false;
        reason = "ReadinessGatesNotReady";
        message = gates;
      }
    }
    all.push_back(condition("Ready", ready, reason, message));
    all.push_back(std::move(containers_ready));
    all.push_back(condition("PodScheduled", true));
    // Conditions of others, as the server has them now.
    for (auto& c : json::array_or_empty(json::find(in_.pod, {"status", "conditions"}))) {
      const std::string type = json::str(c, "type");
      if (std::none_of(all.begin(), all.end(), [&](auto& mine) { return mine["type"] == type; })) all.push_back(c);
    }
    return all;
  }

  const StatusInput& in_;
  const Json& old_;
  bool initialized_ = false;
};

}  // namespace

Json make_status(const StatusInput& in) { return StatusMaker(in).run(); }

Json rejected_status(const Json& pod, const Json& old_status, const PodFailure& failure, WallTime now) {
  Json s = old_status.is_object() ? old_status : Json::object();
  s["phase"] = "Failed";
  s["reason"] = failure.reason;
  s["message"] = failure.message;
  s["qosClass"] = std::string(api::pod_qos_class(pod));
  if (!s.contains("startTime")) s["startTime"] = format_rfc3339(now);
  if (auto generation = json::integer(pod, {"metadata", "generation"}); generation > 0) s["observedGeneration"] = generation;
  return s;
}

bool is_terminal_status(const Json& status) {
  const std::string phase = json::str(status, "phase");
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace skerry::agent
