// Which logs `logs` is about: containers of pods, from a pod, a workload, a service or a selector.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kubectl/rest.h"
#include "kubectl/streaming/pods.h"

namespace skerry::kubectl {

struct LogSource {
  std::string ns, pod, container;
  std::string path() const;
  std::string prefix() const { return "[pod/" + pod + "/" + container + "] "; }
};

struct LogChoice {
  std::string container{};  // empty: the default one, or all
  bool all_containers = false, all_pods = false;
  std::chrono::nanoseconds pod_timeout{20'000'000'000};
};

// Of one pod. Says on `err` which container was taken when there was a choice.
Result<std::vector<LogSource>> log_sources(Session& session, const Json& pod, const LogChoice& choice);
// Of a pod, or of one or all pods of a workload.
Result<std::vector<LogSource>> log_sources(Session& session, const Target& target, const LogChoice& choice);

}  // namespace skerry::kubectl
