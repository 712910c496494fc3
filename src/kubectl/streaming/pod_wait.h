// Waiting for a pod to become something, and attaching to one that is being started.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/streaming/attach.h"

namespace skerry::kubectl {

// The pod as soon as `done` says so; the Error of `done`, of the server, or "timed out waiting for the condition".
Result<Json> wait_for_pod(Session& session, const std::string& ns, const std::string& name, std::chrono::nanoseconds timeout,
                          const std::function<Result<bool>(const Json&)>& done);

bool pod_completed(const Json& pod);

// Waits until `container` runs (empty: until the pod is ready) and attaches; of one that has ended already, or that
// cannot be attached to, it prints the log.
Status attach_when_running(Session& session, const std::string& ns, const std::string& name, const std::string& container,
                           std::chrono::nanoseconds timeout, const AttachOptions& options);

}  // namespace skerry::kubectl
